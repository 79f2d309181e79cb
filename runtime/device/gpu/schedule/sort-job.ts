/** @file What the dispatches of a sort have in common: keys of elements, pairs of key and position in scratch, and how results are stored. */
import type { Access } from "../../../program/kernel.ts";
import { loadAccess, storeAccess } from "../access.ts";
import { type BoundArray, cast, type KernelBuilder, u32 } from "../build.ts";
import type { Expr } from "../ir.ts";
import { orderKey, reversed } from "../math/order.ts";
import { KernelMemory } from "../memory.ts";
import type { ScheduleContext } from "../target.ts";
import type { Lines } from "./lines.ts";

export interface SortJob {
  readonly context: ScheduleContext;
  /** Its accesses: input, values, indices. */
  readonly lines: Lines;
  readonly descending: boolean;
}

/** Numbers of scratch areas, each with one u32 per element of all lines. */
export interface PairMemory {
  readonly keys: number;
  readonly positions: number;
}

export interface PairArrays {
  readonly keys: BoundArray;
  readonly positions: BoundArray;
}

export function bindPairs(b: KernelBuilder, { lines }: SortJob, area: PairMemory, isWritten: boolean): PairArrays {
  const options = { isWritten, length: Math.ceil((lines.rows * lines.length) / 4) * 4 };
  return {
    keys: b.bind({ kind: "scratch", index: area.keys }, u32, options),
    positions: b.bind({ kind: "scratch", index: area.positions }, u32, options),
  };
}

/** The lines of a job in one of its modules. */
export class SortLines {
  private readonly builder: KernelBuilder;
  private readonly job: SortJob;
  private readonly memory: KernelMemory;

  /** `areas`: what the module binds of scratch. Only the last dispatch stores results. */
  constructor(
    builder: KernelBuilder,
    job: SortJob,
    { isLast, areas }: { readonly isLast: boolean; readonly areas: readonly PairMemory[] },
  ) {
    this.builder = builder;
    this.job = job;
    this.memory = new KernelMemory(builder, job.context, job.lines.uses([0], isLast ? [1, 2] : []), {
      reserved: 2 * areas.length,
    });
  }

  row(row: Expr): readonly Expr[] {
    return this.job.lines.row(this.builder, row);
  }

  /** Smaller keys come first; equal keys are equal elements. */
  key(row: readonly Expr[], position: Expr): Expr {
    const key = orderKey(this.builder, this.element(row, position));
    return this.job.descending ? this.builder.let(reversed(key)) : key;
  }

  /** Puts the element from `position` at `place`. */
  store(row: readonly Expr[], place: Expr, position: Expr): void {
    const point = this.job.lines.point(row, place);
    const value = this.element(row, position);
    storeAccess(this.builder, this.memory, this.access(1), point, value);
    storeAccess(this.builder, this.memory, this.access(2), point, cast(position, "i32"));
  }

  private element(row: readonly Expr[], position: Expr): Expr {
    return loadAccess(this.builder, this.memory, this.access(0), this.job.lines.point(row, position));
  }

  private access(at: number): Access {
    return this.job.lines.accesses[at] as Access;
  }
}
