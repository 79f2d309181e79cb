/**
 * @file The `random` instruction. Its bits are defined by 32-bit integer arithmetic with shifts and exclusive or, which the op API does not
 * have, so they are drawn on the host and uploaded: seed and counter are scalars that it reads, the index is a known function of the position.
 */
import { type Shape, sizeOf } from "../../program/dtype.ts";
import { randomStream } from "../../program/random.ts";
import type { Context } from "./access.ts";
import type { Tensor } from "./api.ts";
import { broadcastShape } from "./ops.ts";
import type { Register } from "./scalar-code.ts";
import type { Traits } from "./traits.ts";
import type { Value } from "./values.ts";

/** `offset + Σ strides[i]·p[i]` over a kernel's domain, as i32. */
export interface Affine {
  readonly offset: number;
  readonly strides: readonly number[];
}

export function addAffine(a: Affine | undefined, b: Affine | undefined): Affine | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    offset: (a.offset + b.offset) | 0,
    strides: a.strides.map((stride, i) => (stride + (b.strides[i] as number)) | 0),
  };
}

export function scaleAffine(a: Affine | undefined, b: Affine | undefined): Affine | undefined {
  if (a === undefined || b === undefined) return undefined;
  const isConstant = ({ strides }: Affine): boolean => strides.every((stride) => stride === 0);
  const [factor, form] = isConstant(a) ? [a.offset, b] : isConstant(b) ? [b.offset, a] : [undefined, a];
  if (factor === undefined) return undefined;
  return {
    offset: Math.imul(form.offset, factor),
    strides: form.strides.map((stride) => Math.imul(stride, factor)),
  };
}

export function recordRandom(context: Context, seed: Value, counter: Value, index: Register, domain: Shape): Value {
  const { ops, traits } = context;
  const { tf, recorder } = ops;
  if (index.affine !== undefined && sizeOf(seed.shape) === 1 && sizeOf(counter.shape) === 1) {
    const { offset, strides } = index.affine;
    const shape = domain.map((extent, axis) => (strides[axis] === 0 ? 1 : extent));
    const draw = ([s, c]: Contents): Tensor => {
      const stream = randomStream(s?.[0] as number, c?.[0] as number);
      return tf.tensor(drawAffine(stream, offset, strides, shape), [...shape], "float32");
    };
    return recorder.emit(`random ${offset} ${strides.join()}`, [seed, counter], shape, "float32", (...keys) =>
      fromContents(traits, keys, draw),
    );
  }
  // Keys or indices that are computed: all three go to the host.
  const shape = broadcastShape(index.value.shape, broadcastShape(seed.shape, counter.shape));
  const operands = [seed, counter, index.value].map((value) => ops.broadcastTo(value, shape));
  const draw = ([s, c, at]: Contents): Tensor => {
    const numbers = Float32Array.from(at ?? [], (i, k) => randomStream(s?.[k] as number, c?.[k] as number)(i));
    return tf.tensor(numbers, [...shape], "float32");
  };
  return recorder.emit("random", operands, shape, "float32", (...tensors) => fromContents(traits, tensors, draw));
}

type Contents = readonly ArrayLike<number>[];

/** Computes on the host from what `tensors` hold: at once where nothing has to be waited for. */
function fromContents(
  { readsAtOnce }: Traits,
  tensors: readonly Tensor[],
  compute: (contents: Contents) => Tensor,
): Tensor | Promise<Tensor> {
  if (readsAtOnce) return compute(tensors.map((tensor) => tensor.dataSync()));
  return Promise.all(tensors.map((tensor) => tensor.data())).then(compute);
}

function drawAffine(
  stream: (index: number) => number,
  offset: number,
  strides: readonly number[],
  shape: Shape,
): Float32Array {
  const numbers = new Float32Array(sizeOf(shape));
  const last = shape.length - 1;
  const length = shape[last] ?? 1;
  const step = strides[last] ?? 0;
  const rows = numbers.length / length;
  const point = shape.map(() => 0);
  for (let row = 0; row < rows; row++) {
    let index = point.reduce((sum, p, axis) => (sum + Math.imul(p, strides[axis] as number)) | 0, offset);
    for (let i = row * length; i < (row + 1) * length; i++) {
      numbers[i] = stream(index);
      index = (index + step) | 0;
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      point[axis] = (point[axis] as number) + 1;
      if ((point[axis] as number) < (shape[axis] as number)) break;
      point[axis] = 0;
    }
  }
  return numbers;
}
