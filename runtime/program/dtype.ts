/** @file Element types of tensors and buffers. */

/** `bool` is stored as one byte per element, 0 or 1. `f16` and `bf16` are storage types: arithmetic on them is f32. */
export type DType = "f32" | "i32" | "bool" | "f16" | "bf16";

export const bytesPerElement: Readonly<Record<DType, number>> = { f32: 4, i32: 4, bool: 1, f16: 2, bf16: 2 };

/** A shape; a scalar has the empty shape. */
export type Shape = readonly number[];

/** The number of elements of a shape (1 for a scalar). */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** Row-major strides of a contiguous tensor, in elements. */
export function contiguousStrides(shape: Shape): readonly number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}
