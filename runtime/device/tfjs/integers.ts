/** @file 32-bit integer arithmetic as the Program wants it: products that wrap, quotients that round down, nothing that traps. */
import type { Ops } from "./ops.ts";
import type { Traits } from "./traits.ts";
import type { Value } from "./values.ts";

interface Integers {
  readonly ops: Ops;
  readonly traits: Traits;
}

/** The low 32 bits of the product. */
export function multiplyIntegers({ ops, traits }: Integers, a: Value, b: Value): Value {
  const isSmall = ({ scalar }: Value): boolean => scalar !== undefined && Math.abs(scalar) <= 2 ** 21;
  if (a.scalar === 1) return b;
  if (b.scalar === 1) return a;
  // A backend that multiplies in doubles is right up to 2^53.
  if (traits.productsWrap || isSmall(a) || isSmall(b)) return ops.mul(a, b);
  const low = ops.arithmetic("mod", a, ops.i32(65536));
  const high = ops.arithmetic("floorDiv", ops.sub(a, low), ops.i32(65536));
  return ops.add(ops.mul(low, b), ops.mul(ops.mul(high, b), ops.i32(65536)));
}

/** ⌊a/b⌋; 0 where b is 0, since a native division would trap there, as it would at −2^31 / −1. */
export function divideIntegers(context: Integers, a: Value, b: Value): Value {
  const { ops } = context;
  if (b.scalar === 0) return ops.i32(0);
  if (b.scalar === -1) return ops.sub(ops.i32(0), a);
  if (b.scalar !== undefined) return quotient(context, a, b);
  const [isZero, isMinusOne] = [ops.compare("equal", b, ops.i32(0)), ops.compare("equal", b, ops.i32(-1))];
  const safe = ops.where(ops.compare("logicalOr", isZero, isMinusOne), ops.i32(1), b);
  const found = ops.where(isMinusOne, ops.sub(ops.i32(0), a), quotient(context, a, safe));
  return ops.where(isZero, ops.i32(0), found);
}

/** a − b·⌊a/b⌋; 0 where b is 0. */
export function remainder(context: Integers, a: Value, b: Value): Value {
  const { ops } = context;
  const rest = ops.sub(a, multiplyIntegers(context, b, divideIntegers(context, a, b)));
  if (b.scalar !== undefined) return b.scalar === 0 ? ops.i32(0) : rest;
  return ops.where(ops.compare("equal", b, ops.i32(0)), ops.i32(0), rest);
}

/** Backends that divide in floats are off by as much as they lose of `a`: what is left over is divided again, and then set right by one. */
function quotient(context: Integers, a: Value, b: Value): Value {
  const { ops, traits } = context;
  let q = ops.arithmetic("floorDiv", a, b);
  if (traits.quotientsExact) return q;
  const left = (): Value => ops.sub(a, multiplyIntegers(context, q, b));
  for (let i = 0; i < 2; i++) q = ops.add(q, ops.arithmetic("floorDiv", left(), b));
  const rest = left();
  const isNegative = ops.compare("less", b, ops.i32(0));
  const mirrored = ops.where(isNegative, ops.sub(ops.i32(0), rest), rest); // now 0 ≤ mirrored < |b| is wanted
  const size = ops.where(isNegative, ops.sub(ops.i32(0), b), b);
  const below = ops.cast(ops.compare("less", mirrored, ops.i32(0)), "int32");
  const above = ops.cast(ops.compare("greaterEqual", mirrored, size), "int32");
  const found = ops.add(ops.sub(q, below), above);
  // −2^31 has no size: 1 of it fits in itself, none in what is not positive, and −1 in the rest.
  const least = ops.i32(-(2 ** 31));
  const isItself = ops.cast(ops.compare("equal", a, least), "int32");
  const isPositive = ops.cast(ops.compare("greater", a, ops.i32(0)), "int32");
  return ops.where(ops.compare("equal", b, least), ops.sub(isItself, isPositive), found);
}
