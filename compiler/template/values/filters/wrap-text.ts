/** @file Python's `textwrap.wrap`, as far as `wordwrap` uses it: no tab expansion, no replacing of whitespace. */
import { codePointLength, substring } from "../code-points.ts";
import { valueError } from "../errors.ts";
import { strip } from "../methods/text.ts";

export interface WrapOptions {
  readonly width: number;
  readonly breakLongWords: boolean;
  readonly breakOnHyphens: boolean;
}

const space = "[\\t\\n\\v\\f\\r ]";
const notSpace = "[^\\t\\n\\v\\f\\r ]";
const word = "[\\p{L}\\p{N}_]";
const punctuated = "[\\p{L}\\p{N}_!\"'&.,?]";
const letter = "[\\p{L}\\p{Nl}\\p{No}_]";

/** Splits "Hello there -- you goof-ball!" into Hello/ /there/ /--/ /you/ /goof-/ball! Made when it is needed: classes of characters are costly. */
const chunkPattern = (): RegExp =>
  new RegExp(
    `(${space}+|(?<=${punctuated})-{2,}(?=${word})|${notSpace}+?(?:-(?:(?<=${letter}{2}-)|(?<=${letter}-${letter}-))(?=${letter}-?${letter})|(?=${space}|$)|(?<=${punctuated})(?=-{2,}${word})))`,
    "u",
  );
const simplePattern = (): RegExp => new RegExp(`(${space}+)`, "u");

const isBlank = (chunk: string): boolean => strip(chunk, "both") === "";

/** The lines of one paragraph. */
export function wrapText(text: string, { width, breakLongWords, breakOnHyphens }: WrapOptions): string[] {
  if (width <= 0) throw valueError(`invalid width ${width} (must be > 0)`);
  // Kept in reverse, so that the next chunk is popped from the end.
  const chunks = text
    .split(breakOnHyphens ? chunkPattern() : simplePattern())
    .filter((chunk) => chunk !== "")
    .reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const line: string[] = [];
    let length = 0;
    if (lines.length > 0 && isBlank(chunks.at(-1)!)) chunks.pop();
    while (chunks.length > 0) {
      const next = codePointLength(chunks.at(-1)!);
      if (length + next > width) break;
      line.push(chunks.pop()!);
      length += next;
    }
    const next = chunks.at(-1);
    if (next !== undefined && codePointLength(next) > width) {
      if (breakLongWords) {
        const end = breakPoint(next, width - length, breakOnHyphens);
        line.push(substring(next, 0, end));
        chunks[chunks.length - 1] = substring(next, end, codePointLength(next));
      } else if (line.length === 0) line.push(chunks.pop()!);
    }
    if (line.length > 0 && isBlank(line.at(-1)!)) line.pop();
    if (line.length > 0) lines.push(line.join(""));
  }
  return lines;
}

/** Where to cut a word that fits on no line: after its last hyphen that fits, if something else stands before it. */
function breakPoint(chunk: string, room: number, breakOnHyphens: boolean): number {
  const head = substring(chunk, 0, Math.min(room, codePointLength(chunk)));
  const hyphen = head.lastIndexOf("-");
  if (!breakOnHyphens || hyphen <= 0 || /^-*$/.test(head.slice(0, hyphen))) return room;
  return codePointLength(head.slice(0, hyphen)) + 1;
}
