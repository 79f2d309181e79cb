/**
 * @file Mixed precision as a scope of tracing: what is recorded inside multiplies and attends in 16 bits and accumulates in f32, without any module knowing.
 *
 *     withPrecision({ compute: "f16" }, () => model.forward(inputs))
 *
 * Products and attention round their operands to the type and hand on results of it; everything else (sums, norms, softmax, losses, updates)
 * reads 16 bits and computes in f32. Parameters keep their own type. Gradients follow: the backward product of a 16-bit product is one too,
 * whatever scope differentiates it, and gradients of f32 parameters are f32, never rounded.
 *
 * @source Micikevicius et al. 2018, "Mixed Precision Training" (arXiv 1710.03740); torch.autocast draws the same line
 */
import type { DType } from "../program/dtype.ts";

/** What products and attention multiply in; they accumulate in f32 either way. */
export type ComputeType = Extract<DType, "f32" | "f16" | "bf16">;

export interface Precision {
  readonly compute: ComputeType;
}

// Tracing is synchronous, so this is a dynamic scope (set on entry, restored on exit), not state that outlives a call.
let current: Precision = { compute: "f32" };

/** Traces `fn` in a precision. */
export function withPrecision<T>(precision: Precision, fn: () => T): T {
  const outer = current;
  current = precision;
  try {
    return fn();
  } finally {
    current = outer;
  }
}

/** The type of the innermost `withPrecision`; f32 outside of any. */
export function computeType(): ComputeType {
  return current.compute;
}
