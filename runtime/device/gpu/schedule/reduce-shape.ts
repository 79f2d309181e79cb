/**
 * @file How a reduction is laid over the machine: along rows or across them, how many invocations serve a row, whether a row's elements stay
 * in registers between phases, and whether rows are cut into chunks.
 *
 * The numbers are those of current GPUs: some tens of thousands of invocations fill one, a subgroup of 32 reads 512 bytes at once, and an
 * invocation of a full workgroup has about 64 registers.
 */
import { sizeOf } from "../../../program/dtype.ts";
import type { Access } from "../../../program/kernel.ts";
import { reachAlong } from "../access.ts";
import type { GpuTarget } from "../target.ts";
import type { Chunks, ReduceShape } from "./reduce-pass.ts";
import { laneAxis } from "./reduce-pass.ts";
import { elementAccesses, loadsOf, type Reduction } from "./reduction.ts";

export interface ReducePlan {
  readonly shape: ReduceShape;
  /** Every invocation holds its share of the row from the first phase to the last. */
  readonly isHeld: boolean;
  /** Rows are too few to fill the machine, and long. */
  readonly chunks?: Chunks;
}

const fullWorkgroup = 256;
/** Invocations that keep a large GPU busy, and workgroups that reach all of its cores. */
const enoughInvocations = 1 << 14;
const enoughWorkgroups = 128;

const powerAbove = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)));
const powerBelow = (n: number): number => 2 ** Math.floor(Math.log2(Math.max(1, n)));

export function planReduction(reduction: Reduction, target: GpuTarget): ReducePlan {
  const isAcross = liesAcross(reduction);
  const width = widthAlong(reduction, laneAxis(reduction, isAcross), isAcross);
  const units = sizeOf(reduction.inner) / (isAcross ? 1 : width);
  const rowUnits = reduction.rows / (isAcross ? width : 1);
  const shape: ReduceShape = {
    isAcross,
    width,
    ...(isAcross ? across : along)(reduction, units, rowUnits, target, width),
  };
  const perInvocation = Math.ceil(units / shape.team);
  const isHeld = fits(reduction, perInvocation, shape);
  const chunks = chunksOf(shape, units, rowUnits);
  return { shape, isHeld, ...(chunks === undefined ? {} : { chunks }) };
}

/** Whether neighbouring rows, not neighbouring elements, lie side by side. */
function liesAcross(reduction: Reduction): boolean {
  const { outer, inner, space } = reduction;
  if (outer.length === 0) return false;
  if (inner.length === 0) return true;
  const { reads, writes } = elementAccesses(reduction, reduction.phases);
  const contiguous = (axis: number): number =>
    [...reads, ...writes].filter(({ strides }) => strides[axis] === 1).length;
  return contiguous(outer.length - 1) > contiguous(space.extents.length - 1);
}

/** Four where every stored element can be stored so, and most that are read. */
function widthAlong(reduction: Reduction, axis: number, isAcross: boolean): 1 | 4 {
  const { extents } = reduction.space;
  const extent = extents[axis];
  if (extent === undefined || extent % 4 !== 0 || (!isAcross && reduction.inner.length === 0)) return 1;
  const { reads, writes } = elementAccesses(reduction, reduction.phases);
  const reach = (access: Access): string => reachAlong(access, axis, extents);
  if (!writes.every((access) => reach(access) === "vector")) return 1;
  const count = (kind: string): number => reads.filter((access) => reach(access) === kind).length;
  return count("vector") > 0 && count("vector") >= count("scattered") ? 4 : 1;
}

type TeamOf = (
  reduction: Reduction,
  units: number,
  rowUnits: number,
  target: GpuTarget,
  width: 1 | 4,
) => Pick<ReduceShape, "team" | "workgroupSize">;

const along: TeamOf = ({ phases, rows }, units, _, { limits, subgroups }, width) => {
  const most = powerBelow(Math.min(limits.invocations, fullWorkgroup));
  const largest = powerBelow(Math.min(limits.invocations, 1024));
  const held = heldUnits(width);
  let team = Math.min(most, powerAbove(units / (held / 2)));
  // A team within a subgroup needs no barrier: worth twice the elements per invocation.
  const lanes = subgroups === undefined || subgroups.min < 8 ? 0 : subgroups.min;
  if (team > lanes && powerAbove(units / held) <= lanes) team = lanes;
  while (rows * team < enoughInvocations && team < most && units >= 2 * team) team *= 2;
  // A row that cannot be held is read again by each phase: the fewer rows are under way at once, the more of them stay in the cache.
  if (phases.length > 1 && units > held * team)
    team = powerAbove(units / held) <= largest ? powerAbove(units / held) : largest;
  const workgroup = rows * team >= fullWorkgroup * enoughWorkgroups ? fullWorkgroup : 64;
  return { team, workgroupSize: Math.max(team, Math.min(workgroup, most)) };
};

const across: TeamOf = (_, units, rowUnits, { limits }, width) => {
  const most = powerBelow(Math.min(limits.invocations, fullWorkgroup));
  const columns = Math.min(powerAbove(rowUnits), width === 4 ? 32 : 64, most);
  const team = Math.min(most / columns, powerAbove(units / 4));
  const workgroupSize = Math.max(team * columns, Math.min(64, most));
  return { team, workgroupSize };
};

const heldUnits = (width: 1 | 4): number => (width === 4 ? 8 : 16);

/** Whether a row's share fits into registers, and its code, written out, into something that compiles fast. */
function fits({ phases }: Reduction, perInvocation: number, { width, workgroupSize }: ReduceShape): boolean {
  if (perInvocation > heldUnits(width)) return false;
  const loads = new Set(phases.flatMap(({ body }) => loadsOf(body))).size;
  const instructions = phases.reduce((sum, { body }) => sum + body.length, 0);
  const registers = workgroupSize > fullWorkgroup ? 32 : 64;
  return perInvocation * width * loads <= registers && perInvocation * instructions <= 400;
}

function chunksOf({ team, workgroupSize }: ReduceShape, units: number, rowUnits: number): Chunks | undefined {
  const workgroups = Math.ceil((rowUnits * team) / workgroupSize);
  const rounds = units / team;
  if (workgroups > enoughWorkgroups / 2 || rounds < 32) return undefined;
  const wanted = Math.min(Math.ceil((4 * enoughWorkgroups) / workgroups), Math.floor(rounds / 8), 256);
  const chunkUnits = Math.ceil(rounds / wanted) * team;
  return { units: chunkUnits, count: Math.ceil(units / chunkUnits) };
}
