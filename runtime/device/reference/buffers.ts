/** @file Buffers of the reference device, and reaching their elements through an access. */

import type { DType } from "../../program/dtype.ts";
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from "../../program/float16.ts";
import type { Access } from "../../program/kernel.ts";
import type { TypedArray } from "../device.ts";

export interface Buffer {
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** By buffer id. */
export type Buffers = readonly Buffer[];

export function allocate(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case "f32":
      return new Float32Array(length);
    case "i32":
      return new Int32Array(length);
    case "bool":
      return new Uint8Array(length);
    case "f16":
    case "bf16":
      return new Uint16Array(length);
  }
}

export function readElement({ dtype, data }: Buffer, at: number): number {
  const value = data[at];
  if (value === undefined) throw new RangeError(`element ${at} of a buffer of ${data.length}`);
  if (dtype === "f16") return fromFloat16Bits(value);
  if (dtype === "bf16") return fromBfloat16Bits(value);
  return value;
}

export function writeElement({ dtype, data }: Buffer, at: number, value: number): void {
  if (!(at >= 0 && at < data.length)) throw new RangeError(`element ${at} of a buffer of ${data.length}`);
  if (dtype === "f16") data[at] = toFloat16Bits(value);
  else if (dtype === "bf16") data[at] = toBfloat16Bits(value);
  else data[at] = value;
}

/** The element that an access names at a point of its kernel's domain. */
export function addressOf(buffers: Buffers, access: Access, point: ArrayLike<number>): number {
  let at = access.offset + dot(access.strides, point);
  for (const { index, scale, extent } of access.dynamic ?? []) {
    const value = readElement(buffers[index.buffer] as Buffer, index.offset + dot(index.strides, point));
    at += scale * Math.min(Math.max(value, 0), extent - 1);
  }
  return at;
}

export function read(buffers: Buffers, access: Access, point: ArrayLike<number>): number {
  return readElement(buffers[access.buffer] as Buffer, addressOf(buffers, access, point));
}

export function write(buffers: Buffers, access: Access, point: ArrayLike<number>, value: number): void {
  writeElement(buffers[access.buffer] as Buffer, addressOf(buffers, access, point), value);
}

function dot(strides: readonly number[], point: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < strides.length; i++) sum += (strides[i] as number) * (point[i] as number);
  return sum;
}

/** Calls `visit` for each point of a domain in row-major order; the array is reused. */
export function forEachPoint(
  domain: readonly number[],
  visit: (point: Int32Array) => void,
  prefix?: ArrayLike<number>,
): void {
  const shift = prefix?.length ?? 0;
  const point = new Int32Array(shift + domain.length);
  if (prefix !== undefined) point.set(prefix);
  const walk = (axis: number): void => {
    if (axis === domain.length) {
      visit(point);
      return;
    }
    for (let i = 0; i < (domain[axis] as number); i++) {
      point[shift + axis] = i;
      walk(axis + 1);
    }
  };
  walk(0);
}
