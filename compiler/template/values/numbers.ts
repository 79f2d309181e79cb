/** @file Exact conversions between ints and doubles, and Python's integer division. */
import { overflowError, valueError, zeroDivision } from "./errors.ts";

/** An int as the nearest double; one that no double can hold is an error. */
export function toFloat(value: bigint | number): number {
  if (typeof value === "number") return value;
  const float = Number(value);
  if (!Number.isFinite(float)) throw overflowError("int too large to convert to float");
  return float;
}

/** `a // b`, rounded down. */
export function floorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw zeroDivision("integer division or modulo by zero");
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/** `a % b`: has the sign of b. */
export function modulo(a: bigint, b: bigint): bigint {
  if (b === 0n) throw zeroDivision("integer modulo by zero");
  const remainder = a % b;
  return remainder !== 0n && remainder < 0n !== b < 0n ? remainder + b : remainder;
}

/** The double nearest to a/b, also where a or b alone has no double. */
export function divideExactly(a: bigint, b: bigint): number {
  if (b === 0n) throw zeroDivision("division by zero");
  if (isExact(a) && isExact(b)) return Number(a) / Number(b);
  const negative = a < 0n !== b < 0n;
  const numerator = a < 0n ? -a : a;
  const denominator = b < 0n ? -b : b;
  // Scale so that the quotient has at least 66 bits, then let a sticky bit stand for the remainder: Number() rounds once.
  const shift = bitLength(denominator) - bitLength(numerator) + 66;
  const scaled = shift >= 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift);
  const quotient = scaled / divisor;
  const sticky = scaled % divisor === 0n ? quotient : quotient | 1n;
  const result = scaleByPowerOfTwo(Number(sticky), -shift);
  if (!Number.isFinite(result)) throw overflowError("integer division result too large for a float");
  return negative ? -result : result;
}

function isExact(value: bigint): boolean {
  return value <= 9007199254740992n && value >= -9007199254740992n;
}

export function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  return magnitude === 0n ? 0 : bitLengthOf(magnitude.toString(16));
}

/** From hexadecimal digits: a quarter of the digits that base 2 has. */
function bitLengthOf(hex: string): number {
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex.charAt(0), 16)));
}

function scaleByPowerOfTwo(value: number, exponent: number): number {
  // In steps, because 2 ** exponent alone may leave the range of doubles while the product does not.
  let result = value;
  let rest = exponent;
  for (; rest > 1000; rest -= 1000) result *= 2 ** 1000;
  for (; rest < -1000; rest += 1000) result *= 2 ** -1000;
  return result * 2 ** rest;
}

/** The exact fraction that a double stands for, in lowest terms. */
export function integerRatio(value: number): [bigint, bigint] {
  if (Number.isNaN(value)) throw valueError("cannot convert NaN to integer ratio");
  if (!Number.isFinite(value)) throw overflowError("cannot convert Infinity to integer ratio");
  let numerator = value;
  let denominator = 1n;
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominator *= 2n;
  }
  return [BigInt(numerator), denominator];
}
