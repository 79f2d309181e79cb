/** @file Random numbers: in the graph (dropout), and on the host (weights, shuffles), both counter-based and reproducible to the bit. */
import { type Shape, sizeOf } from "../program/dtype.ts";
import { randomBits, randomUniform } from "../program/random.ts";
import * as build from "./build.ts";
import { DTypeError, formatShape } from "./errors.ts";
import { createNode } from "./graph.ts";
import { Tensor } from "./tensor.ts";

export { randomUniform };

export interface RandomKey {
  /** Which stream: an integer, fixed when the graph is recorded. */
  readonly seed: number;
  /** Which draw of the stream: i32 [], usually the step. */
  readonly counter: Tensor;
}

/** f32 in [0, 1), a pure function of seed, counter and position. */
export function uniform(shape: Shape, key: RandomKey): Tensor {
  const { counter } = key;
  if (counter.dtype !== "i32" || counter.size !== 1)
    throw new DTypeError("uniform", `the counter is ${counter.dtype} ${formatShape(counter.shape)}, not one i32`);
  const count = build.expandTo("uniform", build.reshape(counter.node, []), shape);
  return new Tensor(
    createNode({ kind: "random", seed: key.seed | 0 }, [count, build.flatIndex([...shape])], [...shape], "f32"),
  );
}

/** Zeroes each element with probability `p` and divides the others by 1 − p. */
export function dropout(x: Tensor, p: number, key: RandomKey): Tensor {
  if (!(p >= 0 && p <= 1)) throw new DTypeError("dropout", `p is ${p}, not a probability`);
  if (p === 0) return x;
  if (p === 1) return x.mul(0);
  const keep = uniform(x.shape, key).ge(p);
  return new Tensor(build.where(keep.node, x.toFloat().mul(1 / (1 - p)).node, build.full([], 0, "f32")));
}

/** A generator on the host; the same bits as `uniform` with counter `stream` and index 0, 1, 2 … */
export class HostRandom {
  readonly seed: number;
  readonly stream: number;
  private index: number;

  constructor(seed: number, stream = 0) {
    this.seed = seed | 0;
    this.stream = stream | 0;
    this.index = 0;
  }

  /** How far the generator has come; set it to resume. */
  get state(): number {
    return this.index;
  }
  set state(index: number) {
    this.index = index;
  }

  /** In [0, 1), with 24 bits. */
  uniform(): number {
    return randomUniform(this.seed, this.stream, this.index++);
  }

  /** Standard normal. @source Box and Muller 1958; 48 bits for the radius, so that the tail is not cut at 5.8 */
  normal(): number {
    const high = randomBits(this.seed, this.stream, this.index++) >>> 8;
    const low = randomBits(this.seed, this.stream, this.index++) >>> 8;
    const angle = this.uniform();
    const u = (high + low * 2 ** -24) * 2 ** -24;
    return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * angle);
  }

  /** A whole number in 0 … n − 1, without bias: draws that fall into the incomplete last stretch are drawn again. */
  int(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const bits = randomBits(this.seed, this.stream, this.index++) >>> 0;
      if (bits < limit) return bits % n;
    }
  }

  /** 0 … n − 1 in random order. @source Fisher and Yates, in Durstenfeld's form */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = order[i] as number;
      order[i] = order[j] as number;
      order[j] = swap;
    }
    return order;
  }

  /** `shape` filled by `draw`, for initial weights. */
  fill(shape: Shape, draw: (random: HostRandom) => number): Float32Array {
    return Float32Array.from({ length: sizeOf(shape) }, () => draw(this));
  }
}
