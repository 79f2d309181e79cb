/**
 * @file Strings by code point. JavaScript counts UTF-16 units, the language counts code points; the two agree unless a string
 * holds surrogates, which is checked first because hardly any string does.
 */

import { checkElements } from "./limits.ts";

const surrogate = /[\ud800-\udfff]/;

/** Does every UTF-16 unit stand for one code point? */
export function isFlat(text: string): boolean {
  return !surrogate.test(text);
}

/** Number of code points. */
export function codePointLength(text: string): number {
  if (isFlat(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The characters (one string per code point), by index. */
export function characters(text: string): readonly string[] {
  checkElements(text.length);
  return isFlat(text) ? text.split("") : Array.from(text);
}

/** The part from code point `start` up to `stop`, both within 0…length. */
export function substring(text: string, start: number, stop: number): string {
  if (isFlat(text)) return text.substring(start, Math.max(start, stop));
  return Array.from(text).slice(start, Math.max(start, stop)).join("");
}

/** The code-point index that belongs to a UTF-16 index. */
export function toCodePointIndex(text: string, unitIndex: number): number {
  return codePointLength(text.slice(0, unitIndex));
}

/** The UTF-16 index that belongs to a code-point index. */
export function toUnitIndex(text: string, codePointIndex: number): number {
  if (isFlat(text)) return codePointIndex;
  let units = 0;
  let count = 0;
  for (const character of text) {
    if (count++ === codePointIndex) break;
    units += character.length;
  }
  return units;
}

/** Order by code point: negative, zero or positive. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const limit = Math.min(a.length, b.length);
  for (let i = 0; i < limit; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // A surrogate stands for a code point above U+FFFF, so it sorts after the units U+E000…U+FFFF that exceed it.
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    if (xHigh !== yHigh) return xHigh ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}
