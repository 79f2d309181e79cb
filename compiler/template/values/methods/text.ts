/** @file Operations on text that methods and filters share: stripping, splitting, searching, padding. By code points throughout. */
import { characters, codePointLength, isFlat, substring, toCodePointIndex } from "../code-points.ts";
import { valueError } from "../errors.ts";
import { checkSearch, checkSize, sizeLimit } from "../limits.ts";
import { lineEnd, whitespaceClass } from "./characters.ts";

const leadingSpace = new RegExp(`^[${whitespaceClass}]+`);
const spaceRun = new RegExp(`[${whitespaceClass}]+`, "g");

export type Side = "left" | "right" | "both";

/** Remove whitespace, or any of the characters in `chars`, from the ends. */
export function strip(text: string, side: Side, chars?: string): string {
  if (chars === undefined) {
    const left = side === "right" ? text : text.replace(leadingSpace, "");
    return side === "left" ? left : trimEndBy(left, isSpaceAt);
  }
  const set = new Set(characters(chars));
  const all = characters(text);
  let start = 0;
  let stop = all.length;
  if (side !== "right") while (start < stop && set.has(all[start]!)) start++;
  if (side !== "left") while (stop > start && set.has(all[stop - 1]!)) stop--;
  return all.slice(start, stop).join("");
}

const oneSpace = new RegExp(`^[${whitespaceClass}]$`);
const isSpaceAt = (text: string, index: number): boolean => oneSpace.test(text.charAt(index));

/** From the end, because a regular expression anchored there is quadratic on long runs inside the text. */
function trimEndBy(text: string, matches: (text: string, index: number) => boolean): string {
  let stop = text.length;
  while (stop > 0 && matches(text, stop - 1)) stop--;
  return text.slice(0, stop);
}

/** Split at runs of whitespace; at most `limit` splits, the rest stays as it is. Negative: no limit. */
export function splitSpace(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = strip(text, "left");
  while (rest !== "") {
    if (limit >= 0 && parts.length >= limit) {
      parts.push(rest);
      return parts;
    }
    spaceRun.lastIndex = 0;
    const gap = spaceRun.exec(rest);
    parts.push(gap === null ? rest : rest.slice(0, gap.index));
    rest = gap === null ? "" : rest.slice(gap.index + gap[0].length);
  }
  return parts;
}

export function splitSpaceRight(text: string, limit: number): string[] {
  if (limit < 0) return splitSpace(text, limit);
  const parts: string[] = [];
  let rest = strip(text, "right");
  while (rest !== "") {
    if (parts.length >= limit) {
      parts.unshift(rest);
      break;
    }
    let at = rest.length;
    while (at > 0 && !isSpaceAt(rest, at - 1)) at--;
    parts.unshift(rest.slice(at));
    rest = strip(rest.slice(0, at), "right");
  }
  return parts;
}

/** Split at a separator; at most `limit` splits. Negative: no limit. */
export function splitAt(text: string, separator: string, limit: number): string[] {
  if (separator === "") throw valueError("empty separator");
  checkSearch(text, separator);
  const parts = text.split(separator);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)];
}

export function splitAtRight(text: string, separator: string, limit: number): string[] {
  if (separator === "") throw valueError("empty separator");
  if (limit < 0) return text.split(separator);
  const parts: string[] = [];
  let rest = text;
  for (let at = rest.lastIndexOf(separator); at >= 0 && parts.length < limit; at = lastIndexBefore(rest, separator)) {
    parts.push(rest.slice(at + separator.length));
    rest = rest.slice(0, at);
  }
  return [...parts, rest].reverse();
}

function lastIndexBefore(text: string, separator: string): number {
  return text.length < separator.length ? -1 : text.lastIndexOf(separator);
}

/** Lines without their ends, or with them. No empty last line. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let start = 0;
  for (const end of text.matchAll(lineEnd)) {
    const stop = end.index + end[0].length;
    lines.push(text.slice(start, keepEnds ? stop : end.index));
    start = stop;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

/** Code-point index of `part` within `start`…`stop`, or -1. */
export function findText(text: string, part: string, start: number, stop: number, fromRight: boolean): number {
  if (start > stop) return -1;
  checkSearch(text, part);
  const window = substring(text, start, stop);
  const at = fromRight ? window.lastIndexOf(part) : window.indexOf(part);
  return at < 0 ? -1 : start + (isFlat(window) ? at : toCodePointIndex(window, at));
}

/** Occurrences that do not overlap; an empty part is found before and after every character. */
export function countText(text: string, part: string): number {
  if (part === "") return codePointLength(text) + 1;
  checkSearch(text, part);
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

/** Replace the first `limit` occurrences (negative: all). An empty `old` stands between all characters. */
export function replaceText(text: string, old: string, replacement: string, limit: number): string {
  checkSearch(text, old);
  const growth = replacement.length - old.length;
  if (growth > 0 && text.length * growth > sizeLimit) {
    const places = Math.min(limit < 0 ? Infinity : limit, countText(text, old));
    checkSize(text.length + places * growth);
  }
  if (limit < 0 && old !== "") return text.replaceAll(old, () => replacement);
  if (old !== "") return splitAt(text, old, limit).join(replacement);
  const all = characters(text);
  const places = limit < 0 ? all.length + 1 : Math.min(limit, all.length + 1);
  let out = "";
  for (const [i, character] of all.entries()) out += (i < places ? replacement : "") + character;
  return places > all.length ? out + replacement : out;
}

export type Alignment = "left" | "right" | "center";

/** Fill up to `width` characters. The odd space of a centred text goes where Python puts it. */
export function pad(text: string, width: number, alignment: Alignment, fill = " "): string {
  const missing = width - codePointLength(text);
  if (missing <= 0) return text;
  // `missing / 2 + (missing & width & 1)`, from CPython's str.center
  const left = alignment === "left" ? 0 : alignment === "right" ? missing : (missing >> 1) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

export function zeroFill(text: string, width: number): string {
  const missing = width - codePointLength(text);
  if (missing <= 0) return text;
  const sign = /^[+-]/.test(text) ? text.charAt(0) : "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

export function expandTabs(text: string, size: number): string {
  let column = 0;
  let out = "";
  checkSize(text.length + (size > 0 ? (text.split("\t").length - 1) * size : 0));
  for (const character of text) {
    if (character === "\t") {
      const spaces = size > 0 ? size - (column % size) : 0;
      out += " ".repeat(spaces);
      column += spaces;
    } else {
      out += character;
      column = character === "\n" || character === "\r" ? 0 : column + 1;
    }
  }
  return out;
}
