/** @file A reduce kernel over its simplest domain, and the facts about it that schedules ask for. */
import { sizeOf } from "../../../program/dtype.ts";
import type { Access, ReduceKernel, ReducePhase, Store } from "../../../program/kernel.ts";
import type { Instr } from "../../../program/scalar.ts";
import type { MemoryUse } from "../memory.ts";
import { contiguousOrder, type Space, simplify } from "../space.ts";
import type { ScheduleContext } from "../target.ts";
import { usesOf } from "./loop.ts";

export interface Reduction {
  readonly space: Space;
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  readonly rows: number;
  readonly inputs: readonly Access[];
  readonly phases: readonly ReducePhase[];
}

export function reductionOf(kernel: ReduceKernel): Reduction {
  const { domain, innerRank } = kernel;
  const outerRank = domain.length - innerRank;
  const stores = kernel.phases.flatMap(({ outputs, rowOutputs }) => [...outputs, ...rowOutputs]);
  const writes = kernel.phases.flatMap(({ outputs }) => outputs.map(({ access }) => access));
  const axes = domain.map((_, axis) => axis);
  const order = (part: readonly number[]): readonly number[] => contiguousOrder(domain, kernel.inputs, writes, part);
  const space = simplify({
    domain,
    innerRank,
    accesses: [...kernel.inputs, ...stores.map(({ access }) => access)],
    bodies: kernel.phases.flatMap(({ body, rowBody }) => [body, rowBody]),
    order: [...order(axes.slice(0, outerRank)), ...order(axes.slice(outerRank))],
  });
  const outer = space.extents.slice(0, space.extents.length - space.innerRank);
  const follow = ({ access, value }: Store): Store => ({ access: space.access(access), value });
  return {
    space,
    outer,
    inner: space.extents.slice(outer.length),
    rows: sizeOf(outer),
    inputs: kernel.inputs.map((access) => space.access(access)),
    phases: kernel.phases.map(({ body, reduce, rowBody, outputs, rowOutputs }) => ({
      body: space.body(body),
      reduce,
      rowBody: space.body(rowBody),
      outputs: outputs.map(follow),
      rowOutputs: rowOutputs.map(follow),
    })),
  };
}

/** The inputs that a body loads, each once. */
export function loadsOf(body: readonly Instr[]): readonly number[] {
  return [...new Set(body.flatMap((instr) => (instr.op === "load" ? [instr.access] : [])))];
}

/** What the element code of some phases reads and writes. */
export function elementAccesses(
  { inputs }: Reduction,
  phases: readonly ReducePhase[],
): {
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
} {
  const loads = new Set(phases.flatMap(({ body }) => loadsOf(body)));
  return {
    reads: [...loads].map((input) => inputs[input] as Access),
    writes: phases.flatMap(({ outputs }) => outputs.map(({ access }) => access)),
  };
}

/** Every way in which phases reach memory. Row code has four lanes only where neighbouring rows are computed together. */
export function phaseUses(
  reduction: Reduction,
  parts: { readonly elements: readonly ReducePhase[]; readonly rows: readonly ReducePhase[] },
  { width, axis, rowWidth }: { readonly width: 1 | 4; readonly axis: number; readonly rowWidth: 1 | 4 },
): MemoryUse[] {
  const { space } = reduction;
  const { reads, writes } = elementAccesses(reduction, parts.elements);
  const rowReads = new Set(parts.rows.flatMap(({ rowBody }) => loadsOf(rowBody)));
  return [
    ...reads.flatMap((access) => usesOf(access, false, space, width, axis)),
    ...writes.flatMap((access) => usesOf(access, true, space, width, axis)),
    ...[...rowReads].flatMap((input) => usesOf(reduction.inputs[input] as Access, false, space, rowWidth, axis)),
    ...parts.rows.flatMap(({ rowOutputs }) =>
      rowOutputs.flatMap(({ access }) => usesOf(access, true, space, rowWidth, axis)),
    ),
  ];
}

/** Whether what a phase does must wait until all invocations of the workgroup are done with the phases before it. */
export function needsBarrier({ phases, inputs }: Reduction, at: number, context: ScheduleContext): boolean {
  const phase = phases[at] as ReducePhase;
  const before = phases.slice(0, at);
  const memory = ({ buffer }: Access): string => context.memoryOf(buffer);
  const stored = before.flatMap(({ outputs, rowOutputs }) => [
    ...outputs.map(({ access }) => ({ access, isElement: true })),
    ...rowOutputs.map(({ access }) => ({ access, isElement: false })),
  ]);
  const loadsIn = (p: ReducePhase): { access: Access; isElement: boolean }[] => [
    ...loadsOf(p.body).map((input) => ({ access: inputs[input] as Access, isElement: true })),
    ...loadsOf(p.rowBody).map((input) => ({ access: inputs[input] as Access, isElement: false })),
  ];
  const storesNow = [
    ...phase.outputs.map(({ access }) => ({ access, isElement: true })),
    ...phase.rowOutputs.map(({ access }) => ({ access, isElement: false })),
  ];
  // An element that one invocation both reads and writes needs no barrier.
  const meets = (a: { access: Access; isElement: boolean }, b: { access: Access; isElement: boolean }): boolean =>
    memory(a.access) === memory(b.access) && !(a.isElement && b.isElement && isSameElement(a.access, b.access));
  return (
    loadsIn(phase).some((load) => stored.some((store) => meets(load, store))) ||
    storesNow.some((store) => before.flatMap(loadsIn).some((load) => meets(load, store)))
  );
}

function isSameElement(a: Access, b: Access): boolean {
  return (
    a.dynamic === undefined &&
    b.dynamic === undefined &&
    a.offset === b.offset &&
    a.strides.every((stride, i) => stride === b.strides[i])
  );
}
