/** @file Public API of the runtime (`fgc/runtime`). What is not here is private and may change on any day. */
// Tensors.

// The Program format.
export { bytesPerElement, type DType, type Shape, sizeOf } from "./program/dtype.ts";
export type { Program } from "./program/program.ts";
export { type AttentionOptions, attention } from "./tensor/attention.ts";
export { checkpoint, grad, vjp } from "./tensor/autodiff.ts";
export { DTypeError, ShapeError, TraceError, withScope } from "./tensor/errors.ts";
export {
  arange,
  concat,
  embedding,
  flatIndex,
  fromData,
  full,
  layerNorm,
  linear,
  oneHot,
  ones,
  rmsNorm,
  stack,
  tril,
  triu,
  updateSlice,
  where,
  zeros,
} from "./tensor/functions.ts";
export type { TypedArray } from "./tensor/graph.ts";
export {
  type CrossEntropyOptions,
  crossEntropy,
  type LinearCrossEntropyOptions,
  linearCrossEntropy,
} from "./tensor/loss.ts";
export { dropout, HostRandom, type RandomKey, randomUniform, uniform } from "./tensor/random.ts";
export type { SliceSpec } from "./tensor/shape.ts";
export { Parameter, type StateOptions, StateTensor } from "./tensor/state.ts";
export { type Axes, type KeepDims, Tensor } from "./tensor/tensor.ts";
