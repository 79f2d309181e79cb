/**
 * @file Rows that are few and long: a gradient's norm, a bias's gradient, softmax of a handful of large rows. Each phase is two dispatches: every workgroup
 * reduces a chunk, then a team per row combines the chunks in their order and runs the row's code. Row values wait in scratch memory.
 */
import {
  add,
  and,
  type BoundArray,
  bitcast,
  cast,
  compose,
  type KernelBuilder,
  lane,
  mul,
  ne,
  splat,
  u,
  u32,
} from "../build.ts";
import type { Expr, ValueType } from "../ir.ts";
import { fill } from "../math/bits.ts";
import type { Dispatch, ScheduleContext, ScheduledKernel } from "../target.ts";
import { combine, identityOf } from "../team.ts";
import { type Chunks, ReducePass, type ReduceShape } from "./reduce-pass.ts";
import { phaseTypes } from "./reduce-types.ts";
import type { Reduction } from "./reduction.ts";

export function scheduleSplit(
  reduction: Reduction,
  shape: ReduceShape,
  chunks: Chunks,
  context: ScheduleContext,
): ScheduledKernel {
  const { phases, rows } = reduction;
  const types = phaseTypes(phases);
  const partials = Math.max(0, ...phases.map(({ reduce }) => reduce.length)) * chunks.count * rows;
  const kept = (types.at(-1)?.after.length ?? 0) * rows;
  const bytes = 4 * (partials + kept);
  const dispatches: Dispatch[] = [];

  phases.forEach((phase, i) => {
    const { before, reduced } = types[i] as (typeof types)[number];
    const isLast = i === phases.length - 1;
    if (phase.body.length > 0) {
      const pass = new ReducePass(reduction, shape, context, { elements: [phase], rows: [] }, { chunks, scratch: 1 });
      const known = new RowScratch(pass, rows, partials);
      const totals = pass.reduce(phase, pass.walk(phase, known.load(before), reduced));
      const isStored = and(pass.isValid, pass.teams.isFirst);
      pass.b.if(isStored, () => {
        totals.forEach((total, value) => {
          known.put(add(mul(u(value * chunks.count), u(rows)), mul(pass.chunk, u(rows))), total);
        });
      });
      dispatches.push({ ...pass.b.finish(), grid: pass.grid });
    }
    if (phase.reduce.length + phase.rowBody.length + phase.rowOutputs.length === 0) return;
    const team = Math.min(chunks.count >= 32 ? 32 : 8, shape.workgroupSize);
    const combining: ReduceShape = { ...shape, workgroupSize: Math.min(shape.workgroupSize, Math.max(team, 64)), team };
    const pass = new ReducePass(reduction, combining, context, { elements: [], rows: [phase] }, { scratch: 1 });
    const scratch = new RowScratch(pass, rows, partials);
    const totals = pass.teams.reduce(
      phase.reduce.map(({ op }) => op),
      phase.reduce.map(({ op }, value) => {
        const type = { ...(reduced[value] as ValueType), width: pass.rowLanes.width };
        const total = pass.b.var(identityOf(op, type));
        pass.b.for(pass.teams.lane, u(chunks.count), u(team), (chunk) => {
          const part = scratch.take(mul(add(chunk, u(value * chunks.count)), u(rows)), type);
          pass.b.assign(total, combine(pass.b, op, total.value, part));
        });
        return pass.b.let(total.value);
      }),
    );
    const registers = pass.finishRows(phase, [...scratch.load(before), ...totals]);
    if (!isLast)
      pass.b.if(and(pass.isValid, pass.teams.isFirst), () => {
        scratch.keep(registers, before.length);
      });
    dispatches.push({ ...pass.b.finish(), grid: pass.grid });
  });
  return { dispatches, scratch: [Math.max(16, bytes)] };
}

/** Values per row in scratch memory, as words: row r of value v at `v · rows + r`, so that neighbouring rows lie side by side. */
class RowScratch {
  private readonly b: KernelBuilder;
  private readonly pass: ReducePass;
  private readonly array: BoundArray;
  private readonly rows: number;
  /** Where the values that are kept begin; partial results lie before them. */
  private readonly start: number;

  constructor(pass: ReducePass, rows: number, start: number) {
    this.b = pass.b;
    this.pass = pass;
    this.rows = rows;
    this.start = start;
    this.array = pass.b.bind({ kind: "scratch", index: 0 }, u32, { isWritten: true });
  }

  load(types: readonly ValueType[]): readonly Expr[] {
    const { width } = this.pass.rowLanes;
    return types.map((type, i) => this.take(u(this.start + i * this.rows), { ...type, width }));
  }

  keep(registers: readonly Expr[], from: number): void {
    registers.forEach((register, i) => {
      if (i >= from) this.put(u(this.start + i * this.rows), register);
    });
  }

  put(base: Expr, value: Expr): void {
    const { b } = this;
    const { width } = this.pass.rowLanes;
    const words = b.let(splat(toWords(value), width));
    const at = b.let(add(base, this.pass.row));
    for (let i = 0; i < width; i++) b.store(this.array, add(at, u(i)), width === 1 ? words : lane(words, i));
  }

  take(base: Expr, { scalar, width }: ValueType): Expr {
    const { b } = this;
    const at = b.let(add(base, this.pass.row));
    const words = Array.from({ length: width }, (_, i) => b.let(b.load(this.array, add(at, u(i)))));
    const value = b.let(width === 1 ? (words[0] as Expr) : compose(words));
    return b.let(scalar === "bool" ? ne(value, fill(0, value)) : bitcast(value, scalar));
  }
}

const toWords = (value: Expr): Expr => (value.type.scalar === "bool" ? cast(value, "u32") : bitcast(value, "u32"));
