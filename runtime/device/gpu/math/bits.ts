/**
 * @file Floats as bits. Shader compilers may take it that no float is NaN or infinite and drop tests that say otherwise, and may flush
 * denormals; integers they leave alone. So what is special about a float is asked of its bits.
 */
import { binary, bitcast, constant, eq, gt, type KernelBuilder, max, min, select, splat } from "../build.ts";
import type { Expr } from "../ir.ts";

export const signBit = 0x80000000;
export const infinityBits = 0x7f800000;

/** A constant of the scalar type and width of `like`. */
export const fill = (value: number, like: Expr): Expr => splat(constant(value, like.type.scalar), like.type.width);

export const and = (a: Expr, mask: number): Expr => binary("and", a, fill(mask, a));
export const shiftLeft = (a: Expr, by: number): Expr => binary("shl", a, splat(constant(by, "u32"), a.type.width));
export const shiftRight = (a: Expr, by: number): Expr => binary("shr", a, splat(constant(by, "u32"), a.type.width));

export const bitsOf = (x: Expr): Expr => bitcast(x, "u32");
export const floatOf = (bits: Expr): Expr => bitcast(bits, "f32");

/** The bits of |x|: they order as the magnitudes do. */
export const magnitudeBits = (x: Expr): Expr => and(bitsOf(x), 0x7fffffff);

export function isNan(x: Expr): Expr {
  const bits = magnitudeBits(x);
  return gt(bits, fill(infinityBits, bits));
}

export function isZero(x: Expr): Expr {
  const bits = magnitudeBits(x);
  return eq(bits, fill(0, bits));
}

/** `value`, or x itself where x is NaN. */
export const keepNan = (x: Expr, value: Expr): Expr => select(isNan(x), x, value);

/** `value` ≥ 0 with the sign of x. */
export const withSign = (value: Expr, x: Expr): Expr => floatOf(binary("or", bitsOf(value), and(bitsOf(x), signBit)));

/** 2^n for −126 ≤ n ≤ 127, an i32. */
export const powerOfTwo = (n: Expr): Expr => bitcast(shiftLeft(binary("add", n, fill(127, n)), 23), "f32");

/** The larger, or NaN if either is. */
export function maxOrNan(b: KernelBuilder, x: Expr, y: Expr): Expr {
  return select(isNan(x), x, b.let(select(isNan(y), y, max(x, y))));
}

/** The smaller, or NaN if either is. */
export function minOrNan(b: KernelBuilder, x: Expr, y: Expr): Expr {
  return select(isNan(x), x, b.let(select(isNan(y), y, min(x, y))));
}
