/**
 * @file The memory plan: temporary buffers share one arena. Two may overlap if no stage needs both; a result takes over the
 * memory of an operand that dies with it where each element is read only where it is written.
 *
 * Lowering plans with the natural widths of the dtypes, which is what a Program carries. A device that stores elements
 * otherwise (a GPU without bytes, or with a coarser alignment) plans again with `replanArena`.
 */

import { accessesOf, type KernelAccess } from "./accesses.ts";
import { type DType, sizeOf } from "./dtype.ts";
import type { Access, BufferId, Kernel, ReduceKernel, ReducePhase } from "./kernel.ts";
import type { Program } from "./program.ts";

export interface TempBuffer {
  readonly id: BufferId;
  readonly dtype: DType;
  readonly bytes: number;
}

export interface MemoryPlan {
  readonly offsets: ReadonlyMap<BufferId, number>;
  readonly arenaBytes: number;
}

interface Block {
  readonly bytes: number;
  first: number;
  last: number;
  readonly members: BufferId[];
}

export interface ArenaRules {
  /** Bytes; every offset is a multiple. */
  readonly alignment: number;
  /** No buffer lies across a multiple of this, so that an arena can be cut into pieces of a size that the device can allocate. */
  readonly segmentBytes?: number;
}

/** Buffers of the arena with elements of other widths, or under other rules, than lowering assumed. */
export function replanArena(
  { buffers, kernels, stages = kernels.map((_, i) => i) }: Program,
  { bytesPer, ...rules }: ArenaRules & { readonly bytesPer: Readonly<Record<DType, number>> },
): MemoryPlan {
  const temps = buffers
    .filter(({ kind }) => kind === "temp")
    .map(({ id, dtype, shape }) => ({ id, dtype, bytes: sizeOf(shape) * bytesPer[dtype] }));
  return planMemory(temps, kernels, stages, rules);
}

export function planMemory(
  temps: readonly TempBuffer[],
  kernels: readonly Kernel[],
  stages: readonly number[],
  rules: ArenaRules = { alignment: 64 },
): MemoryPlan {
  const dtypes = new Map(temps.map(({ id, dtype }) => [id, dtype]));
  const { alignment } = rules;
  const bytes = new Map(temps.map(({ id, bytes: size }) => [id, Math.ceil(size / alignment) * alignment]));
  const blocks = new Map<BufferId, Block>();
  const uses = new Map<BufferId, Set<number>>();
  const accesses = kernels.map((kernel) => accessesOf(kernel));
  for (const [i, list] of accesses.entries()) {
    const stage = stages[i] as number;
    for (const { buffer } of list) {
      const size = bytes.get(buffer);
      if (size === undefined) continue;
      const block = blocks.get(buffer);
      if (block === undefined) blocks.set(buffer, { bytes: size, first: stage, last: stage, members: [buffer] });
      else block.last = Math.max(block.last, stage);
      uses.set(buffer, (uses.get(buffer) ?? new Set()).add(i));
    }
  }
  for (const [i, kernel] of kernels.entries())
    shareDying(kernel, i, stages[i] as number, accesses[i] as readonly KernelAccess[], blocks, uses, stages, dtypes);
  return pack([...new Set(blocks.values())], rules);
}

/** Lets results of `kernel` take over operands whose last use it is. */
function shareDying(
  kernel: Kernel,
  i: number,
  stage: number,
  accesses: readonly KernelAccess[],
  blocks: Map<BufferId, Block>,
  uses: ReadonlyMap<BufferId, ReadonlySet<number>>,
  stages: readonly number[],
  dtypes: ReadonlyMap<BufferId, DType>,
): void {
  if (kernel.kind !== "loop" && kernel.kind !== "matmul" && kernel.kind !== "reduce") return;
  for (const write of accesses) {
    const own = blocks.get(write.buffer);
    if (!write.isWrite || own === undefined || own.first !== stage || own.members.length > 1) continue;
    const writesToIt = accesses.filter((access) => access.isWrite && access.buffer === write.buffer);
    if (writesToIt.length !== 1 || firstUse(uses.get(write.buffer)) !== i) continue;
    for (const read of accesses) {
      const block = blocks.get(read.buffer);
      if (
        read.isWrite ||
        block === undefined ||
        block === own ||
        block.bytes !== own.bytes ||
        // One memory has one type: a GPU binds it as an array of elements.
        dtypes.get(read.buffer) !== dtypes.get(write.buffer) ||
        block.last !== stage ||
        block.first === stage
      )
        continue;
      const usersNow = [...(uses.get(read.buffer) ?? [])].filter((user) => stages[user] === stage);
      const readsOfIt = accesses.filter((access) => access.buffer === read.buffer);
      const blockBusy = block.members.some(
        (member) => member !== read.buffer && [...(uses.get(member) ?? [])].some((user) => stages[user] === stage),
      );
      if (blockBusy || usersNow.length !== 1 || !readsOfIt.every((access) => canReplace(kernel, access, write)))
        continue;
      block.last = own.last;
      block.members.push(write.buffer);
      blocks.set(write.buffer, block);
      break;
    }
  }
}

