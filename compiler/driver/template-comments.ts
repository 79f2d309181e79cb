/**
 * @file The comments that document templates and their blocks. Comments are no part of the tree, so they are read from the lines.
 *
 *     ## A small language model on a small dataset.        the first comment of a template: its purpose
 *     -- extends 'base.yaml'
 *
 *     ## The learning rate falls to a tenth.               directly above a block
 *     -- block lr_scheduler
 *
 *     [optimizer]
 *     ## AdamW as in the paper.                            or at its top: in a section no output changes by it
 *
 * The comment above wins over the one at the top. A blank line parts a comment from what follows.
 */
import { lineStartsOf, positionAt, type SourceFile, type Span } from "../source/span.ts";

const commentLine = /^\s*##+\s?(.*)$/;
const directive = /^\s*##+\s*fgc:/;
/** The line that begins a block, in any of its forms. */
const openingLine = /^\s*(?:\[\w+!*\]\s*$|(?:--|<<|>>)\s+block\b|\{%[-+]?\s*block\b)/;

/** The lines of a stretch of a file. */
export class CommentReader {
  readonly #lines: readonly string[];
  readonly #firstLine: number;
  readonly #file: SourceFile;
  /** How many lines the purpose takes, from the first one. */
  readonly #headLength: number;

  constructor(file: SourceFile, start: number, end: number) {
    this.#file = file;
    this.#lines = file.text.slice(start, end).split(/\r\n|\n|\r/);
    this.#firstLine = positionAt(file, start).line;
    this.#headLength = this.#runDown(0).length;
  }

  /** The comment that begins a template. */
  get purpose(): string | undefined {
    return proseOf(this.#runDown(0));
  }

  /** The comment of the block that `opening` begins. */
  docOf(opening: Span): string | undefined {
    const first = positionAt(this.#file, opening.start).line - this.#firstLine;
    const last = positionAt(this.#file, Math.max(opening.start, opening.end - 1)).line - this.#firstLine;
    const top = this.#runDown(last + 1);
    // A comment between two openings is the inner block's.
    const isInner = openingLine.test(this.#lines[last + 1 + top.length] ?? "");
    return proseOf(this.#runUp(first - 1)) ?? (isInner ? undefined : proseOf(top));
  }

  #runDown(from: number): readonly string[] {
    let to = from;
    while (commentLine.test(this.#lines[to] ?? "")) to += 1;
    return this.#lines.slice(from, to);
  }

  #runUp(to: number): readonly string[] {
    let from = to;
    while (from >= this.#headLength && commentLine.test(this.#lines[from] ?? "")) from -= 1;
    return this.#lines.slice(from + 1, to + 1);
  }
}

/** Lines of a comment as one text; rulers and directives are none. */
function proseOf(lines: readonly string[]): string | undefined {
  const words = lines
    .filter((line) => !directive.test(line))
    .map((line) => (commentLine.exec(line)?.[1] ?? "").trim())
    .filter((line) => !/^[-=#*~]{3,}$/.test(line));
  const text = words.join("\n").trim();
  return text === "" ? undefined : text;
}

/** Offset of the first character of the line that `offset` is in. */
export function lineStart(file: SourceFile, offset: number): number {
  return lineStartsOf(file)[positionAt(file, offset).line - 1] as number;
}
