/** @file Functions that make tensors or take several. */
import { type DType, type Shape, sizeOf } from "../program/dtype.ts";
import * as build from "./build.ts";
import { DTypeError, formatShape, ShapeError } from "./errors.ts";
import { createNode, type TypedArray } from "./graph.ts";
import { resolveAxis, sameShape } from "./shape.ts";
import { Tensor, toTensor } from "./tensor.ts";

/** A tensor of one value; f32 unless told. */
export function full(shape: Shape, value: number, dtype: DType = "f32"): Tensor {
  return new Tensor(build.full([...shape], value, dtype));
}

/** A tensor of zeros; f32 unless told. */
export function zeros(shape: Shape, dtype: DType = "f32"): Tensor {
  return full(shape, 0, dtype);
}

/** A tensor of ones; f32 unless told. */
export function ones(shape: Shape, dtype: DType = "f32"): Tensor {
  return full(shape, 1, dtype);
}

/** `n` numbers `start + i·step`; i32 unless told or a number is not whole. */
export function arange(
  n: number,
  options: { readonly start?: number; readonly step?: number; readonly dtype?: DType } = {},
): Tensor {
  const { start = 0, step = 1 } = options;
  const whole = Number.isInteger(start) && Number.isInteger(step);
  const dtype = options.dtype ?? (whole ? "i32" : "f32");
  if (whole)
    return new Tensor(build.cast(createNode({ kind: "iota", offset: start, strides: [step] }, [], [n], "i32"), dtype));
  return new Tensor(build.iota([n], 0)).cast("f32").mul(step).add(start).cast(dtype);
}

/** Row-major positions 0 … size − 1 of a shape, i32. */
export function flatIndex(shape: Shape): Tensor {
  return new Tensor(build.flatIndex([...shape]));
}

const arrayTypes: Readonly<Record<DType, new (data: ArrayLike<number>) => TypedArray>> = {
  f32: Float32Array,
  i32: Int32Array,
  bool: Uint8Array,
  f16: Uint16Array,
  bf16: Uint16Array,
};

/** A constant, copied. The type follows the array's where it is not given: Int32Array is i32, Uint8Array bool, anything else f32. */
export function fromData(data: TypedArray | readonly number[], shape: Shape, dtype?: DType): Tensor {
  const type = dtype ?? (data instanceof Int32Array ? "i32" : data instanceof Uint8Array ? "bool" : "f32");
  if (data.length !== sizeOf(shape))
    throw new ShapeError("fromData", `${data.length} elements for ${formatShape(shape)}`);
  if ((type === "f16" || type === "bf16") && !(data instanceof Uint16Array))
    throw new DTypeError("fromData", `${type} data is bits in a Uint16Array`);
  const first = data[0];
  if (data.length === 1 && first !== undefined && type !== "f16" && type !== "bf16")
    return full(shape, type === "f32" ? Math.fround(first) : first, type);
  return new Tensor(createNode({ kind: "const", data: new arrayTypes[type](data) }, [], [...shape], type));
}

/** Joins along an axis; types are promoted. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new ShapeError("concat", "wants at least one tensor");
  const resolved = resolveAxis("concat", axis, first.rank);
  for (const tensor of tensors) {
    const fits =
      tensor.rank === first.rank && tensor.shape.every((extent, i) => i === resolved || extent === first.shape[i]);
    if (!fits)
      throw new ShapeError(
        "concat",
        `${formatShape(first.shape)} and ${formatShape(tensor.shape)} do not join along axis ${axis}`,
      );
  }
  const dtype = tensors.reduce<DType>(
    (type, tensor) => (tensor.dtype === type ? type : build.promote(type, tensor.dtype)),
    first.dtype,
  );
  const parts = tensors
    .filter((tensor) => tensor.shape[resolved] !== 0)
    .map((tensor) => build.cast(tensor.node, dtype));
  return parts.length === 0 ? first : new Tensor(build.concat(parts, resolved));
}

/** Joins along a new axis. */
export function stack(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new ShapeError("stack", "wants at least one tensor");
  for (const tensor of tensors) {
    if (!sameShape(tensor.shape, first.shape))
      throw new ShapeError("stack", `${formatShape(first.shape)} and ${formatShape(tensor.shape)} differ`);
  }
  return concat(
    tensors.map((tensor) => tensor.unsqueeze(axis)),
    axis,
  );
}

/** `a` where `cond` (bool) holds, else `b`. */
export function where(cond: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const partner = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : "f32";
  return new Tensor(build.where(cond.node, toTensor(a, partner).node, toTensor(b, partner).node));
}

/** i32 [..., n]: 1 at the position that `ids` names. */
export function oneHot(ids: Tensor, n: number): Tensor {
  build.checkIndices("oneHot", ids.node);
  return ids.unsqueeze(ids.rank).eq(arange(n)).cast("i32");
}

