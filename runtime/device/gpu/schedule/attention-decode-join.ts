/** @file What the splits of decoding leave in scratch memory, and how a second dispatch joins them. */
import type { AttentionKernel } from "../../../program/kernel.ts";
import {
  add,
  type BoundArray,
  builtin,
  call,
  div,
  eq,
  f,
  fma,
  gridOf,
  KernelBuilder,
  lane,
  linearWorkgroup,
  lt,
  max,
  mul,
  rem,
  splat,
  sub,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";
import { bindAttention, chunkWidth, HeadArray } from "./attention-access.ts";
import { type DecodePlan, powerAbove } from "./attention-decode-plan.ts";
import { inverseOf, invisible, storeLse } from "./attention-softmax.ts";
import { chunkType } from "./attention-tiles.ts";

/** Per key head, row and split: the chunks of the sum, then (m, l, 0, 0). */
export interface Partials {
  readonly index: number;
  readonly length: number;
}

export const bindPartials = (builder: KernelBuilder, { index, length }: Partials, isWritten: boolean): BoundArray =>
  builder.bind({ kind: "scratch", index }, chunkType, { isWritten, length });

/** The record of a row (counted over all key heads) and a split. */
export const recordAt = ({ splits, chunks }: DecodePlan, row: Expr, split: Expr): Expr =>
  mul(add(mul(row, u(splits)), split), u(chunks + 1));

/** Joins the splits of every row, in their order. */
export function emitJoin(
  kernel: AttentionKernel,
  context: ScheduleContext,
  plan: DecodePlan,
  partials: Partials,
): Dispatch {
  const { batch: batches, heads, kvHeads, queries, headDim } = kernel.dims;
  const { chunks, splits, rowsInAll } = plan;
  const threads = Math.min(64, context.target.limits.invocations);
  const lanes = Math.min(threads, powerAbove(chunks));
  const rows = batches * kvHeads * rowsInAll;
  const perGroup = threads / lanes;
  const grid = gridOf(Math.ceil(rows / perGroup), context.target.limits.workgroups);
  const builder = new KernelBuilder(threads);
  const memory = bindAttention(builder, context, kernel, {
    reads: [],
    writes: [kernel.out],
    others: [],
    otherWrites: [kernel.lse.buffer],
  });
  const out = new HeadArray(builder, memory, kernel.out, headDim);
  const scratch = bindPartials(builder, partials, false);
  const local = builtin("localIndex");
  const row = builder.let(add(mul(linearWorkgroup(grid), u(perGroup)), div(local, u(lanes))));
  builder.if(lt(row, u(rows)), () => {
    const record = (split: Expr): Expr => recordAt(plan, row, split);
    const statsOf = (split: Expr): Expr => builder.let(builder.load(scratch, add(record(split), u(chunks))));
    const maximum = builder.var(f(invisible));
    builder.for(u(0), u(splits), u(1), (split) => builder.assign(maximum, max(maximum.value, lane(statsOf(split), 0))));
    const head = builder.let(
      add(mul(rem(div(row, u(rowsInAll)), u(kvHeads)), u(heads / kvHeads)), div(rem(row, u(rowsInAll)), u(queries))),
    );
    const batch = builder.let(div(row, u(rowsInAll * kvHeads)));
    const query = builder.let(rem(rem(row, u(rowsInAll)), u(queries)));
    const base = out.base(batch, head);
    builder.for(rem(local, u(lanes)), u(chunks), u(lanes), (chunk) => {
      const sum = builder.var(splat(f(0), chunkWidth));
      const total = builder.var(f(0));
      builder.for(u(0), u(splits), u(1), (split) => {
        const stats = statsOf(split);
        const factor = builder.let(call("exp2", sub(lane(stats, 0), maximum.value)));
        const part = builder.load(scratch, add(record(split), chunk));
        builder.assign(total, fma(lane(stats, 1), factor, total.value));
        builder.assign(sum, fma(splat(factor, chunkWidth), part, sum.value));
      });
      out.store(base, query, chunk, mul(sum.value, splat(builder.let(inverseOf(total.value)), chunkWidth)));
      builder.if(eq(chunk, u(0)), () => storeLse(memory, kernel, { batch, head, query }, maximum.value, total.value));
    });
  });
  return { ...builder.finish(), grid };
}
