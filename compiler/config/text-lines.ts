/** @file The lines of a text around an offset, as messages about indentation need them. */

export interface TextLine {
  readonly start: number;
  /** Without the line end. */
  readonly end: number;
  /** Where the next line begins. */
  readonly next: number;
}

export function lineAt(text: string, offset: number): TextLine {
  // From a negative place `lastIndexOf` looks at the first character all the same.
  const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const found = text.indexOf("\n", offset);
  const end = found < 0 ? text.length : found;
  return { start, end, next: found < 0 ? text.length : found + 1 };
}

export function lineAbove(text: string, line: TextLine): TextLine | undefined {
  return line.start === 0 ? undefined : lineAt(text, line.start - 1);
}

/** Leading spaces; a tab is none. */
export function indentationOf(line: string): number {
  return (/^ */.exec(line) as RegExpExecArray)[0].length;
}
