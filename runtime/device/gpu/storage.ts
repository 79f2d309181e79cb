/**
 * @file Between registers (f32, i32, bool) and how a dtype lies in memory: `StorageFormat`.
 */
import { add, binary, call, cast, f, ge, gt, type KernelBuilder, lt, mul, ne, select, splat } from "./build.ts";
import type { Expr } from "./ir.ts";
import { and, bitsOf, fill, floatOf, infinityBits, magnitudeBits, shiftRight, signBit } from "./math/bits.ts";
import type { StorageFormat } from "./target.ts";

/** What was loaded, as a register. */
export function loadFormat({ scalar }: StorageFormat, value: Expr): Expr {
  if (scalar === "u32") return ne(value, fill(0, value));
  return scalar === "f16" ? cast(value, "f32") : value;
}

/** A register as its buffer stores it: rounded to nearest, ties to even, overflow to infinity, as `program/float16.ts` does. */
export function storeFormat(b: KernelBuilder, { scalar, rounding }: StorageFormat, value: Expr): Expr {
  if (rounding === "bf16") return roundBfloat16(b, b.let(value));
  if (rounding === "f16") return roundFloat16(b, b.let(value));
  return cast(value, scalar);
}

function roundBfloat16(b: KernelBuilder, value: Expr): Expr {
  const bits = b.let(bitsOf(value));
  const tie = and(shiftRight(bits, 16), 1);
  const rounded = and(add(bits, add(tie, fill(0x7fff, bits))), 0xffff0000);
  const nan = and(binary("or", bits, fill(0x400000, bits)), 0xffff0000);
  const isNan = gt(and(bits, 0x7fffffff), fill(infinityBits, bits));
  return floatOf(select(isNan, nan, rounded));
}

/** Not `quantizeF16`: that leaves open what happens beyond f16's range, and may flush its denormals. */
function roundFloat16(b: KernelBuilder, value: Expr): Expr {
  const bits = b.let(bitsOf(value));
  const magnitude = b.let(magnitudeBits(value));
  const tie = and(shiftRight(magnitude, 13), 1);
  const normal = and(add(magnitude, add(tie, fill(0xfff, bits))), 0xffffe000);
  // Below 2^−14 the steps are 2^−24 wide.
  const steps = call("round", mul(floatOf(magnitude), splat(f(2 ** 24), value.type.width)));
  const small = bitsOf(mul(steps, splat(f(2 ** -24), value.type.width)));
  const inRange = select(lt(magnitude, fill(0x38800000, bits)), small, normal);
  const limited = select(ge(magnitude, fill(0x477ff000, bits)), fill(infinityBits, bits), inRange); // 65520
  const kept = select(gt(magnitude, fill(infinityBits, bits)), magnitude, limited);
  return floatOf(binary("or", kept, and(bits, signBit)));
}
