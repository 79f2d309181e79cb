/**
 * @file Element-wise kernels: an invocation computes four neighbours where they are contiguous, and several such groups, a workgroup's
 * width apart, where the domain is large enough to fill any GPU all the same.
 */
import { sizeOf } from "../../../program/dtype.ts";
import type { Access, LoopKernel, Store } from "../../../program/kernel.ts";
import type { Instr } from "../../../program/scalar.ts";
import { type Lanes, reachAlong, storeAccess } from "../access.ts";
import { add, builtin, gridOf, KernelBuilder, le, linearWorkgroup, lt, mul, sub, u } from "../build.ts";
import type { Expr } from "../ir.ts";
import { KernelMemory, type MemoryUse } from "../memory.ts";
import { emitBody } from "../scalar.ts";
import { contiguousOrder, positions, type Space, simplify } from "../space.ts";
import type { ScheduleContext, ScheduledKernel } from "../target.ts";

/** A loop over its simplest domain. */
export interface LoopPlan {
  readonly space: Space;
  readonly inputs: readonly Access[];
  readonly outputs: readonly Store[];
  readonly body: readonly Instr[];
  /** Neighbours along the last axis that are computed together: a unit. */
  readonly width: 1 | 4;
  /** Extents in units. */
  readonly units: readonly number[];
}

export function planLoop(kernel: LoopKernel, context: ScheduleContext): LoopPlan {
  const { domain } = kernel;
  const writes = kernel.outputs.map(({ access }) => access);
  const space = simplify({
    domain,
    innerRank: 0,
    accesses: [...kernel.inputs, ...writes],
    bodies: [kernel.body],
    order: contiguousOrder(domain, kernel.inputs, writes),
  });
  const inputs = kernel.inputs.map((access) => space.access(access));
  const outputs = kernel.outputs.map(({ access, value }) => ({ access: space.access(access), value }));
  const stored = outputs.map(({ access }) => access);
  const width = widthOf(space, inputs, stored, context);
  const last = space.extents.length - 1;
  const units = space.extents.map((extent, i) => (i === last ? Math.ceil(extent / width) : extent));
  return { space, inputs, outputs, body: space.body(kernel.body), width, units };
}

export function loopUses({ inputs, outputs, space, width }: LoopPlan): MemoryUse[] {
  return [
    ...inputs.flatMap((access) => usesOf(access, false, space, width)),
    ...outputs.flatMap(({ access }) => usesOf(access, true, space, width)),
  ];
}

export function scheduleLoop(kernel: LoopKernel, context: ScheduleContext): ScheduledKernel {
  if (sizeOf(kernel.domain) === 0) return { dispatches: [], scratch: [] };
  const plan = planLoop(kernel, context);
  const { limits } = context.target;
  const count = sizeOf(plan.units);
  const workgroupSize = Math.min(limits.invocations, count >= 1 << 14 ? 256 : 64);
  const repeats = repeatsOf(count, plan);
  const grid = gridOf(Math.ceil(count / (workgroupSize * repeats)), limits.workgroups);
  const b = new KernelBuilder(workgroupSize);
  const memory = new KernelMemory(b, context, loopUses(plan));
  const first = b.let(add(mul(linearWorkgroup(grid), u(workgroupSize * repeats)), builtin("localIndex")));
  const isExact = grid[0] * grid[1] * workgroupSize * repeats === count;
  emitUnits(b, memory, plan, { first, count: u(count), repeats, isExact });
  return { dispatches: [{ ...b.finish(), grid }], scratch: [] };
}

/** One invocation's units: `first` and, a workgroup's width apart, more of them; all of them exist where `isExact`. */
export function emitUnits(
  b: KernelBuilder,
  memory: KernelMemory,
  { space, inputs, outputs, body, width, units }: LoopPlan,
  { first, count, repeats, isExact }: { first: Expr; count: Expr; repeats: number; isExact: boolean },
): void {
  const lanes: Lanes = { width };
  const axis = space.extents.length - 1;
  const compute = (unit: Expr): { point: readonly Expr[]; registers: readonly Expr[] } => {
    const point = positions(b, unit, units).map((position, i) =>
      i === axis && width > 1 ? b.let(mul(position, u(width))) : position,
    );
    return { point, registers: emitBody(b, body, { memory, inputs, point, lanes }) };
  };
  const store = ({ point, registers }: ReturnType<typeof compute>): void => {
    for (const { access, value } of outputs) storeAccess(b, memory, access, point, registers[value] as Expr, lanes);
  };
  const one = (unit: Expr): void => b.if(isExact ? truth : lt(unit, count), () => store(compute(unit)));
  if (repeats === 1) {
    one(first);
    return;
  }
  const all = Array.from({ length: repeats }, (_, i) => b.let(add(first, u(i * b.workgroupSize))));
  const end = sub(add(all[repeats - 1] as Expr, u(b.workgroupSize)), builtin("localIndex"));
  b.if(
    isExact ? truth : le(end, count),
    // All loads before the first store, so that they are in flight together.
    () => all.map(compute).forEach(store),
    () => all.forEach(one),
  );
}

const truth: Expr = { kind: "const", type: { scalar: "bool", width: 1 }, value: 1 };

/** The ways in which a kernel reaches the buffer of an access, and those of its indices. */
export function usesOf(
  access: Access,
  isWritten: boolean,
  { extents }: Space,
  width: number,
  axis?: number,
): MemoryUse[] {
  const along = axis ?? extents.length - 1;
  const isWide = width === 4 && reachAlong(access, along, extents) === "vector";
  return [
    { buffer: access.buffer, isWritten, isWide },
    ...(access.dynamic ?? []).map(({ index }) => ({ buffer: index.buffer, isWritten: false, isWide: false })),
  ];
}

/** Four elements at a time where every result is stored so, and most operands are read so. */
function widthOf(
  { extents }: Space,
  inputs: readonly Access[],
  outputs: readonly Access[],
  { buffers }: ScheduleContext,
): 1 | 4 {
  const axis = extents.length - 1;
  const extent = extents[axis];
  if (extent === undefined) return 1;
  const reads = inputs.map((access) => reachAlong(access, axis, extents));
  const count = (kind: string): number => reads.filter((reach) => reach === kind).length;
  if (!outputs.every((access) => reachAlong(access, axis, extents) === "vector")) return 1;
  if (extent % 4 === 0) return count("vector") >= count("scattered") ? 4 : 1;
  // The last vector may stick out into the padding of the buffers, where the results end with them.
  const endsWithBuffer = ({ buffer, offset }: Access): boolean =>
    offset + extent === sizeOf(buffers[buffer]?.shape ?? []);
  return axis === 0 && count("scattered") === 0 && outputs.every(endsWithBuffer) && extent > 64 ? 4 : 1;
}

/** Units per invocation: more hide latency, but only once there are invocations enough. */
export function repeatsOf(count: number, { body, inputs, outputs }: LoopPlan): number {
  if (body.length > 24 || inputs.length + outputs.length > 6) return 1;
  return count >= 1 << 22 ? 4 : count >= 1 << 20 ? 2 : 1;
}
