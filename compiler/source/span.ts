/** @file Places in source files. Everything that a user wrote is pointed at through a `Span`. */

/** A source text with its name as shown to the user (a path, or `<string>`). */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A half-open range of UTF-16 offsets in one file. */
export interface Span {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

/** Line and column as shown to people: both count from 1, columns in code points. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

const lineStarts = new WeakMap<SourceFile, readonly number[]>();

/** Offsets at which the lines of `file` start. `\n`, `\r\n` and `\r` end a line, nothing else does. */
export function lineStartsOf(file: SourceFile): readonly number[] {
  let starts = lineStarts.get(file);
  if (starts === undefined) {
    const found = [0];
    const breaks = /\r\n|\n|\r/g;
    while (breaks.exec(file.text) !== null) found.push(breaks.lastIndex);
    starts = found;
    lineStarts.set(file, starts);
  }
  return starts;
}

/** The line that `offset` lies in, counted from 0. */
export function lineIndexAt(file: SourceFile, offset: number): number {
  const starts = lineStartsOf(file);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function positionAt(file: SourceFile, offset: number): Position {
  const index = lineIndexAt(file, offset);
  const start = lineStartsOf(file)[index] as number;
  return { line: index + 1, column: codePoints(file.text, start, offset) + 1 };
}

/** Counted in place: a line may have megabytes. */
function codePoints(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i += 1) {
    const code = text.charCodeAt(i);
    const isPair = code >= 0xd800 && code <= 0xdbff && i + 1 < end && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    if (isPair) i += 1;
    count += 1;
  }
  return count;
}

export function startOf(span: Span): Position {
  return positionAt(span.file, span.start);
}

/** One step of the way by which a template came to run: shown under an error, innermost last. */
export interface Frame {
  readonly kind: "extends" | "include" | "import" | "block" | "macro" | "call" | "from_project";
  /** The template, block or macro entered. */
  readonly name: string;
  /** The tag that entered it. */
  readonly span: Span;
}

/** Where something came from: the user's own place, and how it was reached. */
export interface Origin {
  readonly span: Span;
  readonly stack: readonly Frame[];
}
