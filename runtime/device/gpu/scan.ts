/**
 * @file Running sums over the invocations of a workgroup: by shuffles as far as every subgroup reaches, then through shared memory. The order of the
 * additions depends on the sizes alone, and no value reaches an invocation in front of it: a NaN spoils what comes after it, nothing else.
 */
import { type ArrayRef, add, builtin, div, ge, gt, type KernelBuilder, lt, mul, rem, select, sub, u } from "./build.ts";
import type { Expr, ValueType } from "./ir.ts";
import { fill } from "./math/bits.ts";
import type { GpuTarget } from "./target.ts";

export interface Scanned {
  /** Of the invocations in front of this one. */
  readonly before: Expr;
  readonly total: Expr;
}

/** Sums that every invocation reads by itself. */
const readByAll = 16;

export class WorkgroupScan {
  private readonly builder: KernelBuilder;
  /** Neighbouring invocations that shuffles serve. */
  private readonly segment: number;
  private readonly segments: number;
  private readonly sums: ArrayRef;
  /** Of `run` segments each, where there are many. */
  private readonly runSums: ArrayRef | undefined;
  private readonly run: number;

  /** Of workgroups whose size is a power of two, of at most 256 invocations. */
  constructor(builder: KernelBuilder, { subgroups }: GpuTarget, type: ValueType) {
    const size = builder.workgroupSize;
    this.builder = builder;
    this.segment = subgroups === undefined ? 1 : Math.min(size, subgroups.min);
    this.segments = size / this.segment;
    this.run = Math.max(1, this.segments / readByAll);
    this.sums = builder.shared(type, this.segments);
    this.runSums = this.run === 1 ? undefined : builder.shared(type, readByAll);
  }

  /** In uniform control flow only. */
  exclusive(value: Expr): Scanned {
    const { builder: b, segment } = this;
    const zero = fill(0, value);
    const inclusive = this.shuffled(value);
    const upToHere = segment === 1 ? zero : this.previous(inclusive, zero);
    if (this.segments === 1) return { before: upToHere, total: this.ofLast(inclusive) };
    // The scan before, or that of a loop's last round, has been read.
    b.barrier();
    const mine = b.let(div(builtin("localIndex"), u(segment)));
    const isLast = ge(rem(builtin("localIndex"), u(segment)), u(segment - 1));
    if (segment === 1) b.set(this.sums, mine, inclusive);
    else b.if(isLast, () => b.set(this.sums, mine, inclusive));
    b.barrier();
    if (this.runSums !== undefined) this.sumRuns(this.runSums);
    const list = this.runSums ?? this.sums;
    const place = this.runSums === undefined ? mine : b.let(div(mine, u(this.run)));
    let [before, total] = [zero, zero];
    b.unrolled(list.length, (i) => {
      const next = b.let(add(total, b.get(list, i)));
      // Not a sum of the list's own: what is behind this invocation must not be touched.
      before = b.let(select(gt(place, u(i)), next, before));
      total = next;
    });
    if (this.runSums !== undefined) {
      const within = rem(mine, u(this.run));
      const inRun = b.var(zero);
      b.if(gt(within, u(0)), () => b.assign(inRun, b.get(this.sums, sub(mine, u(1)))));
      before = add(before, inRun.value);
    }
    return { before: b.let(add(before, upToHere)), total };
  }

  /** The running sum within the segment, this invocation's value included. */
  private shuffled(value: Expr): Expr {
    const { builder: b, segment } = this;
    let sum = b.let(value);
    for (let step = 1; step < segment; step *= 2) {
      const other = b.subgroup("shuffle", sum, this.laneBefore(step));
      sum = b.let(select(ge(rem(b.subgroupLane(), u(segment)), u(step)), add(sum, other), sum));
    }
    return sum;
  }

  private previous(inclusive: Expr, zero: Expr): Expr {
    const { builder: b, segment } = this;
    const other = b.subgroup("shuffle", inclusive, this.laneBefore(1));
    return b.let(select(gt(rem(b.subgroupLane(), u(segment)), u(0)), other, zero));
  }

  private ofLast(inclusive: Expr): Expr {
    return this.builder.subgroup("shuffle", inclusive, u(this.segment - 1));
  }

  private laneBefore(step: number): Expr {
    const lane = this.builder.subgroupLane();
    return this.builder.let(select(ge(lane, u(step)), sub(lane, u(step)), lane));
  }

  /** The segments' sums become running sums within runs, and the runs' totals a list of their own. */
  private sumRuns(runSums: ArrayRef): void {
    const { builder: b, run } = this;
    const local = builtin("localIndex");
    b.if(lt(local, u(readByAll)), () => {
      const first = b.let(mul(local, u(run)));
      let sum = b.let(b.get(this.sums, first));
      for (let i = 1; i < run; i++) {
        sum = b.let(add(sum, b.get(this.sums, add(first, u(i)))));
        b.set(this.sums, add(first, u(i)), sum);
      }
      b.set(runSums, local, sum);
    });
    b.barrier();
  }
}
