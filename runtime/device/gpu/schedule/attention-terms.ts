/**
 * @file kvLength and slopes as records of one scratch area, for modules that would otherwise bind more than the adapter allows: one record per head of
 * the shift of positions, the number of valid keys and the slope.
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import { add, type BoundArray, bitcast, builtin, compose, f, KernelBuilder, lane, u, vec } from "../build.ts";
import type { Expr } from "../ir.ts";
import type { KernelMemory } from "../memory.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";
import { bindAttention } from "./attention-access.ts";
import { type HeadTerms, readHeadTerms } from "./attention-visibility.ts";

/** Four words: a record of a head, of a query, of a tile. */
export const recordType = vec("u32", 4);
export const recordBytes = 16;

export function writeHeadRecords(
  builder: KernelBuilder,
  records: BoundArray,
  first: number,
  heads: number,
  termsOf: (head: Expr) => HeadTerms,
): void {
  builder.for(builtin("localIndex"), u(heads), u(builder.workgroupSize), (head) => {
    const { shift, valid, slope = f(0) } = termsOf(head);
    builder.store(records, add(u(first), head), compose([bitcast(shift, "u32"), valid, bitcast(slope, "u32"), u(0)]));
  });
}

export function readHeadRecords(
  builder: KernelBuilder,
  records: BoundArray,
  first: number,
  hasSlopes: boolean,
): (head: Expr) => HeadTerms {
  return (head) => {
    const record = builder.let(builder.load(records, add(u(first), head)));
    const terms = { shift: builder.let(bitcast(lane(record, 0), "i32")), valid: builder.let(lane(record, 1)) };
    return hasSlopes ? { ...terms, slope: builder.let(bitcast(lane(record, 2), "f32")) } : terms;
  };
}

/** Binds what `readHeadTerms` binds, or the records in its stead. */
export function bindTerms(
  builder: KernelBuilder,
  memory: KernelMemory,
  kernel: AttentionKernel,
  isFolded: boolean,
): (head: Expr) => HeadTerms {
  if (!isFolded) return readHeadTerms(builder, memory, kernel);
  const records = builder.bind({ kind: "scratch", index: 0 }, recordType, {
    isWritten: false,
    length: kernel.dims.heads,
  });
  return readHeadRecords(builder, records, 0, kernel.slopes !== undefined);
}

/** The records that a folded module reads. */
export function emitTerms(kernel: AttentionKernel, context: ScheduleContext): Dispatch {
  const { heads } = kernel.dims;
  const builder = new KernelBuilder(64);
  const records = builder.bind({ kind: "scratch", index: 0 }, recordType, { isWritten: true, length: heads });
  const memory = bindAttention(builder, context, kernel, {
    reads: [],
    writes: [],
    others: [kernel.slopes?.buffer, kernel.kvLength],
  });
  writeHeadRecords(builder, records, 0, heads, readHeadTerms(builder, memory, kernel));
  return { ...builder.finish(), grid: [1, 1, 1] };
}
