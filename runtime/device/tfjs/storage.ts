/**
 * @file How buffers are held: f32 as float32, i32 and bool as int32 (0 and 1), and the 16-bit floats as float32 that has been rounded, since
 * TensorFlow.js has no type for them. The rounding is exact arithmetic on whole tensors; the host sees bits, as everywhere.
 */
import type { DType } from "../../program/dtype.ts";
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from "../../program/float16.ts";
import type { TypedArray } from "../device.ts";
import type { Context } from "./access.ts";
import type { TensorType } from "./api.ts";
import type { Ops } from "./ops.ts";
import type { Value } from "./values.ts";

export function tensorTypeOf(dtype: DType): "float32" | "int32" {
  return dtype === "i32" || dtype === "bool" ? "int32" : "float32";
}

/** A copy of host elements as a tensor holds them. */
export function toTensorData(dtype: DType, data: ArrayLike<number>): Float32Array | Int32Array {
  switch (dtype) {
    case "f32":
      return Float32Array.from(data);
    case "i32":
    case "bool":
      return Int32Array.from(data);
    case "f16":
      return Float32Array.from(data, fromFloat16Bits);
    case "bf16":
      return Float32Array.from(data, fromBfloat16Bits);
  }
}

/** A copy of a tensor's elements as the host holds them. */
export function fromTensorData(dtype: DType, data: ArrayLike<number>): TypedArray {
  switch (dtype) {
    case "f32":
      return Float32Array.from(data);
    case "i32":
      return Int32Array.from(data);
    case "bool":
      return Uint8Array.from(data);
    case "f16":
      return Uint16Array.from(data, toFloat16Bits);
    case "bf16":
      return Uint16Array.from(data, toBfloat16Bits);
  }
}

/** A register's value as a buffer of `dtype` holds it. */
export function roundToStorage({ ops }: Context, value: Value, dtype: DType): Value {
  if (dtype === "f16") return roundToFloat16(ops, value);
  if (dtype === "bf16") return roundToBfloat16(ops, value);
  const type: TensorType = tensorTypeOf(dtype);
  return ops.cast(value, type);
}

/**
 * To `24 − bits` significant bits: with u = 2^bits·x, which is exact, u − (u − x) is x rounded to nearest where u − x is rounded at the
 * unit that remains, and the units of u and of the result have the same parity, so that ties go to even. (The more common (u + x) − u fails
 * just below a power of two, where u + x reaches the next binade.) −0 stays −0.
 */
function dropBits(ops: Ops, x: Value, bits: number): Value {
  const u = ops.mul(x, ops.f32(2 ** bits));
  return ops.sub(u, ops.sub(u, x));
}

/** Below the normal numbers the unit is fixed: adding 1.5·2^23 units and taking them away rounds to it. A zero keeps the sign of `x`. */
function roundToUnit(ops: Ops, x: Value, unit: number): Value {
  const shift = ops.f32(1.5 * 2 ** 23 * unit);
  const rounded = ops.sub(ops.add(x, shift), shift);
  return ops.where(ops.compare("equal", rounded, ops.f32(0)), ops.mul(x, ops.f32(0)), rounded);
}

function roundToFloat16(ops: Ops, x: Value): Value {
  const magnitude = ops.unary("abs", x);
  const normal = dropBits(ops, x, 13);
  const small = ops.compare("less", magnitude, ops.f32(2 ** -14));
  const finite = ops.where(small, roundToUnit(ops, x, 2 ** -24), normal);
  const overflows = ops.compare("greaterEqual", magnitude, ops.f32(65520));
  return ops.where(overflows, ops.mul(x, ops.f32(Number.POSITIVE_INFINITY)), finite);
}

function roundToBfloat16(ops: Ops, x: Value): Value {
  const magnitude = ops.unary("abs", x);
  const small = ops.compare("less", magnitude, ops.f32(2 ** -126));
  const finite = ops.where(small, roundToUnit(ops, x, 2 ** -133), dropBits(ops, x, 16));
  // 2^16·x overflows long before x does; a quarter of the way down it does not, and what overflows on the way back should.
  const scale = 2 ** -32;
  const large = ops.mul(dropBits(ops, ops.mul(x, ops.f32(scale)), 16), ops.f32(1 / scale));
  const infinite = ops.compare("equal", magnitude, ops.f32(Number.POSITIVE_INFINITY));
  const isLarge = ops.compare("greaterEqual", magnitude, ops.f32(2 ** 96));
  return ops.where(isLarge, ops.where(infinite, x, large), finite);
}
