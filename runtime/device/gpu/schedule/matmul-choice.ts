/**
 * @file Which schedule for which product. Candidates are compared by a model of one large GPU, in clocks: enough of one to rank them, never
 * to predict a time. Its figures are arithmetic on published ones; none was fitted to a measurement.
 *
 * The model's core is a streaming multiprocessor of NVIDIA's Ada or Hopper: 128 multiply-adds a clock, 64 bytes a clock from the second-level cache, 64 Ki
 * registers, 100 KiB of shared memory. 256 invocations with independent sums keep it busy; fewer do so in proportion. A work-group processor of AMD's RDNA has
 * the same arithmetic and more shared memory; a core of Apple's M the same arithmetic and about half the shared memory (`sharedPerCore`).
 *
 *   tile        per         sums,       registers     workgroups   shared bytes   multiply-adds    bytes from L2      for
 *               invocation  invocations               per core     (16 steps ×2)  per shared load  per multiply-add
 *   128 × 128   8 × 8       64, 256     ~112          2            32 KiB         16               0.063              at least about 256 tiles
 *   128 × 64    8 × 8       64, 128     ~112          4            24 KiB         16               0.094              fewer tiles; tall
 *    64 × 128   8 × 8       64, 128     ~112          4            24 KiB         16               0.094              wide
 *    64 × 64    8 × 4       32, 128     ~80           6            16 KiB         10.7             0.125              the middle; gradients of weights
 *    64 × 32    4 × 4       16, 128     ~64           8            12 KiB         8                0.188              small and tall
 *    32 × 64    4 × 4       16, 128     ~64           8            12 KiB         8                0.188              small and wide
 *    32 × 32    4 × 4       16, 64      ~64           12           8 KiB          8                0.25               small
 *    16 × 64    4 × 4       16, 64      ~64           10           10 KiB         8                0.31               9 … 16 rows
 *
 * - A shared load of 16 bytes by 32 lanes that see 4 or 8 different vectors takes about a clock, 16 multiply-adds of each of them take 4: 8 × 8 spends 4
 *   clocks of loads on 16 of arithmetic, 4 × 4 two on 4. The model adds them up as if they never overlapped, so 8 × 8 reaches 78% of the
 *   arithmetic and 4 × 4 62%.
 * - 64 sums leave room for two workgroups (16 warps) on NVIDIA, and for 8 to 12 waves on RDNA (of 1024 or 1536 registers a lane).
 * - Matrices that no tile divides pay for whole tiles; that, and how evenly tiles spread over cores, is what decides between neighbours in the table.
 * - Where there are fewer tiles than cores, k is split: the parts go through scratch memory and a second dispatch, in a fixed order,
 *   which costs a launch (about 4000 clocks) and the traffic.
 * - Rows of at most 8 (decoding) never come near arithmetic: they are read at the speed of memory (`matmul-dots`, `matmul-columns`).
 * - Matrix units, where the target has one for the operands' type, at some 512 multiply-adds a clock: 128 × 128 by 8 subgroups (64 × 32 each), 64 × 64 and
 *   less by 4. What they wait for is shared memory: 2 bytes per neighbour and step for each subgroup that reads it, 128 bytes a clock.
 * - A few steps, or matrices smaller than a tile: each invocation for itself (`matmul-blocks`), some 16 clocks a step for 32 invocations of 4 × 4 results.
 */
import type { ScalarType } from "../ir.ts";
import type { GpuTarget } from "../target.ts";
import { batchesOf } from "./matmul-grid.ts";
import type { OperandForm } from "./matmul-operand.ts";
import { evenSplits, partSteps } from "./matmul-parts.ts";
import { invocationsOf, sharedBytesOf, type TileShape } from "./matmul-tile.ts";
import { type UnitShape, unitFor, unitSharedBytes, unitThreads } from "./matmul-units.ts";

export interface ProductSize {
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Of A and of B. */
  readonly forms: readonly [OperandForm, OperandForm];
  /** What they are stored as. */
  readonly scalars: readonly [ScalarType, ScalarType];
}

