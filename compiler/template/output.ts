/** @file What rendering writes: text in pieces, each with the place that made it and the way there. */
import type { Origin } from "../source/span.ts";

/** A stretch of output with one origin. Where the text is the file's own, its span has the text's length. */
export interface Piece {
  readonly text: string;
  readonly origin: Origin;
  /** Nothing was printed here, since what should have been failed. */
  readonly isGap?: true;
}

export class Output {
  readonly #pieces: Piece[] = [];

  write(text: string, origin: Origin): void {
    if (text !== "") this.#pieces.push({ text, origin });
  }
  /** Something that failed should stand here. */
  leaveGap(origin: Origin): void {
    this.#pieces.push({ text: "", origin, isGap: true });
  }
  append(pieces: readonly Piece[]): void {
    for (const piece of pieces) this.#pieces.push(piece);
  }
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }
  get text(): string {
    return textOfPieces(this.#pieces);
  }
}

export function textOfPieces(pieces: readonly Piece[]): string {
  let text = "";
  for (const piece of pieces) text += piece.text;
  return text;
}

export function hasGap(pieces: readonly Piece[]): boolean {
  return pieces.some(({ isGap }) => isGap);
}

function isVerbatim({ text, origin: { span } }: Piece): boolean {
  return span.end - span.start === text.length && span.file.text.startsWith(text, span.start);
}

/** `piece.text[from, to)` with the narrowest place that is known for it. */
export function cutPiece(piece: Piece, from: number, to: number): Piece {
  if (from === 0 && to === piece.text.length) return piece;
  const text = piece.text.slice(from, to);
  if (!isVerbatim(piece)) return { text, origin: piece.origin };
  const { span, stack } = piece.origin;
  return { text, origin: { span: { file: span.file, start: span.start + from, end: span.start + to }, stack } };
}

/** Pieces without the characters at both ends that `drop` names. The pieces inside keep their origins. */
export function trimPieces(pieces: readonly Piece[], drop: (character: string) => boolean): readonly Piece[] {
  const kept = [...pieces];
  while (kept.length > 0) {
    const piece = kept[0] as Piece;
    let from = 0;
    while (from < piece.text.length && drop(piece.text[from] as string)) from += 1;
    if (from < piece.text.length) {
      kept[0] = cutPiece(piece, from, piece.text.length);
      break;
    }
    kept.shift();
  }
  while (kept.length > 0) {
    const piece = kept.at(-1) as Piece;
    let to = piece.text.length;
    while (to > 0 && drop(piece.text[to - 1] as string)) to -= 1;
    if (to > 0) {
      kept[kept.length - 1] = cutPiece(piece, 0, to);
      break;
    }
    kept.pop();
  }
  return kept;
}

/**
 * Pieces with `indentation` before each line but the first; before empty lines only where `blank` is set. Lines end with `\n`.
 */
export function indentPieces(pieces: readonly Piece[], indentation: Piece, blank: boolean): readonly Piece[] {
  const out: Piece[] = [];
  let startsLine = false;
  for (const piece of pieces) {
    const { text } = piece;
    if (text === "") out.push(piece);
    for (let from = 0; from < text.length; ) {
      if (startsLine && (blank || text[from] !== "\n")) out.push(indentation);
      const newline = text.indexOf("\n", from);
      const to = newline < 0 ? text.length : newline + 1;
      out.push(cutPiece(piece, from, to));
      startsLine = newline >= 0;
      from = to;
    }
  }
  if (startsLine && blank) out.push(indentation);
  return out;
}

/** A rendered text that knows where each of its characters came from. */
export class OriginMap {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly #offsets: readonly number[];

  constructor(pieces: readonly Piece[]) {
    const offsets: number[] = [];
    let length = 0;
    for (const piece of pieces) {
      offsets.push(length);
      length += piece.text.length;
    }
    this.pieces = pieces;
    this.text = textOfPieces(pieces);
    this.#offsets = offsets;
  }

  /** The user's own place that wrote the character at `offset`: that character, or the expression that printed it. */
  originAt(offset: number): Origin {
    let low = 0;
    let high = this.pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#offsets[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const piece = this.pieces[low];
    if (piece === undefined) return { span: { file: { path: "", text: "" }, start: 0, end: 0 }, stack: [] };
    const at = Math.min(Math.max(0, offset - (this.#offsets[low] as number)), Math.max(0, piece.text.length - 1));
    return cutPiece(piece, at, at + 1).origin;
  }
}
