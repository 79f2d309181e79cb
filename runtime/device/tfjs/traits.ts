/**
 * @file What a backend gets right, asked of the backend itself: a handful of tiny operations whose answers are known. TensorFlow.js promises
 * little about NaN, integers beyond 2^24 or the last digits, and its backends differ; a list by name would be wrong with the next release.
 */

import type { Tensor, Tf } from "./api.ts";
import { usesGpu } from "./backend.ts";

export interface Traits {
  /** Products of int32 wrap. Where not they are exact up to 2^53 (a backend in JavaScript). */
  readonly productsWrap: boolean;
  /** Quotients of int32 round down exactly. */
  readonly quotientsExact: boolean;
  /** Integers keep all 32 bits at all. */
  readonly integersExact: boolean;
  /** `maximum` and `minimum` are NaN where either operand is. */
  readonly extremesKeepNaN: boolean;
  /** `max` and `min` along an axis are NaN where any element is. */
  readonly reductionsKeepNaN: boolean;
  /** Sums of many elements are not one running sum in f32. */
  readonly sumsAccurate: boolean;
  /** Functions that are good to a few units in the last place, special cases included. */
  readonly accurate: Readonly<Record<"log1p" | "expm1" | "erf" | "sigmoid" | "pow", boolean>>;
  /**
   * A transposed operand of a product costs nothing. Behind `wasm` XNNPACK multiplies two plain matrices and nothing else: a transposed one
   * falls to a loop (measured with 4.22 at 512×768×256: 9 ms and 100), so that a transposed copy is much the better. Batches fall to it, too,
   * but a product per matrix was no faster, since each packs its operand anew.
   */
  readonly multipliesTransposed: boolean;
  /** `scatterND` adds what falls on one element in order: the device is the processor. */
  readonly scattersInOrder: boolean;
  /** Reading a tensor waits for nothing: the device is the processor. */
  readonly readsAtOnce: boolean;
}

/** Where tensors live in the host's memory: nothing is in flight, and scatters run in one order. */
function runsOnHost(tf: Tf): boolean {
  const name = tf.getBackend();
  return name === "cpu" || name === "wasm" || usesGpu(tf) === false;
}

const largest = 2 ** 31 - 1;

export async function findTraits(tf: Tf): Promise<Traits> {
  const floats = (make: () => Tensor, expected: readonly number[]): Promise<boolean> =>
    answers(tf, make, (got) => got.every((x, i) => isNear(x, expected[i] as number)));
  const integers = (make: () => Tensor, expected: readonly number[]): Promise<boolean> =>
    answers(tf, make, (got) => got.every((x, i) => x === expected[i]));
  const f = (values: readonly number[]): Tensor => tf.tensor(Float32Array.from(values), [values.length], "float32");
  const i = (values: readonly number[]): Tensor => tf.tensor(Int32Array.from(values), [values.length], "int32");
  const nan = Number.NaN;
  const threeRows = (): Tensor => tf.reshape(f([1, nan, 3, nan, 1, 2, 1, 2, nan]), [3, 3]);
  const logarithms = [1e-7, -1e-6, 1e-4, 0.3];
  const errors = [1e-3, 0.25, -0.8, 1.2, 3];
  const errorsOf = [
    0.001128378790969236, 0.2763263901682369, -0.7421009647076605, 0.9103139782296354, 0.9999779095030014,
  ];

  const [max, min, reducedMax, reducedMin] = await Promise.all([
    floats(() => tf.maximum(f([1, nan, 2]), f([nan, 1, 3])), [nan, nan, 3]),
    floats(() => tf.minimum(f([1, nan, 2]), f([nan, 1, 3])), [nan, nan, 2]),
    floats(() => tf.max(threeRows(), [1], false), [nan, nan, nan]),
    floats(() => tf.min(threeRows(), [1], false), [nan, nan, nan]),
  ]);
  const [productsWrap, quotientsExact, integersExact] = await Promise.all([
    integers(() => tf.mul(i([largest, 123456789]), i([largest, 987654321])), [1, Math.imul(123456789, 987654321)]),
    integers(() => tf.floorDiv(i([-7, 7, largest, largest]), i([2, -2, 3, 1])), [-4, -4, 715827882, largest]),
    integers(() => tf.add(i([largest, -(2 ** 31)]), i([-1, 16777217])), [largest - 1, 16777217 - 2 ** 31]),
  ]);
  const [log1p, expm1, erf, sigmoid, pow] = await Promise.all([
    floats(
      () => tf.log1p(f(logarithms)),
      logarithms.map((x) => Math.log1p(Math.fround(x))),
    ),
    floats(
      () => tf.expm1(f([...logarithms, 80])),
      [...logarithms, 80].map((x) => Math.expm1(Math.fround(x))),
    ),
    floats(() => tf.erf(f(errors)), errorsOf),
    floats(
      () => tf.sigmoid(f([-80, -20, 0.5, 100])),
      [-80, -20, 0.5, 100].map((x) => 1 / (1 + Math.exp(-x))),
    ),
    floats(() => tf.pow(f([1, -1, -2]), f([nan, Number.POSITIVE_INFINITY, 3])), [1, 1, -8]),
  ]);
  const many = 2 ** 17;
  const sumsAccurate = await floats(
    () => tf.sum(f(new Array<number>(many).fill(0.1)), [0], false),
    [Math.fround(0.1) * many],
  );
  const onHost = runsOnHost(tf);
  return {
    productsWrap,
    quotientsExact,
    integersExact,
    extremesKeepNaN: max && min,
    reductionsKeepNaN: reducedMax && reducedMin,
    sumsAccurate,
    accurate: { log1p, expm1, erf, sigmoid, pow },
    multipliesTransposed: tf.getBackend() !== "wasm",
    scattersInOrder: onHost,
    readsAtOnce: onHost,
  };
}

function isNear(got: number, expected: number): boolean {
  return Number.isNaN(expected) ? Number.isNaN(got) : Math.abs(got - expected) <= 4e-7 * Math.abs(expected);
}

/** An operation that a backend does not have is one that it gets wrong. */
async function answers(tf: Tf, make: () => Tensor, isRight: (got: readonly number[]) => boolean): Promise<boolean> {
  let result: Tensor | undefined;
  try {
    tf.tidy(() => {
      result = tf.keep(make());
    });
    return isRight([...((await result?.data()) ?? [])]);
  } catch {
    return false;
  } finally {
    result?.dispose();
  }
}