export type ProductChoice =
  | { readonly kind: "blocks" }
  | { readonly kind: "tile"; readonly shape: TileShape; readonly splits: number }
  | { readonly kind: "units"; readonly shape: UnitShape; readonly splits: number };

const cores = 128;
const multiplyAddsPerClock = 128;
const unitMultiplyAddsPerClock = 512;
const cacheBytesPerClock = 64;
const sharedBytesPerClock = 128;
const registersPerCore = 65_536;
/**
 * What a workgroup may take says what a core has: 100 KiB and more behind a limit of 48 or 64 KiB (NVIDIA, AMD), little more than the limit behind one
 * of 32 (Apple, some of Intel's).
 */
const sharedPerCore = ({ limits }: GpuTarget): number =>
  limits.sharedBytes >= 48 * 1024 ? 100 * 1024 : 1.5 * limits.sharedBytes;
const busyInvocations = 256;
/** A load that the second-level cache or memory serves, seen from one invocation. */
const loadClocks = 500;
const launchClocks = 4000;
/** All cores together, to and from scratch memory. */
const scratchBytesPerClock = 2048;
const blockClocks = 16;
/** Work beyond what is asked for delays nobody as long as cores are idle, but it costs energy: enough to decide between equals. */
const wasteWeight = 1 / 8;

const splitCounts: readonly number[] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
/** Steps that a part has at least. */
const stepsPerPart = 64;

/** A tile as the model sees it. */
export interface Candidate {
  readonly bm: number;
  readonly bn: number;
  readonly bk: number;
  readonly threads: number;
  /** Per invocation. */
  readonly registers: number;
  readonly sharedBytes: number;
  /** Clocks of a busy core per step of k. */
  readonly clocks: number;
  readonly choose: (splits: number) => ProductChoice;
}

/** All tiles that the target has room for. */
export const candidatesFor = (size: ProductSize, target: GpuTarget): readonly Candidate[] => [
  ...tileCandidates(target),
  ...unitCandidates(size, target),
];

export function chooseProduct(size: ProductSize, target: GpuTarget): ProductChoice {
  let best: ProductChoice = { kind: "blocks" };
  let least = blockCost(size);
  for (const candidate of candidatesFor(size, target))
    for (const splits of splitCounts) {
      const isEven = evenSplits(size.k, candidate.bk, splits) === splits;
      if (!isEven || (splits > 1 && size.k / splits < stepsPerPart)) continue;
      const cost = costOf(size, candidate, splits, target);
      if (cost < least) [best, least] = [candidate.choose(splits), cost];
    }
  return best;
}

const tiles: readonly Omit<TileShape, "bk">[] = [
  { bm: 128, bn: 128, tm: 8, tn: 8 },
  { bm: 128, bn: 64, tm: 8, tn: 8 },
  { bm: 64, bn: 128, tm: 8, tn: 8 },
  { bm: 64, bn: 64, tm: 8, tn: 4 },
  { bm: 64, bn: 32, tm: 4, tn: 4 },
  { bm: 32, bn: 64, tm: 4, tn: 4 },
  { bm: 32, bn: 32, tm: 4, tn: 4 },
  { bm: 16, bn: 64, tm: 4, tn: 4 },
  { bm: 64, bn: 16, tm: 4, tn: 4 },
];

/** One workgroup waits at its barriers while another computes, so a core must hold two. */
const hasRoom = (target: GpuTarget, threads: number, sharedBytes: number): boolean =>
  threads <= target.limits.invocations &&
  sharedBytes <= target.limits.sharedBytes &&
  2 * sharedBytes <= sharedPerCore(target);

function tileCandidates(target: GpuTarget): readonly Candidate[] {
  return tiles.flatMap((tile) => {
    // As many steps at a time as shared memory holds.
    const shape = [16, 8]
      .map((bk) => ({ ...tile, bk }))
      .find((each) => hasRoom(target, invocationsOf(each), sharedBytesOf(each)));
    if (shape === undefined) return [];
    const { bm, bn, tm, tn } = shape;
    const arithmetic = (tm * tn) / 4;
    const efficiency = arithmetic / (arithmetic + (tm + tn) / 4 + 0.5);
    const clocks = Math.max((bm * bn) / multiplyAddsPerClock / efficiency, (4 * (bm + bn)) / cacheBytesPerClock);
    return {
      ...shape,
      threads: invocationsOf(shape),
      registers: tm * tn + 48,
      sharedBytes: sharedBytesOf(shape),
      clocks,
      choose: (splits) => ({ kind: "tile", shape, splits }),
    } satisfies Candidate;
  });
}

