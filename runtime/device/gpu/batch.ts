/**
 * @file Kernels of one stage that run the same code over other buffers become one dispatch: the optimizer's update of a hundred small tensors,
 * each too little work for a GPU and each with the cost of a launch.
 *
 * The buffers are reached through their heaps. A table holds, for each member, its first workgroup, its number of units and where its buffers
 * begin; a workgroup looks up whose it is. So the module's text does not depend on how many members there are.
 */
import type { Kernel, LoopKernel } from "../../program/kernel.ts";
import type { Program } from "../../program/program.ts";
import { add, builtin, gridOf, KernelBuilder, le, linearWorkgroup, lt, mul, sub, u, u32 } from "./build.ts";
import { shiftRight } from "./math/bits.ts";
import { KernelMemory, slotsOf } from "./memory.ts";
import { emitUnits, type LoopPlan, loopUses, planLoop, repeatsOf } from "./schedule/loop.ts";
import { type ScheduleContext, type ScheduledKernel, storageFormat } from "./target.ts";

/**
 * The program's kernels, in an order that its stages allow, in groups: one kernel as it is, or several to be given to `scheduleBatch`.
 */
export function batchKernels(
  { kernels, stages }: Pick<Program, "kernels" | "stages">,
  context: ScheduleContext,
): readonly (readonly Kernel[])[] {
  const groups: Kernel[][] = [];
  const open = new Map<string, Kernel[]>();
  kernels.forEach((kernel, i) => {
    const code = stages === undefined || kernel.kind !== "loop" ? undefined : codeOf(kernel, context);
    const key = code === undefined ? undefined : `${stages?.[i]} ${code}`;
    const group = key === undefined ? undefined : open.get(key);
    if (group !== undefined) {
      group.push(kernel);
      return;
    }
    const fresh = [kernel];
    groups.push(fresh);
    if (key !== undefined) open.set(key, fresh);
  });
  return groups;
}

/** What two loops must have in common to run as one dispatch; undefined for one that cannot. */
function codeOf(kernel: LoopKernel, context: ScheduleContext): string | undefined {
  const plan = planLoop(kernel, context);
  const { space, inputs, outputs, body, width } = plan;
  if (space.extents.length !== 1 || space.extents[0] === 0) return undefined;
  const accesses = [...inputs, ...outputs.map(({ access }) => access)];
  if (accesses.some(({ dynamic }) => dynamic !== undefined)) return undefined;
  const slots = slotsOf(loopUses(plan), context);
  const dtypes = accesses.map(({ buffer }) => context.buffers[buffer]?.dtype ?? "f32");
  // Heaps are bound as words.
  if (dtypes.some((dtype) => storageFormat(dtype, context.target).bytes !== 4)) return undefined;
  const heaps = slots.map((buffer) => context.placeOf(buffer).heap);
  if (new Set(heaps).size + 1 > context.target.limits.bindings) return undefined;
  const memories = slots.map((buffer) => context.memoryOf(buffer));
  return JSON.stringify({
    accesses: accesses.map(({ buffer, offset, strides }) => [
      memories.indexOf(context.memoryOf(buffer)),
      offset,
      strides,
    ]),
    stored: outputs.map(({ value }) => value),
    body,
    width,
    dtypes,
    heaps,
  });
}

const workgroupSize = 256;

/** Several kernels of one group. */
export function scheduleBatch(group: readonly Kernel[], context: ScheduleContext): ScheduledKernel {
  const plans = group.map((kernel) => planLoop(kernel as LoopKernel, context));
  const first = plans[0] as LoopPlan;
  const unitsOf = ({ units }: LoopPlan): number => units[0] as number;
  const size = Math.min(workgroupSize, context.target.limits.invocations);
  const repeats = repeatsOf(
    plans.reduce((sum, plan) => sum + unitsOf(plan), 0),
    first,
  );
  const perWorkgroup = size * repeats;

  // [members, the first workgroup of each, then for each: units and where its buffers begin]
  const starts: number[] = [];
  let workgroups = 0;
  for (const plan of plans) {
    starts.push(workgroups);
    workgroups += Math.ceil(unitsOf(plan) / perWorkgroup);
  }
  const rows = plans.map((plan) => [
    unitsOf(plan),
    ...slotsOf(loopUses(plan), context).map((buffer) => context.placeOf(buffer).offset / 4),
  ]);
  const words = [plans.length, ...starts, ...rows.flat()];
  const rowLength = (rows[0] as readonly number[]).length;

  const b = new KernelBuilder(size);
  const table = b.bind({ kind: "data", words }, u32, { isWritten: false });
  const grid = gridOf(workgroups, context.target.limits.workgroups);
  const workgroup = b.let(linearWorkgroup(grid));
  const members = b.let(b.load(table, u(0)));
  const low = b.var(u(0));
  const high = b.var(members);
  b.while(lt(add(low.value, u(1)), high.value), () => {
    const middle = b.let(shiftRight(add(low.value, high.value), 1));
    b.if(
      le(b.load(table, add(middle, u(1))), workgroup),
      () => b.assign(low, middle),
      () => b.assign(high, middle),
    );
  });
  const member = b.let(low.value);
  const row = b.let(add(add(members, u(1)), mul(member, u(rowLength))));
  const begin = b.let(sub(workgroup, b.load(table, add(member, u(1)))));
  const bases = rows[0]?.slice(1).map((_, slot) => b.let(b.load(table, add(row, u(slot + 1))))) ?? [];
  const memory = new KernelMemory(b, context, loopUses(first), {
    table: {
      base: (slot) => {
        const base = bases[slot];
        if (base === undefined) throw new RangeError(`there is no slot ${slot}`);
        return base;
      },
    },
  });
  emitUnits(b, memory, first, {
    first: b.let(add(mul(begin, u(perWorkgroup)), builtin("localIndex"))),
    count: b.let(b.load(table, row)),
    repeats,
    isExact: false,
  });
  return { dispatches: [{ ...b.finish(), grid }], scratch: [] };
}