function firstUse(users: ReadonlySet<number> | undefined): number {
  return Math.min(...(users ?? []));
}

/** Whether `read` sees only elements that `write` has not yet overwritten. */
function canReplace(kernel: Kernel, read: KernelAccess, write: KernelAccess): boolean {
  if (
    read.isWrite ||
    read.isOperand ||
    read.access === undefined ||
    write.access === undefined ||
    write.access.dynamic !== undefined
  )
    return false;
  if (kernel.kind === "reduce") return replacesWithinRow(kernel, read.access, write.access);
  return read.access.dynamic === undefined && sameElements(read.access, write.access);
}

function sameElements(a: Access, b: Access): boolean {
  return a.offset === b.offset && a.strides.every((stride, i) => stride === b.strides[i]);
}

/** In a reduction rows are finished one by one, so a phase may overwrite what it and earlier phases read of the same row. */
function replacesWithinRow(kernel: ReduceKernel, read: Access, write: Access): boolean {
  const input = kernel.inputs.indexOf(read);
  const at = kernel.phases.findIndex((phase) => phase.outputs.some(({ access }) => access === write));
  if (input < 0 || at < 0) return false;
  const loads = (phase: ReducePhase, code: "body" | "rowBody"): boolean =>
    phase[code].some((instr) => instr.op === "load" && instr.access === input);
  const readsLater = kernel.phases.some(
    (phase, i) =>
      (i > at && (loads(phase, "body") || loads(phase, "rowBody"))) || (i === at && loads(phase, "rowBody")),
  );
  if (readsLater) return false;
  if (read.dynamic === undefined) return sameElements(read, write);
  // An element of the row picked by an index (the label's logit), before the row is overwritten.
  const outer = kernel.domain.length - kernel.innerRank;
  const [pick, ...more] = read.dynamic;
  const isPick =
    pick !== undefined &&
    more.length === 0 &&
    kernel.innerRank === 1 &&
    pick.scale === write.strides[outer] &&
    pick.extent === kernel.domain[outer];
  const sameRow =
    read.offset === write.offset && read.strides.every((stride, i) => stride === (i < outer ? write.strides[i] : 0));
  return isPick && sameRow && !kernel.phases.some((phase, i) => i === at && loads(phase, "body"));
}

/** Largest first, each at the lowest offset where nothing alive at the same time lies. @source the greedy-by-size planner of Pisarchyk and Lee 2020, arXiv 2001.03288 */
function pack(blocks: Block[], { segmentBytes = Number.POSITIVE_INFINITY }: ArenaRules): MemoryPlan {
  /** The first place from `at` on where the block lies within one segment. A block larger than any gets one to itself. */
  const withinSegment = (at: number, size: number): number => {
    const into = at % segmentBytes;
    return into === 0 || into + size <= segmentBytes ? at : at - into + segmentBytes;
  };
  const offsets = new Map<BufferId, number>();
  const placed: { readonly block: Block; readonly at: number }[] = [];
  let arenaBytes = 0;
  for (const block of blocks.sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    let at = 0;
    for (const other of placed) {
      if (other.block.first > block.last || other.block.last < block.first) continue;
      if (at + block.bytes <= other.at) break;
      at = withinSegment(Math.max(at, other.at + other.block.bytes), block.bytes);
    }
    const index = placed.findIndex((other) => other.at > at);
    placed.splice(index < 0 ? placed.length : index, 0, { block, at });
    for (const member of block.members) offsets.set(member, at);
    arenaBytes = Math.max(arenaBytes, at + block.bytes);
  }
  return { offsets, arenaBytes };
}
