/**
 * @file `x ** y` of doubles, rounded correctly. JavaScript's own is off by a unit in the last place now and then, C's (and so
 * Python's) hardly ever is, and a config prints every digit.
 */
import { divideExactly, integerRatio } from "./numbers.ts";

/** Fractional bits of the fixed-point numbers below: a double's 53, 11 for the exponent, and plenty to spare. */
const bits = 192n;
const one = 1n << bits;
/** Of these, how many the errors of the series may reach. */
const guard = 52n;

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> bits;
const divide = (a: bigint, b: bigint): bigint => (a << bits) / b;

/** ln((1 + t) / (1 - t)) = 2 (t + t³/3 + t⁵/5 + …), for small t. */
function logOfRatio(t: bigint): bigint {
  const square = multiply(t, t);
  let sum = 0n;
  let power = t;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = multiply(power, square);
  }
  return 2n * sum;
}

const ln2 = logOfRatio(divide(one, 3n * one));

/** Natural logarithm of a positive double. */
function log(x: number): bigint {
  const exponent = Math.round(Math.log2(x));
  const [numerator, denominator] = integerRatio(x);
  const shift = bits - BigInt(exponent);
  // x / 2**exponent lies between 0.7 and 1.42, so the series converges fast.
  const mantissa = shift >= 0n ? (numerator << shift) / denominator : numerator / (denominator << -shift);
  return logOfRatio(divide(mantissa - one, mantissa + one)) + BigInt(exponent) * ln2;
}

/** e**z as a double. */
function exp(z: bigint): number {
  const exponent = (z + ln2 / 2n) / ln2;
  const rest = z - exponent * ln2;
  let sum = 0n;
  let term = one;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    sum += term;
    term = multiply(term, rest) / n;
  }
  // Drop the bits that carry the series' own error: a result halfway between two doubles must not lean either way by it.
  const result = (sum + (1n << (guard - 1n))) >> guard;
  const shift = exponent + guard - bits;
  return shift >= 0n ? divideExactly(result << shift, 1n) : divideExactly(result, 1n << -shift);
}

/** Size in bits up to which an integer power is computed exactly. */
const exactLimit = 1 << 17;

/** `x ** y` for a finite x and a finite y; a negative x needs an integer y. Fails where the result has no double. */
export function power(x: number, y: number): number {
  const rough = x ** y;
  // At the ends of the range there is nothing to refine, and zero and one are exact.
  if (rough === 0 || !Number.isFinite(rough) || rough === 1 || Math.abs(x) === 1) return rough;
  if (Number.isInteger(y)) {
    const [numerator, denominator] = integerRatio(x);
    const size = (numerator.toString(2).length + denominator.toString(2).length) * Math.abs(y);
    if (size <= exactLimit) {
      const n = BigInt(Math.abs(y));
      const [above, below] = [numerator ** n, denominator ** n];
      return y > 0 ? divideExactly(above, below) : divideExactly(below, above);
    }
  }
  const [numerator, denominator] = integerRatio(y);
  const magnitude = exp((log(Math.abs(x)) * numerator) / denominator);
  return rough < 0 ? -magnitude : magnitude;
}
