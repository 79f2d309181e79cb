/** @file Values as u32 that compare as the values do, so that one integer comparison orders floats and integers alike. */
import { binary, bitcast, cast, type KernelBuilder, ne, select } from "../build.ts";
import type { Expr } from "../ir.ts";
import { and, bitsOf, fill, infinityBits, magnitudeBits, signBit } from "./bits.ts";

/** Zeros of both signs are one key; a NaN is larger than infinity. */
export function orderKey(b: KernelBuilder, value: Expr): Expr {
  const { scalar } = value.type;
  if (scalar === "bool") return b.let(cast(value, "u32"));
  if (scalar === "i32") return b.let(binary("xor", bitcast(value, "u32"), fill(signBit, bitsOf(value))));
  const magnitude = b.let(magnitudeBits(value));
  const limit = fill(infinityBits, magnitude);
  const isNan = b.let(binary("gt", magnitude, limit));
  const isBelow = binary("and", ne(and(bitsOf(value), signBit), fill(0, magnitude)), ne(magnitude, fill(0, magnitude)));
  const above = binary("or", select(isNan, fill(0x7fffffff, magnitude), magnitude), fill(signBit, magnitude));
  const below = binary("sub", fill(0x7fffffff, magnitude), magnitude); // the larger its magnitude, the smaller
  const isNegative = binary("and", isBelow, { kind: "unary", op: "not", a: isNan, type: isNan.type });
  return b.let(select(isNegative, below, above));
}

/** The same order turned round. */
export const reversed = (key: Expr): Expr => ({ kind: "unary", op: "bitNot", a: key, type: key.type });
