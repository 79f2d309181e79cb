/**
 * @file The softmax of attention: scores in units of log 2, so that a weight is one `exp2`; and what its sums become.
 *
 * No infinity takes part in arithmetic, since shading languages need not honour it: an invisible score is −2e30 and gives the weight 0 by
 * comparison. An added mask counts as −7e29 at least, which leaves a row of nothing but very large negative numbers its even weights, as
 * the formula has it, while −∞ (told by its bits) is invisible.
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import {
  type ArrayRef,
  add,
  builtin,
  call,
  constant,
  div,
  eq,
  f,
  f32,
  type KernelBuilder,
  le,
  mul,
  select,
  sub,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { KernelMemory } from "../memory.ts";
import type { GpuTarget } from "../target.ts";
import { indexOf } from "./attention-access.ts";
import type { Tiles } from "./attention-tiles.ts";

export const log2e = Math.LOG2E;
export const invisible = -2e30;
const leastVisible = -1.5e30;
/** Times log₂ e it is above `leastVisible`. */
export const leastMask = -7e29;
export const negativeInfinityBits = 0xff800000;

/** `2^(score − base)`, and 0 for what is not seen. NaN stays NaN: a fault must reach the loss. */
export const weightOf = (score: Expr, base: Expr): Expr =>
  select(le(score, f(leastVisible)), f(0), call("exp2", sub(score, base)));

/** `1 / total`; a query that sees nothing gives 0. */
export const inverseOf = (total: Expr): Expr => select(eq(total, f(0)), f(0), div(f(1), total));

/** The logarithm of a query's sum, of weights relative to `maximum`; −∞ if it sees nothing. */
export function storeLse(
  memory: KernelMemory,
  { lse }: AttentionKernel,
  { batch, head, query }: { batch: Expr; head: Expr; query: Expr },
  maximum: Expr,
  total: Expr,
): void {
  const value = mul(add(maximum, call("log2", total)), f(Math.LN2));
  const stored = select(eq(total, f(0)), constant(Number.NEGATIVE_INFINITY, "f32"), value);
  memory.store(lse.buffer, indexOf(lse, [batch, head, query]), stored);
}

/** Neighbouring threads of one row can exchange values without shared memory. */
export const exchangesInSubgroup = ({ subgroups }: GpuTarget, across: number): boolean =>
  subgroups !== undefined && subgroups.min >= across;

/** Combines each row's values over the threads that share it; all of them get the result, in one order of summation. */
export function rowExchange(
  builder: KernelBuilder,
  tiling: Tiles,
  target: GpuTarget,
): (values: readonly Expr[], combine: (a: Expr, b: Expr) => Expr) => readonly Expr[] {
  const { across, rows } = tiling.shape;
  if (exchangesInSubgroup(target, across)) {
    return (values, combine) =>
      values.map((value) => {
        let all = builder.let(value);
        for (let mask = 1; mask < across; mask *= 2)
          all = builder.let(combine(all, builder.subgroup("shuffleXor", all, u(mask))));
        return all;
      });
  }
  const parts = builder.shared(f32, rows * across);
  return (values, combine) => {
    values.forEach((value, i) => {
      builder.set(parts, add(mul(tiling.row(i), u(across)), tiling.x), value);
    });
    builder.barrier();
    return values.map((_, i) => {
      const start = builder.let(mul(tiling.row(i), u(across)));
      return builder.let(
        Array.from({ length: across }, (_, x) => builder.get(parts, add(start, u(x)))).reduce(combine),
      );
    });
  };
}

/** Leaves each thread's value in shared memory; what it gives reads them all, in order. */
export function sumOverThreads(builder: KernelBuilder, shares: ArrayRef, value: Expr): () => Expr {
  builder.set(shares, builtin("localIndex"), value);
  builder.barrier();
  return () => {
    const total = builder.var(builder.get(shares, 0));
    builder.for(u(1), u(builder.workgroupSize), u(1), (i) =>
      builder.assign(total, add(total.value, builder.get(shares, i))),
    );
    return total.value;
  };
}
