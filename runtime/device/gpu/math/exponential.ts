/**
 * @file Exponentials and logarithms from arithmetic alone, so that they are as good on one adapter as on the next: WGSL allows its own `exp` an error
 * that grows with x, and its `log` a large one near 1. Errors are in ulp of f32, as `scalar.test.ts` measures them where denormals are kept.
 *
 * Products that must not round are exact by construction (few bits each), so that it does not matter where a compiler fuses.
 * Coefficients are Moshier's (Cephes, single precision).
 */
import {
  add,
  binary,
  bitcast,
  call,
  cast,
  f,
  fma,
  ge,
  gt,
  type KernelBuilder,
  le,
  lt,
  max,
  min,
  mul,
  select,
  splat,
  sub,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { and, bitsOf, fill, floatOf, infinityBits, isNan, keepNan, powerOfTwo, shiftRight, signBit } from "./bits.ts";

const ln2High = 0.693359375; // few enough bits that n·ln2High is exact
const ln2Low = -2.1219444e-4;

/** Horner's rule; `coefficients` from the highest power down. */
export function polynomial(x: Expr, coefficients: readonly number[]): Expr {
  const [first = 0, ...rest] = coefficients;
  return rest.reduce<Expr>((sum, coefficient) => fma(sum, x, fill(coefficient, x)), fill(first, x));
}

/** e^r − 1 for |r| ≤ 0.35. */
export function expm1Near(b: KernelBuilder, r: Expr): Expr {
  const p = polynomial(
    r,
    [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
  );
  return b.let(fma(p, mul(r, r), r));
}

/** n = round(x / ln 2) as an i32 and r = x − n·ln 2, for x between the bounds, to which it is clamped. */
function reduceByLn2(b: KernelBuilder, x: Expr, low: number, high: number): { n: Expr; r: Expr } {
  const clamped = b.let(min(max(x, fill(low, x)), fill(high, x)));
  const n = b.let(call("round", mul(clamped, fill(Math.LOG2E, x))));
  const r = b.let(fma(n, fill(-ln2Low, x), fma(n, fill(-ln2High, x), clamped)));
  return { n: b.let(cast(n, "i32")), r };
}

/** value · 2^n in two factors: n may run further than an exponent does. */
export function scale(b: KernelBuilder, value: Expr, n: Expr): Expr {
  const half = b.let(shiftRight(n, 1));
  return mul(mul(value, powerOfTwo(half)), powerOfTwo(sub(n, half)));
}

/** e^x, 1 ulp; 0 below −104, ∞ above 88.73. */
export function exp(b: KernelBuilder, x: Expr): Expr {
  const { n, r } = reduceByLn2(b, x, -104, 89);
  return b.let(keepNan(x, scale(b, add(expm1Near(b, r), fill(1, x)), n)));
}

/** e^x − 1, 1.5 ulp. */
export function expm1(b: KernelBuilder, x: Expr): Expr {
  const { n, r } = reduceByLn2(b, x, -30, 89);
  const e = expm1Near(b, r);
  // 2^n·(e^r − 1) + (2^n − 1), at half scale so that 2^128 does not overflow early.
  const half = b.let(powerOfTwo(sub(n, fill(1, n))));
  const scaled = b.let(fma(e, half, sub(half, fill(0.5, x))));
  // A tiny x is its own result, with its sign.
  const isTiny = lt(call("abs", x), fill(1e-10, x));
  return b.let(select(isTiny, x, keepNan(x, mul(scaled, fill(2, x)))));
}

/** ln(1 + m) + e·ln 2 for √½ − 1 ≤ m ≤ √2 − 1. */
function logNear(b: KernelBuilder, m: Expr, e: Expr): Expr {
  const z = b.let(mul(m, m));
  const p = polynomial(
    m,
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
      2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    ],
  );
  const low = fma(e, fill(ln2Low, m), mul(mul(p, m), z));
  const sum = add(m, fma(z, fill(-0.5, m), low));
  return b.let(fma(e, fill(ln2High, m), sum));
}

/** x = (1 + m)·2^e for x > 0, denormals included. */
function split(b: KernelBuilder, x: Expr): { m: Expr; e: Expr } {
  const bits = b.let(bitsOf(x));
  // A denormal is its bits times 2^−149, and its bits as a number are a normal float.
  const isDenormal = b.let(lt(bits, fill(0x00800000, bits)));
  const normal = select(isDenormal, bitsOf(cast(bits, "f32")), bits);
  const start = 0x3f3504f3; // √½: from there on, so that 1 + m lies in [0.707, 1.414)
  const shifted = b.let(bitcast(sub(normal, fill(start, bits)), "i32"));
  const exponent = shiftRight(shifted, 23);
  const e = sub(exponent, select(isDenormal, fill(149, shifted), fill(0, shifted)));
  const mantissa = floatOf(bitcast(add(and(shifted, 0x7fffff), fill(start, shifted)), "u32"));
  return { m: b.let(sub(mantissa, fill(1, x))), e: b.let(cast(e, "f32")) };
}

/** What a logarithm gives outside 0 < x < ∞. */
function logEdges(b: KernelBuilder, x: Expr, value: Expr): Expr {
  const bits = b.let(bitsOf(x));
  const positive = select(ge(bits, fill(infinityBits, bits)), x, value); // ∞ and NaN are their own
  const valid = b.let(select(gt(bits, fill(signBit, bits)), splat(f(Number.NaN), x.type.width), positive));
  const magnitude = and(bits, 0x7fffffff);
  return b.let(select(le(magnitude, fill(0, bits)), splat(f(Number.NEGATIVE_INFINITY), x.type.width), valid));
}

/** ln x, 1 ulp; −∞ at 0, NaN below. */
export function log(b: KernelBuilder, x: Expr): Expr {
  const { m, e } = split(b, x);
  return logEdges(b, x, logNear(b, m, e));
}

/** ln(1 + x), 2.5 ulp. Near 0 the polynomial takes x itself; elsewhere what rounding 1 + x loses is lost in the result's own rounding. */
export function log1p(b: KernelBuilder, x: Expr): Expr {
  const u = b.let(add(x, fill(1, x)));
  const { m, e } = split(b, u);
  const isNear = b.let(binary("and", gt(x, fill(-0.29, x)), lt(x, fill(0.41, x))));
  const value = logNear(b, b.let(select(isNear, x, m)), b.let(select(isNear, fill(0, x), e)));
  const isTiny = lt(call("abs", x), fill(1e-10, x));
  const edged = b.let(select(isNear, value, logEdges(b, u, value)));
  return b.let(select(isTiny, x, select(isNan(x), x, edged)));
}
