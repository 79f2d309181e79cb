/**
 * @file a^b. The languages' own is 2^(b·log2 a) in f32, which loses a digit for each digit of the exponent; powers of decay rates and of
 * rotary bases need better.
 *
 * @source fdlibm's e_powf.c (Sun Microsystems 1993; to float by Ian Lance Taylor, Cygnus): the logarithm in two parts, whose upper ones have so few bits that their
 * products are exact
 */
import {
  add,
  binary,
  bitcast,
  call,
  cast,
  div,
  eq,
  f,
  fma,
  ge,
  gt,
  type KernelBuilder,
  lt,
  max,
  min,
  mul,
  ne,
  not,
  select,
  splat,
  sub,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { and, bitsOf, fill, floatOf, infinityBits, isNan, isZero, magnitudeBits, shiftRight, signBit } from "./bits.ts";
import { expm1Near, polynomial, scale } from "./exponential.ts";

/** The upper 12 bits of the significand. */
const upper = (x: Expr): Expr => floatOf(and(bitsOf(x), 0xfffff000));
const both = (a: Expr, b: Expr): Expr => binary("and", a, b);
const either = (a: Expr, b: Expr): Expr => binary("or", a, b);

/** 1.5 ulp. 1 to any power and anything to the power 0 are 1, as in C. */
export function pow(b: KernelBuilder, x: Expr, y: Expr): Expr {
  const base = b.let(magnitudeBits(x));
  const exponent = b.let(magnitudeBits(y));
  const one = 0x3f800000;
  const isPositive = b.let(eq(and(bitsOf(y), signBit), fill(0, base)));
  const baseIsZero = eq(base, fill(0, base));
  const baseIsInfinite = eq(base, fill(infinityBits, base));
  const exponentIsInfinite = b.let(eq(exponent, fill(infinityBits, base)));
  const isBelow = b.let(lt(base, fill(one, base)));
  const isExtreme = b.let(either(either(baseIsZero, baseIsInfinite), exponentIsInfinite));
  // At the extremes a base below 1 goes to 0 and one above to ∞, and the other way round below 0.
  const extreme = select(eq(isBelow, isPositive), fill(0, x), splat(f(Number.POSITIVE_INFINITY), x.type.width));
  const isOne = both(exponentIsInfinite, eq(base, fill(one, base)));
  const ordinary = finite(b, b.let(floatOf(base)), y);
  const magnitude = b.let(select(isOne, fill(1, x), select(isExtreme, extreme, ordinary)));

  const isInteger = b.let(eq(call("trunc", y), y));
  const isSmall = lt(exponent, fill(0x4b800000, base)); // from 2^24 on every float is even
  const isOdd = both(both(isInteger, isSmall), ne(and(cast(y, "i32"), 1), splatI32(0, x)));
  const isNegative = b.let(ne(and(bitsOf(x), signBit), fill(0, base)));
  const signed = floatOf(
    binary("or", bitsOf(magnitude), select(both(isNegative, isOdd), fill(signBit, base), fill(0, base))),
  );
  const isReal = either(either(not(isNegative), isInteger), either(baseIsZero, isExtreme));
  const nan = splat(f(Number.NaN), x.type.width);
  const defined = select(either(isNan(x), isNan(y)), nan, select(isReal, signed, nan));
  const isUnit = either(isZero(y), eq(bitsOf(x), fill(one, base)));
  return b.let(select(isUnit, fill(1, x), defined));
}

const splatI32 = (value: number, like: Expr): Expr =>
  splat({ kind: "const", type: { scalar: "i32", width: 1 }, value }, like.type.width);

/** x^y for 0 < x < ∞ and finite y. */
function finite(b: KernelBuilder, x: Expr, y: Expr): Expr {
  const { high, low } = log2(b, x);
  // (y1 + y2)·(high + low)
  const y1 = b.let(upper(y));
  const tail = b.let(fma(sub(y, y1), high, mul(y, low)));
  const head = b.let(mul(y1, high));
  const z = b.let(min(max(add(tail, head), fill(-152, x)), fill(130, x)));
  const n = b.let(call("round", z));
  const isWithin = both(gt(z, fill(-152, x)), lt(z, fill(130, x)));
  const fraction = select(isWithin, add(sub(head, n), tail), fill(0, x));
  const e = expm1Near(b, b.let(mul(fraction, fill(Math.LN2, x))));
  return b.let(scale(b, add(e, fill(1, x)), b.let(cast(n, "i32"))));
}

/** log2 x in two parts, the upper of 12 bits. */
function log2(b: KernelBuilder, x: Expr): { high: Expr; low: Expr } {
  const given = b.let(bitsOf(x));
  const isDenormal = b.let(lt(given, fill(0x00800000, given)));
  const bits = b.let(select(isDenormal, bitsOf(cast(given, "f32")), given));
  const offset = select(isDenormal, fill(127 + 149, given), fill(127, given));
  const j = b.let(and(bits, 0x007fffff));
  // Centred at 1 below √1.5, at 1.5 below √3, at 2 (halved) from there on.
  const isMiddle = b.let(both(gt(j, fill(0x1cc471, j)), lt(j, fill(0x5db3d7, j))));
  const isUpper = b.let(ge(j, fill(0x5db3d7, j)));
  const n = b.let(bitcast(add(sub(shiftRight(bits, 23), offset), select(isUpper, fill(1, j), fill(0, j))), "i32"));
  const word = b.let(sub(binary("or", j, fill(0x3f800000, j)), select(isUpper, fill(0x00800000, j), fill(0, j))));
  const a = b.let(floatOf(word));
  const choose = (middle: number, outer: number): Expr => b.let(select(isMiddle, fill(middle, x), fill(outer, x)));
  const centre = choose(1.5, 1);

  // s = (a − centre) / (a + centre), in two parts
  const u = b.let(sub(a, centre));
  const v = b.let(div(fill(1, x), add(a, centre)));
  const s = b.let(mul(u, v));
  const sHigh = b.let(upper(s));
  const half = binary("or", and(shiftRight(word, 1), 0xfffff000), fill(0x20000000, j));
  const step = select(isMiddle, fill(0x00400000 + (1 << 21), j), fill(0x00400000, j));
  const sumHigh = b.let(floatOf(add(half, step)));
  const sumLow = b.let(sub(a, sub(sumHigh, centre)));
  const sLow = b.let(mul(v, fma(neg(sHigh), sumLow, fma(neg(sHigh), sumHigh, u))));

  // ln a = 2s + ⅔ s³ + …
  const s2 = b.let(mul(s, s));
  const series = polynomial(
    s2,
    [0.20697501302, 0.23066075146, 0.27272811532, 0.33333334327, 0.42857143283, 0.60000002384],
  );
  const r = b.let(fma(sLow, add(sHigh, s), mul(mul(s2, s2), series)));
  const square = b.let(mul(sHigh, sHigh));
  const tHigh = b.let(upper(add(add(fill(3, x), square), r)));
  const tLow = b.let(sub(r, sub(sub(tHigh, fill(3, x)), square)));
  const uu = b.let(mul(sHigh, tHigh));
  const vv = b.let(fma(sLow, tHigh, mul(tLow, s)));
  const pHigh = b.let(upper(add(uu, vv)));
  const pLow = b.let(sub(vv, sub(pHigh, uu)));
  // times 2/(3 ln 2)
  const zHigh = b.let(mul(fill(0.9619140625, x), pHigh));
  const zLow = b.let(
    add(fma(fill(-1.1736857402e-4, x), pHigh, mul(pLow, fill(0.96179670095, x))), choose(1.56322085e-6, 0)),
  );
  const t = b.let(cast(n, "f32"));
  const dHigh = choose(0.584960938, 0);
  const high = b.let(upper(add(add(add(zHigh, zLow), dHigh), t)));
  const low = b.let(sub(zLow, sub(sub(sub(high, t), dHigh), zHigh)));
  return { high, low };
}

const neg = (a: Expr): Expr => ({ kind: "unary", op: "neg", a, type: a.type });
