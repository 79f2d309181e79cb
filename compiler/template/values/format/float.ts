/** @file Doubles as decimal text, rounded half to even on the exact binary value. JavaScript's own formatting rounds ties up. */
import { integerRatio } from "../numbers.ts";
import { exponentSuffix, floatRepr } from "../print.ts";

/** Nearest int to a/b (both positive), ties to even. */
function divideToNearest(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const twice = (a % b) * 2n;
  return twice > b || (twice === b && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent);

/** `|value|` times 10**places, rounded to an int. */
export function scaledInteger(value: number, places: number): bigint {
  const [numerator, denominator] = integerRatio(Math.abs(value));
  return places >= 0
    ? divideToNearest(numerator * powerOfTen(places), denominator)
    : divideToNearest(numerator, denominator * powerOfTen(-places));
}

/** Digits and decimal exponent of `|value|`, rounded to `count` significant digits. */
function significantDigits(value: number, count: number): { digits: string; exponent: number } {
  if (value === 0) return { digits: "0".repeat(count), exponent: 0 };
  // The shortest form has the right exponent; rounding to fewer digits may carry into the next one.
  const exponent = Number(Math.abs(value).toExponential().split("e")[1]);
  const digits = scaledInteger(value, count - 1 - exponent).toString();
  return digits.length > count ? { digits: digits.slice(0, count), exponent: exponent + 1 } : { digits, exponent };
}

/** How a float is to be written; the sign is the caller's affair. */
export interface FloatStyle {
  /** `r`: shortest digits that read back. `a`: like `g`, but never without fraction or exponent (`format` without type). */
  readonly type: "e" | "f" | "g" | "r" | "a";
  readonly precision: number;
  /** Keep the point, and for `g` the trailing zeros. */
  readonly alternate: boolean;
}

/** `|value|` as text. */
export function formatMagnitude(value: number, { type, precision, alternate }: FloatStyle): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return "inf";
  switch (type) {
    case "r":
      return floatRepr(Math.abs(value));
    case "f":
      return fixed(scaledInteger(value, precision).toString(), precision, alternate);
    case "e": {
      const { digits, exponent } = significantDigits(value, precision + 1);
      return withPoint(digits, 1, alternate) + exponentSuffix(exponent);
    }
    default:
      return general(value, Math.max(precision, 1), type === "a", alternate);
  }
}

function fixed(digits: string, places: number, alternate: boolean): string {
  const padded = digits.padStart(places + 1, "0");
  return withPoint(padded, padded.length - places, alternate);
}

function withPoint(digits: string, at: number, alternate: boolean): string {
  const fraction = digits.slice(at);
  return fraction === "" && !alternate ? digits : `${digits.slice(0, at)}.${fraction}`;
}

function general(value: number, precision: number, keepPoint: boolean, alternate: boolean): string {
  const { digits, exponent } = significantDigits(value, precision);
  const useExponent = exponent < -4 || exponent >= precision - (keepPoint ? 1 : 0);
  const kept = alternate ? digits : digits.replace(/0+$/, "") || "0";
  if (useExponent) return withPoint(kept, 1, alternate) + exponentSuffix(exponent);
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${kept}`;
  const text = withPoint(kept.padEnd(exponent + 1, "0"), exponent + 1, alternate);
  return keepPoint && !text.includes(".") ? `${text}.0` : text;
}

export function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}
