/**
 * @file The safetensors format: 8 bytes of little-endian header length, a JSON header, the elements. Reading is strict (what the
 * format forbids is refused, with the reason) and lazy (a tensor's elements are decoded when asked for).
 *
 * @source https://github.com/huggingface/safetensors, "Format"
 */

import type { TypedArray } from "../device/device.ts";
import type { DType, Shape } from "../program/dtype.ts";
import { decodeToFloat32, float8E4M3, float8E5M2 } from "./float16.ts";

export type FileDType =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "F8_E4M3"
  | "F8_E5M2"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

const fileBytes: Readonly<Record<FileDType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

const hostTypes: Readonly<Record<FileDType, DType>> = {
  F64: "f32",
  F32: "f32",
  F16: "f16",
  BF16: "bf16",
  F8_E4M3: "f32",
  F8_E5M2: "f32",
  I64: "i32",
  I32: "i32",
  I16: "i32",
  I8: "i32",
  U64: "i32",
  U32: "i32",
  U16: "i32",
  U8: "i32",
  BOOL: "bool",
};

const maxHeaderBytes = 100_000_000;

/** A file that is not safetensors. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
}

/** A tensor of a file: what `HostTensor` promises, decoded when `data` is first asked for, and the bytes themselves. */
export interface StoredTensor {
  readonly name: string;
  readonly fileDType: FileDType;
  readonly shape: Shape;
  /** The element type of `data`: floats wider than f32 and narrower than 16 bits become f32, integers i32. */
  readonly dtype: DType;
  /** The elements; f16 and bf16 stay as bits. */
  readonly data: TypedArray;
  /** The elements as they lie in the file. */
  readonly bytes: Uint8Array;
  /** Floats of any width as f32. */
  toFloat32(): Float32Array;
  /** Integers of any width as i32; those that do not fit are refused. BOOL gives 0 and 1. */
  toInt32(): Int32Array;
}

/** The tensors by name, in the order of the header. */
export interface SafetensorsFile extends ReadonlyMap<string, StoredTensor> {
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** The tensors of a safetensors file, every length and offset checked before it is used. */
export function parseSafetensors(file: Uint8Array): SafetensorsFile {
  const { header, data } = splitHeader(file);
  const { __metadata__: metadata, ...entries } = header;
  const tensors = new Map<string, StoredTensor>();
  const spans: { begin: number; end: number; name: string }[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, begin, end } = checkEntry(name, entry, data.length);
    spans.push({ begin, end, name });
    tensors.set(name, storedTensor(name, dtype, shape, data.subarray(begin, end)));
  }
  checkCoverage(spans, data.length);
  return Object.assign(tensors, { metadata: checkMetadata(metadata) });
}

