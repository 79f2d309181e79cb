/** @file Public API of the runtime (`fgc/runtime`). What is not here is private and may change on any day. */
// Tensors.

export {
  decodeToFloat32,
  encodeFromFloat32,
  float8E4M3,
  float8E5M2,
  type HalfType,
  roundStochastically,
} from "./checkpoint/float16.ts";
// Files.
export {
  encodeSafetensors,
  type FileDType,
  parseSafetensors,
  SafetensorsError,
  type SafetensorsFile,
  type StoredTensor,
  type TensorToStore,
} from "./checkpoint/safetensors.ts";
export type { AdapterDescription, DeviceDescription } from "./device/description.ts";
export type { DeviceInfo } from "./device/device.ts";
export { DeviceError, DeviceLostError, DeviceUnavailableError, OutOfMemoryError } from "./device/errors.ts";
// The host.
export { bundleRoot, type FileContent, hashBytes, readText, writeFileAtomic } from "./host/files.ts";
// The Program format.
export { bytesPerElement, type DType, type Shape, sizeOf } from "./program/dtype.ts";
export { decodeProgram, encodeProgram } from "./program/encode.ts";
export { printProgram } from "./program/print.ts";
export type { Program } from "./program/program.ts";
export { validateProgram } from "./program/validate.ts";
export type { DeviceName } from "./session/devices.ts";
export { listDevices } from "./session/list-devices.ts";
// Running.
export {
  type CompiledFunction,
  type CompileOptions,
  type HostInput,
  type HostTensor,
  hostTensor,
  openSession,
  type PendingResult,
  Session,
  type SessionOptions,
} from "./session/session.ts";
export { assignWhere } from "./tensor/assign-where.ts";
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
export { type ComputeType, type Precision, withPrecision } from "./tensor/precision.ts";
export { dropout, HostRandom, type RandomKey, randomUniform, uniform } from "./tensor/random.ts";
export type { SliceSpec } from "./tensor/shape.ts";
export { Parameter, type StateOptions, StateTensor } from "./tensor/state.ts";
export { type Axes, type KeepDims, Tensor } from "./tensor/tensor.ts";