const unitTiles: readonly Pick<UnitShape, "bm" | "bn" | "down" | "across">[] = [
  { bm: 128, bn: 128, down: 2, across: 4 },
  { bm: 64, bn: 64, down: 2, across: 2 },
  { bm: 32, bn: 64, down: 2, across: 2 },
  { bm: 64, bn: 32, down: 2, across: 2 },
  { bm: 32, bn: 32, down: 2, across: 2 },
  { bm: 16, bn: 64, down: 1, across: 4 },
];

function unitCandidates({ forms, scalars }: ProductSize, target: GpuTarget): readonly Candidate[] {
  const found = unitFor(target, scalars);
  if (found === undefined) return [];
  const { unit } = found;
  const bytes = unit.input === "f16" ? 2 : 4;
  const variants = (unit.input === "f16" ? [32, 16] : [16, 8]).flatMap((bk) =>
    ([2, 1] as const).map((buffers) => ({ bk, buffers })),
  );
  return unitTiles.flatMap((tile) => {
    const { bm, bn, down, across } = tile;
    if ((bm / down) % unit.m !== 0 || (bn / across) % unit.n !== 0) return [];
    const shape = variants
      .filter(({ bk }) => bk % unit.k === 0)
      .map((variant) => ({ ...found, ...tile, ...variant }))
      .find((each) => hasRoom(target, unitThreads(each), unitSharedBytes(each, forms)));
    if (shape === undefined) return [];
    const threads = unitThreads(shape);
    const reads = (bytes * down * across * (bm / down + bn / across)) / sharedBytesPerClock;
    const writes = (bytes * (bm + bn)) / sharedBytesPerClock;
    return {
      ...shape,
      threads,
      registers: (bm * bn) / threads + 64,
      sharedBytes: unitSharedBytes(shape, forms),
      clocks: Math.max(
        (bm * bn) / unitMultiplyAddsPerClock + (reads + writes) / 2,
        (bytes * (bm + bn)) / cacheBytesPerClock,
      ),
      choose: (splits) => ({ kind: "units", shape, splits }),
    } satisfies Candidate;
  });
}

function costOf({ batch, m, n, k }: ProductSize, candidate: Candidate, splits: number, target: GpuTarget): number {
  const { bm, bn, bk, threads, registers, sharedBytes, clocks } = candidate;
  const resident = Math.min(
    Math.floor(registersPerCore / (threads * registers)),
    Math.floor(sharedPerCore(target) / sharedBytes),
  );
  const batches = batchesOf(batch);
  const workgroups = Math.ceil(m / bm) * Math.ceil(n / bn) * batches * splits;
  const perCore = Math.ceil(workgroups / cores);
  const together = Math.min(perCore, Math.max(1, resident));
  const busy = Math.min(1, (together * threads) / busyInvocations);
  const steps = partSteps(Math.max(1, k), bk, splits);
  const rounds = Math.ceil(perCore / together);
  const work = Math.max((perCore * steps * clocks) / busy, rounds * (steps / bk + 1) * loadClocks);
  const waste = (wasteWeight * workgroups * steps * clocks) / cores;
  const parts = splits === 1 ? 0 : launchClocks + (batches * m * n * 4 * 2 * splits) / scratchBytesPerClock;
  return work + waste + parts;
}

function blockCost({ batch, m, n, k }: ProductSize): number {
  const blocks = batchesOf(batch) * Math.ceil(m / 4) * Math.ceil(n / 4);
  const groups = Math.ceil(blocks / 32);
  const waste = (wasteWeight * groups * k * blockClocks) / cores;
  return Math.max(Math.ceil(groups / cores) * k * blockClocks, Math.ceil(k / 4) * loadClocks) + waste;
}
