/** @file The character classes that the language's line patterns stand on: Python's, which differ a little from JavaScript's. */

/** Inside a regular expression's brackets: what `\s` means. Without U+FEFF, with U+001C to U+001F and U+0085. */
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** Inside the brackets of a `u` expression: what `\w` means. */
export const WORD = "\\p{L}\\p{N}_";

const space = new RegExp(`[${SPACE}]`);

export function isSpace(character: string): boolean {
  return space.test(character);
}

/** The largest `e <= end` such that `text[start, e)` does not end in whitespace. */
export function trimEndOffset(text: string, start: number, end: number): number {
  let e = end;
  while (e > start && isSpace(text[e - 1] as string)) e -= 1;
  return e;
}