/** Keeps what lies on or below the given diagonal of the last two axes. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  const { row, col } = matrixPositions("tril", x);
  return where(col.sub(row).le(diagonal), x, 0);
}

/** Keeps what lies on or above the given diagonal of the last two axes. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  const { row, col } = matrixPositions("triu", x);
  return where(col.sub(row).ge(diagonal), x, 0);
}

function matrixPositions(op: string, x: Tensor): { row: Tensor; col: Tensor } {
  if (x.rank < 2) throw new ShapeError(op, `wants a matrix, got ${formatShape(x.shape)}`);
  const shape = x.shape.slice(-2);
  return { row: new Tensor(build.iota(shape, 0)), col: new Tensor(build.iota(shape, 1)) };
}

/**
 * Rows of a table: `table[ids[...]]`. The gradient adds up rows that occur more than once.
 *
 * @param table  [V, C]
 * @param ids    i32 [...]; out of range is clamped
 * @param options.paddingIndex  the row that gets no gradient
 * @returns      [..., C]
 */
export function embedding(table: Tensor, ids: Tensor, options: { readonly paddingIndex?: number } = {}): Tensor {
  if (table.rank !== 2) throw new ShapeError("embedding", `the table is ${formatShape(table.shape)}, not [V, C]`);
  const rows = table.indexSelect(0, ids);
  if (options.paddingIndex === undefined) return rows;
  return where(ids.eq(options.paddingIndex).unsqueeze(ids.rank), rows.detach(), rows);
}

/**
 * `x Wᵀ + b` over the last axis.
 *
 * @param x       [..., in]
 * @param weight  [out, in]
 * @param bias    [out]
 * @returns       [..., out]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  if (weight.rank !== 2 || x.shape[x.rank - 1] !== weight.shape[1]) {
    throw new ShapeError(
      "linear",
      `input ${formatShape(x.shape)} does not fit weight ${formatShape(weight.shape)} ([out, in])`,
    );
  }
  const y = x.matmul(weight.T);
  if (bias === undefined) return y;
  if (!sameShape(bias.shape, [weight.shape[0] as number]))
    throw new ShapeError("linear", `bias ${formatShape(bias.shape)} for ${weight.shape[0]} outputs`);
  return y.add(bias);
}

/**
 * RMS normalization over the last axis: `x / sqrt(mean(x²) + eps) · weight`.
 *
 * @param eps  added under the root; PyTorch's default is the machine epsilon of f32
 * @source Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", eq. 4 (which has no eps)
 */
export function rmsNorm(x: Tensor, weight: Tensor | undefined, eps: number = 2 ** -23): Tensor {
  checkGain("rmsNorm", x, weight);
  const xf = x.toFloat();
  const y = xf.mul(xf.square().mean(-1, { keepDims: true }).add(eps).rsqrt());
  return weight === undefined ? y : y.mul(weight);
}

/**
 * Layer normalization over the last axis: `(x − mean) / sqrt(var + eps) · weight + bias`, with the biased variance.
 *
 * @source Ba, Kiros and Hinton 2016, "Layer Normalization"
 */
export function layerNorm(x: Tensor, weight: Tensor | undefined, bias: Tensor | undefined, eps = 1e-5): Tensor {
  checkGain("layerNorm", x, weight);
  checkGain("layerNorm", x, bias);
  const xf = x.toFloat();
  const centred = xf.sub(xf.mean(-1, { keepDims: true }));
  let y = centred.mul(centred.square().mean(-1, { keepDims: true }).add(eps).rsqrt());
  if (weight !== undefined) y = y.mul(weight);
  return bias === undefined ? y : y.add(bias);
}

function checkGain(op: string, x: Tensor, gain: Tensor | undefined): void {
  const channels = x.shape[x.rank - 1];
  if (channels === undefined) throw new ShapeError(op, "wants at least one axis");
  if (gain !== undefined && !sameShape(gain.shape, [channels]))
    throw new ShapeError(op, `parameter ${formatShape(gain.shape)} for input ${formatShape(x.shape)}`);
}

/**
 * `state` with `value` written at position `start` (i32 [], clamped so that it fits) of an axis: how a cache grows. It costs no
 * copy where the result is assigned back to the state.
 */
export function updateSlice(state: Tensor, value: Tensor, axis: number, start: Tensor | number): Tensor {
  const resolved = resolveAxis("updateSlice", axis, state.rank);
  const at = toTensor(start, "i32");
  const fits =
    value.rank === state.rank &&
    value.shape.every((n, i) => (i === resolved ? n <= (state.shape[i] as number) : n === state.shape[i]));
  if (!fits)
    throw new ShapeError(
      "updateSlice",
      `${formatShape(value.shape)} into ${formatShape(state.shape)} along axis ${axis}`,
    );
  if (at.dtype !== "i32" || at.size !== 1)
    throw new DTypeError("updateSlice", `start is ${at.dtype} ${formatShape(at.shape)}, not one i32`);
  const args = [state.node, build.cast(value.node, state.dtype), build.reshape(at.node, [])];
  return new Tensor(createNode({ kind: "updateSlice", axis: resolved }, args, state.shape, state.dtype));
}
