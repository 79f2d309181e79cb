/**
 * @file Scatter-add: the entries of each row are found in order first (`scatter-order.ts`); then an invocation adds up the entries of its row, one after
 * another, for four columns where they are contiguous, and stores the sum; rows without entries get zeros.
 */
import { sizeOf } from "../../../program/dtype.ts";
import type { Access, ScatterAddKernel } from "../../../program/kernel.ts";
import { type Lanes, loadAccess, reachAlong, storeAccess } from "../access.ts";
import {
  add,
  type BoundArray,
  builtin,
  cast,
  constant,
  gridOf,
  KernelBuilder,
  linearWorkgroup,
  lt,
  mul,
  splat,
  sub,
  u,
  u32,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { and } from "../math/bits.ts";
import { KernelMemory } from "../memory.ts";
import { positions } from "../space.ts";
import { type Dispatch, type ScheduleContext, type ScheduledKernel, storageFormat } from "../target.ts";
import { usesOf } from "./loop.ts";
import { orderScratch, orderScratchBytes, scheduleOrder } from "./scatter-order.ts";

export function scheduleScatterAdd(kernel: ScatterAddKernel, context: ScheduleContext): ScheduledKernel {
  const { rows, cols, count } = kernel;
  if (rows * cols === 0) return { dispatches: [], scratch: [] };
  if (count === 0) return { dispatches: [scheduleSums(kernel, context)], scratch: [] };
  return {
    dispatches: [scheduleOrder(kernel, context), scheduleSums(kernel, context)],
    scratch: orderScratchBytes(kernel),
  };
}

/** Entries of a row whose loads are in flight together. */
const together = 8;

function scheduleSums(kernel: ScatterAddKernel, context: ScheduleContext): Dispatch {
  const { rows, cols, count, src, out } = kernel;
  const width = widthOf(kernel);
  const lanes: Lanes = { width };
  const units = [rows, cols / width];
  const size = Math.min(256, context.target.limits.invocations, sizeOf(units) >= 1 << 14 ? 256 : 64);
  const b = new KernelBuilder(size);
  const uses = (access: Access, isWritten: boolean, extent: number) =>
    usesOf(
      access,
      isWritten,
      { extents: [extent, cols], innerRank: 0, access: (same) => same, body: (same) => same },
      width,
    );
  const memory = new KernelMemory(b, context, [...uses(src, false, count), ...uses(out, true, rows)], { reserved: 2 });
  const scratch = (area: keyof typeof orderScratch): BoundArray =>
    b.bind({ kind: "scratch", index: orderScratch[area] }, u32, { isWritten: false });
  const isFloat = ["f32", "f16"].includes(
    storageFormat(context.buffers[out.buffer]?.dtype ?? "f32", context.target).scalar,
  );
  const scalar = isFloat ? "f32" : "i32";
  const grid = gridOf(Math.ceil(sizeOf(units) / size), context.target.limits.workgroups);
  const unit = b.let(add(mul(linearWorkgroup(grid), u(size)), builtin("localIndex")));
  const areas = count === 0 ? undefined : { starts: scratch("starts"), entries: scratch("entries") };

  b.if(lt(unit, u(sizeOf(units))), () => {
    const [row, group] = positions(b, unit, units) as [Expr, Expr];
    const column = b.let(mul(group, u(width)));
    const sum = b.var(splat(constant(0, scalar), width));
    if (areas !== undefined) {
      const { starts, entries } = areas;
      const begin = b.let(b.load(starts, row));
      const end = b.let(b.load(starts, add(row, u(1))));
      const addEntries = (first: Expr, number: number): void => {
        const found = Array.from({ length: number }, (_, i) => b.let(b.load(entries, add(first, u(i)))));
        const terms = found.map((entry) => b.let(splat(loadAccess(b, memory, src, [entry, column], lanes), width)));
        for (const term of terms) b.assign(sum, add(sum.value, cast(term, scalar)));
      };
      const middle = b.let(add(begin, and(sub(end, begin), 0x100000000 - together)));
      b.for(begin, middle, u(together), (at) => addEntries(at, together));
      b.for(middle, end, u(1), (at) => addEntries(at, 1));
    }
    storeAccess(b, memory, out, [row, column], sum.value, lanes);
  });
  return { ...b.finish(), grid };
}

/** Four columns at a time where they can be stored so. */
function widthOf({ rows, cols, out }: ScatterAddKernel): 1 | 4 {
  return cols % 4 === 0 && reachAlong(out, 1, [rows, cols]) === "vector" ? 4 : 1;
}