function splitHeader(file: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (file.length < 8) throw new SafetensorsError(`${file.length} bytes are too short for a header length`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes))
    throw new SafetensorsError(`a header of ${length} bytes exceeds the limit of ${maxHeaderBytes}`);
  const end = 8 + Number(length);
  if (end > file.length)
    throw new SafetensorsError(`a header of ${length} bytes does not fit a file of ${file.length}`);
  if (file[8] !== 0x7b) throw new SafetensorsError("the header does not begin with {");
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file.subarray(8, end)));
  } catch (error) {
    throw new SafetensorsError(`the header is not JSON in UTF-8: ${error instanceof Error ? error.message : error}`);
  }
  if (!isRecord(header)) throw new SafetensorsError("the header is not an object");
  return { header, data: file.subarray(end) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function checkEntry(
  name: string,
  entry: unknown,
  dataBytes: number,
): { dtype: FileDType; shape: Shape; begin: number; end: number } {
  const fail = (why: string): never => {
    throw new SafetensorsError(`tensor '${name}': ${why}`);
  };
  if (!isRecord(entry)) return fail("its entry is not an object");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(fileBytes, dtype))
    return fail(`unknown dtype ${JSON.stringify(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) return fail(`${JSON.stringify(shape)} is not a shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail(`${JSON.stringify(offsets)} are not data_offsets`);
  const [begin, end] = offsets as [number, number];
  // Exact: the product of large extents may wrap around to something harmless.
  const wanted = (shape as number[]).reduce(
    (size, extent) => size * BigInt(extent),
    BigInt(fileBytes[dtype as FileDType]),
  );
  if (end < begin || BigInt(end - begin) !== wanted)
    return fail(`[${shape.join(", ")}] of ${dtype} needs ${wanted} bytes, data_offsets are ${begin} to ${end}`);
  if (end > dataBytes) return fail(`it ends at ${end}, the data at ${dataBytes}`);
  return { dtype: dtype as FileDType, shape, begin, end };
}

function checkCoverage(spans: { begin: number; end: number; name: string }[], dataBytes: number): void {
  let at = 0;
  for (const { begin, end, name } of spans.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw new SafetensorsError(
        `tensor '${name}' begins at ${begin}, ${begin < at ? "inside another" : "after a hole"}: expected ${at}`,
      );
    at = end;
  }
  if (at !== dataBytes) throw new SafetensorsError(`${dataBytes - at} bytes after the last tensor`);
}

function checkMetadata(metadata: unknown): Record<string, string> | undefined {
  if (metadata === undefined) return undefined;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string"))
    throw new SafetensorsError("__metadata__ does not map strings to strings");
  return metadata as Record<string, string>;
}

function storedTensor(name: string, fileDType: FileDType, shape: Shape, bytes: Uint8Array): StoredTensor {
  const dtype = hostTypes[fileDType];
  let decoded: TypedArray | undefined;
  const decode = (): TypedArray => {
    if (dtype === "f32") return toFloat32(name, fileDType, bytes);
    if (dtype === "i32") return toInt32(name, fileDType, bytes);
    return dtype === "bool" ? new Uint8Array(aligned(bytes)) : new Uint16Array(aligned(bytes));
  };
  return {
    name,
    fileDType,
    shape,
    dtype,
    bytes,
    get data(): TypedArray {
      decoded ??= decode();
      return decoded;
    },
    toFloat32: () => toFloat32(name, fileDType, bytes),
    toInt32: () => toInt32(name, fileDType, bytes),
  };
}

/** A copy that begins at offset 0, where views of any width are allowed. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function toFloat32(name: string, dtype: FileDType, bytes: Uint8Array): Float32Array {
  switch (dtype) {
    case "F32":
      return new Float32Array(aligned(bytes));
    case "F64":
      return Float32Array.from(new Float64Array(aligned(bytes)));
    case "F16":
      return decodeToFloat32("f16", new Uint16Array(aligned(bytes)));
    case "BF16":
      return decodeToFloat32("bf16", new Uint16Array(aligned(bytes)));
    case "F8_E4M3":
      return Float32Array.from(bytes, (bits) => float8E4M3.decode(bits));
    case "F8_E5M2":
      return Float32Array.from(bytes, (bits) => float8E5M2.decode(bits));
    default:
      throw new SafetensorsError(`tensor '${name}' is ${dtype}, not a float type`);
  }
}

function toInt32(name: string, dtype: FileDType, bytes: Uint8Array): Int32Array {
  const buffer: ArrayBuffer = aligned(bytes);
  const wide = (values: BigInt64Array | BigUint64Array | Uint32Array): Int32Array =>
    Int32Array.from(values as ArrayLike<number | bigint>, (value) => {
      if (value > 2 ** 31 - 1 || value < -(2 ** 31))
        throw new SafetensorsError(`tensor '${name}': ${value} does not fit 32 bits`);
      return Number(value);
    });
  switch (dtype) {
    case "I32":
      return new Int32Array(buffer);
    case "I64":
      return wide(new BigInt64Array(buffer));
    case "U64":
      return wide(new BigUint64Array(buffer));
    case "U32":
      return wide(new Uint32Array(buffer));
    case "I16":
      return Int32Array.from(new Int16Array(buffer));
    case "U16":
      return Int32Array.from(new Uint16Array(buffer));
    case "I8":
      return Int32Array.from(new Int8Array(buffer));
    case "U8":
    case "BOOL":
      return Int32Array.from(bytes);
    default:
      throw new SafetensorsError(`tensor '${name}' is ${dtype}, not an integer type`);
  }
}

const fileTypes: Readonly<Record<DType, FileDType>> = {
  f32: "F32",
  i32: "I32",
  bool: "BOOL",
  f16: "F16",
  bf16: "BF16",
};

export interface TensorToStore {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * A file in pieces, header first, so that a checkpoint need not exist twice in memory. Tensors keep their order, but wider types
 * come first, so that each begins at a multiple of its size.
 */
export function* encodeSafetensors(
  tensors: Iterable<readonly [string, TensorToStore]>,
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const width = ({ dtype }: TensorToStore): number => fileBytes[fileTypes[dtype]];
  const list = [...tensors].sort(([, a], [, b]) => width(b) - width(a));
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  let at = 0;
  for (const [name, tensor] of list) {
    if (Object.hasOwn(header, name) || name === "__metadata__")
      throw new SafetensorsError(`two tensors are called '${name}'`);
    header[name] = {
      dtype: fileTypes[tensor.dtype],
      shape: tensor.shape,
      data_offsets: [at, at + tensor.data.byteLength],
    };
    at += tensor.data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(json, 8);
  yield head;
  for (const [, { data }] of list) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
