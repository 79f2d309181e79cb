/**
 * @file `x ** y` of floats, rounded correctly.
 *
 * JavaScript engines compute powers to within a unit or two in the last place, the C library to within little more than half
 * of one; `128 ** -0.5` differs, and the digits show in configs. So the power is computed here as exp(y ln x), in fixed point
 * with many guard bits, and rounded once.
 */

/** Fraction bits of the fixed-point numbers. */
const bits = 192n;
const one = 1n << bits;
/** Bits that are kept before rounding: a result that lies exactly between two doubles must not lean either way by an error far behind. */
const kept = 140n;

/** ln(m) for a fixed-point m between about 0.7 and 1.4: 2 artanh((m - 1) / (m + 1)). */
function logarithm(m: bigint): bigint {
  const z = ((m - one) << bits) / (m + one);
  const square = (z * z) >> bits;
  let sum = 0n;
  for (let term = z, n = 1n; term !== 0n && term !== -1n; term = (term * square) >> bits, n += 2n) sum += term / n;
  return sum * 2n;
}

/** exp(r) for |r| below 1. */
function exponential(r: bigint): bigint {
  let sum = one;
  for (let term = r, n = 2n; term !== 0n && term !== -1n; term = ((term * r) >> bits) / n, n += 1n) sum += term;
  return sum;
}

const ln2 = logarithm((4n << bits) / 3n) + logarithm((3n << bits) / 2n);

/** A finite double as `mantissa * 2 ** exponent`. */
function split(value: number): readonly [mantissa: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const word = view.getBigUint64(0);
  const biased = Number((word >> 52n) & 0x7ffn);
  const fraction = word & ((1n << 52n) - 1n);
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return [value < 0 ? -mantissa : mantissa, (biased === 0 ? 1 : biased) - 1075];
}

const shift = (value: bigint, by: number): bigint => (by >= 0 ? value << BigInt(by) : value >> BigInt(-by));

/** The double nearest to `x ** y`. Special values, and results beyond the normal range, are left to the engine. */
export function power(x: number, y: number): number {
  const rough = x ** y;
  const magnitude = Math.abs(rough);
  if (!(magnitude > 2.3e-308 && magnitude < 1.7e308) || Math.abs(x) === 1 || y === 0 || y === 1 || !Number.isFinite(y))
    return rough;
  const [digits, scale] = split(Math.abs(x));
  // |x| = m * 2 ** e with m near 1.
  const length = digits.toString(2).length;
  let e = scale + length;
  let m = shift(digits, Number(bits) - length);
  if (m < (one * 3n) / 4n) {
    m *= 2n;
    e -= 1;
  }
  const [factor, factorScale] = split(y);
  const t = shift((logarithm(m) + BigInt(e) * ln2) * factor, factorScale);
  const k = (t + ln2 / 2n) / ln2;
  const result = exponential(t - k * ln2);
  const drop = bits - kept;
  const rounded = Number((result + (1n << (drop - 1n))) >> drop);
  // In two steps, since 2 ** k alone may leave the range of doubles.
  const exponent = Number(k - kept);
  const half = Math.trunc(exponent / 2);
  return Math.sign(rough) * (rounded * 2 ** half * 2 ** (exponent - half));
}
