/**
 * @file A text that was made from a user's file, and the way back.
 *
 * The line and section stages change what the lexer reads, so offsets in it are not offsets in the file. A `MappedText` is the
 * list of its segments, each with the range of the file that it stands for: a token's place is looked up, never recomputed.
 */
import type { SourceFile, Span } from "../../source/span.ts";

/** A section header, for faults in tags that the section stage produced. */
export interface Section {
  readonly name: string;
  readonly header: Span;
}

/** A stretch of made text and the range of the file behind it. */
export interface Segment {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The text is the file's own, character by character; otherwise any place in it stands for the whole range. */
  readonly exact: boolean;
  /** Which rewriting wrote it, where a message should say so. */
  readonly made?: Made | undefined;
}

export type Made =
  | { readonly kind: "statement-start" }
  | { readonly kind: "statement-end" }
  | { readonly kind: "section-start"; readonly section: Section }
  | { readonly kind: "section-end"; readonly section: Section };

/** A stretch of literal text with its own place. */
export interface Run {
  readonly text: string;
  readonly span: Span;
}

export class MappedText {
  readonly file: SourceFile;
  readonly text: string;
  readonly #segments: readonly Segment[];
  /** Offset of each segment in `text`. */
  readonly #offsets: readonly number[];

  constructor(file: SourceFile, segments: readonly Segment[]) {
    const merged: Segment[] = [];
    for (const segment of segments) {
      if (segment.text === "") continue;
      const last = merged.at(-1);
      if (last?.exact && segment.exact && last.end === segment.start) {
        merged[merged.length - 1] = { text: "", start: last.start, end: segment.end, exact: true };
      } else merged.push(segment);
    }
    const offsets: number[] = [];
    let text = "";
    for (const segment of merged) {
      offsets.push(text.length);
      text += segment.exact ? file.text.slice(segment.start, segment.end) : segment.text;
    }
    // The final newline of a template is not part of it.
    this.text = text.endsWith("\n") ? text.slice(0, -1) : text;
    this.file = file;
    this.#segments = merged;
    this.#offsets = offsets;
  }

  /** Where `text[start, end)` stands in the file. */
  span(from: number, to: number): Span {
    // What stands in for an unreadable tag at the end of the text may be longer than it.
    const start = Math.min(from, this.text.length);
    const end = Math.min(to, this.text.length);
    return this.#spanWithin(start, end);
  }

  #spanWithin(start: number, end: number): Span {
    if (this.#segments.length === 0) return { file: this.file, start: 0, end: 0 };
    const first = this.#indexAt(start);
    const from = this.#sourceStart(first, start);
    if (end <= start) return { file: this.file, start: from, end: from };
    const last = end - 1 < this.#endOf(first) ? first : this.#indexAt(end - 1);
    const segment = this.#segments[last] as Segment;
    const to = segment.exact ? segment.start + (end - (this.#offsets[last] as number)) : segment.end;
    return { file: this.file, start: from, end: Math.max(from, to) };
  }

  /** `text[start, end)` cut where its place in the file jumps. */
  runs(start: number, end: number): readonly Run[] {
    const runs: Run[] = [];
    let at = start;
    for (let i = at < end ? this.#indexAt(at) : this.#segments.length; at < end; i += 1) {
      const stop = Math.min(end, this.#endOf(i));
      runs.push({ text: this.text.slice(at, stop), span: this.span(at, stop) });
      at = stop;
    }
    return runs;
  }

  /** What rewriting wrote the character at `offset`; undefined for the user's own text. */
  madeAt(offset: number): Made | undefined {
    return this.#segments.length === 0 ? undefined : this.#segments[this.#indexAt(offset)]?.made;
  }

  /** The next stretch behind `offset` that ends a line statement or a section: nothing of the user's can reach beyond it. */
  nextEnd(offset: number): { readonly kind: Made["kind"]; readonly start: number; readonly end: number } | undefined {
    if (this.#segments.length === 0) return undefined;
    for (let i = this.#indexAt(offset); i < this.#segments.length; i += 1) {
      const kind = this.#segments[i]?.made?.kind;
      if (kind !== "statement-end" && kind !== "section-end") continue;
      return { kind, start: this.#offsets[i] as number, end: this.#endOf(i) };
    }
    return undefined;
  }

  #endOf(index: number): number {
    return this.#offsets[index + 1] ?? this.text.length;
  }

  #sourceStart(index: number, offset: number): number {
    const segment = this.#segments[index] as Segment;
    if (segment.exact) return Math.min(segment.end, segment.start + (offset - (this.#offsets[index] as number)));
    return offset >= this.#endOf(index) ? segment.end : segment.start;
  }

  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#offsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#offsets[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
