/** @file Numbers from text, as Python's `int(text, base)` and `float(text)` read them. */
import { type TemplateError, valueError } from "./errors.ts";
import { digitLimit } from "./limits.ts";
import { strip } from "./methods/text.ts";
import { reprText } from "./print.ts";

/** Decimal digits of any script as ASCII digits: Python reads them all. */
function toAsciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0)!;
    if (code < 0x80) return digit;
    // Digits of one script stand in runs of ten, in order; count back to where the run begins.
    let zero = code;
    while (code - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((code - zero) % 10);
  });
}

const prefixes: Readonly<Record<string, number>> = { "0b": 2, "0o": 8, "0x": 16 };

/** Single underscores between digits (and after a prefix) only. */
const digitsPattern = /^[0-9a-z]+(?:_[0-9a-z]+)*$/;

export function readInteger(text: string, base: number): bigint {
  if (base !== 0 && (base < 2 || base > 36)) throw valueError("int() base must be >= 2 and <= 36, or 0");
  const invalid = (): TemplateError => valueError(`invalid literal for int() with base ${base}: ${reprText(text)}`);
  const match = /^([+-]?)(.*)$/s.exec(toAsciiDigits(strip(text, "both")).toLowerCase())!;
  let digits = match[2]!;
  let radix = base;
  const prefix = prefixes[digits.slice(0, 2)];
  if (prefix !== undefined && (base === 0 || base === prefix)) {
    radix = prefix;
    digits = digits.slice(2).replace(/^_/, "");
  } else if (base === 0) {
    radix = 10;
    // As in source code, a leading zero is for zero alone.
    if (/^0[0_]*[1-9]/.test(digits)) throw invalid();
  }
  if (!digitsPattern.test(digits)) throw invalid();
  if (digits.length > digitLimit) throw valueError(`int() reads no more than ${digitLimit} digits`);
  let value = 0n;
  for (const digit of digits.replaceAll("_", "")) {
    const weight = Number.parseInt(digit, 36);
    if (weight >= radix) throw invalid();
    value = value * BigInt(radix) + BigInt(weight);
  }
  return match[1] === "-" ? -value : value;
}

export function readFloat(text: string): number {
  const plain = toAsciiDigits(strip(text, "both")).toLowerCase();
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(plain);
  if (special !== null) {
    const magnitude = special[2] === "nan" ? Number.NaN : Number.POSITIVE_INFINITY;
    return special[1] === "-" ? -magnitude : magnitude;
  }
  if (!/^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/.test(plain)) {
    throw valueError(`could not convert string to float: ${reprText(text)}`);
  }
  return Number(plain.replaceAll("_", ""));
}
