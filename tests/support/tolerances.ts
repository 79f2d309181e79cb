/**
 * @file How far a device may be from the reference, which sums in double precision and rounds once: one table for all suites.
 *
 * A result may differ by `t · (|want| + the largest |want| of its buffer)`: sums of terms of both signs lose digits against their
 * largest terms, which the size of the buffer's values stands for.
 */
import type { DeviceName } from "../../runtime/index.ts";
import type { DType } from "../../runtime/program/dtype.ts";
import type { BinaryOp, UnaryOp } from "../../runtime/program/scalar.ts";

/** What a kernel does to its numbers; the hardest thing counts. */
export type Arithmetic = "elementwise" | "reduction" | "product" | "attention";

export const relativeTolerance: Readonly<Record<Arithmetic, number>> = {
  // A handful of roundings of 2^-24 each; a fused multiply-add saves one.
  elementwise: 2e-6,
  // Up to a million terms in f32, added in parts: the error grows with the depth of the tree, plus that of exp and log.
  reduction: 1e-5,
  // Up to 20,000 terms in runs of a block of k, in registers.
  product: 1e-5,
  // exp of a difference of scores: their absolute error becomes the relative one of the weights. Then two products.
  attention: 2e-5,
};

/**
 * The least that counts as a buffer's largest value. Inputs are of size 1; where a gradient of attention is 0 because terms cancel, its
 * error is that of the terms.
 */
export const leastMagnitude: Readonly<Record<Arithmetic, number>> = {
  elementwise: 0,
  reduction: 0,
  product: 0,
  attention: 0.05,
};

/** f32 in front of the storage type may fall on either side of a rounding: one unit in the last place, or one step of the subnormals. */
export const storageRounding: Readonly<Record<DType, { readonly relative: number; readonly absolute: number }>> = {
  f32: { relative: 0, absolute: 0 },
  i32: { relative: 0, absolute: 0 },
  bool: { relative: 0, absolute: 0 },
  f16: { relative: 2 ** -10, absolute: 2 ** -24 },
  bf16: { relative: 2 ** -7, absolute: 2 ** -133 },
};

/** Numbers below this may be flushed to zero: GPUs do, and WebGPU allows it. */
export const smallestNormal = 2 ** -126;

export interface FunctionError {
  readonly relative: number;
  readonly absolute: number;
  /** Operands and results below the smallest normal number may count as zero. */
  readonly flushes: boolean;
}

/** How exact one instruction is: correctly rounded arithmetic is exact everywhere, the rest to 2 ulp as `program/scalar.ts` says. */
export function functionError(device: DeviceName, fn: UnaryOp | BinaryOp): FunctionError {
  const isExact = exactFunctions.has(fn);
  if (device !== "webgpu") return { relative: isExact ? 0 : 4e-7, absolute: 1e-45, flushes: false };
  // WGSL: division 2.5 ulp, sqrt and rsqrt as their quotients.
  return {
    relative: isExact && fn !== "div" && fn !== "sqrt" && fn !== "reciprocal" ? 0 : 4e-7,
    absolute: 0,
    flushes: true,
  };
}

const exactFunctions: ReadonlySet<UnaryOp | BinaryOp> = new Set<UnaryOp | BinaryOp>([
  ...(["neg", "abs", "sign", "sqrt", "reciprocal", "floor", "ceil", "round"] as const),
  ...(["add", "sub", "mul", "div", "max", "min", "lt", "le", "gt", "ge", "eq", "ne"] as const),
]);
