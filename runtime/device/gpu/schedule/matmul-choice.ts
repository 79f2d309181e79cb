/**
 * @file Which schedule for which product. Candidates are compared by a model of one large GPU, in clocks: enough of one to rank them, never
 * to predict a time.
 *
 * The model's core (a streaming multiprocessor of NVIDIA's Ada or Hopper; a work-group processor of AMD's RDNA, a core of Apple's M and four of Intel's
 * Xe differ by less than the ranks do): 128 multiply-adds a clock, 64 bytes a clock from the second-level cache, 64 Ki registers, 100 KiB of
 * shared memory. 256 invocations with independent sums keep it busy; fewer do so in proportion.
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
 * - A shared load of 16 bytes by 32 lanes that see 4 or 8 different vectors is served in about one clock beside 4 of arithmetic per 16 multiply-adds of
 *   each lane: 8 × 8 spends 4 clocks of loads on 16 of arithmetic, 4 × 4 two on 4. So the large tiles are near the arithmetic peak, and 4 × 4 is
 *   bound by shared memory at about 60% of it. 64 sums leave room for two workgroups (16 warps) on NVIDIA, and
 *   for 8 waves on RDNA (128 of 1536 registers a lane); Apple's 208 half-width pairs hold them too.
 * - Where there are fewer tiles than cores, k is split: the parts go through scratch memory and a second dispatch, in a fixed order,
 *   which costs a launch (about 4000 clocks) and the traffic.
 * - Rows of at most 8 (decoding) never come near arithmetic: they are read at the speed of memory (`matmul-dots`, `matmul-columns`).
 * - A few steps, or matrices smaller than a tile: each invocation for itself (`matmul-blocks`), some 16 clocks a step for 32 invocations of 4 × 4 results.
 */
import type { GpuTarget } from "../target.ts";
import { batchesOf } from "./matmul-grid.ts";
import { invocationsOf, sharedBytesOf, type TileShape } from "./matmul-tile.ts";

export interface ProductSize {
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export type ProductChoice =
  | { readonly kind: "blocks" }
  | {
      readonly kind: "tile";
      readonly shape: TileShape;
      readonly splits: number;
    };

const cores = 128;
const multiplyAddsPerClock = 128;
const cacheBytesPerClock = 64;
const registersPerCore = 65_536;
const sharedPerCore = 100 * 1024;
const busyInvocations = 256;
/** A load that the second-level cache or memory serves, seen from one invocation. */
const loadClocks = 500;
const launchClocks = 4000;
/** All cores together, to and from scratch memory. */
const scratchBytesPerClock = 2048;
const blockClocks = 16;

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

const splitCounts: readonly number[] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
/** Steps that a part has at least. */
const stepsPerPart = 64;

export function chooseProduct(size: ProductSize, target: GpuTarget): ProductChoice {
  let best: ProductChoice = { kind: "blocks" };
  let least = blockCost(size);
  for (const tile of tiles) {
    const shape = withSteps(tile, target);
    if (shape === undefined) continue;
    for (const wanted of splitCounts) {
      const splits = evenSplits(size.k, shape.bk, wanted);
      if (splits !== wanted || (splits > 1 && size.k / splits < stepsPerPart)) continue;
      const cost = tileCost(size, shape, splits);
      if (cost < least) [best, least] = [{ kind: "tile", shape, splits }, cost];
    }
  }
  return best;
}

/** As many steps at a time as shared memory holds. */
function withSteps(tile: Omit<TileShape, "bk">, { limits }: GpuTarget): TileShape | undefined {
  return [16, 8]
    .map((bk) => ({ ...tile, bk }))
    .find((shape) => sharedBytesOf(shape) <= limits.sharedBytes && invocationsOf(shape) <= limits.invocations);
}

/** Steps of k in each part but the last: whole rounds of `bk`. */
export const partSteps = (k: number, bk: number, splits: number): number => Math.ceil(Math.ceil(k / bk) / splits) * bk;

/** The parts that are not empty if k is cut into `splits`. */
export const evenSplits = (k: number, bk: number, splits: number): number =>
  Math.max(1, Math.ceil(k / partSteps(Math.max(1, k), bk, splits)));

function tileCost({ batch, m, n, k }: ProductSize, shape: TileShape, splits: number): number {
  const { bm, bn, tm, tn, bk } = shape;
  const threads = invocationsOf(shape);
  const arithmetic = (tm * tn) / 4;
  const efficiency = arithmetic / (arithmetic + (tm + tn) / 4 + 0.5);
  const step = Math.max((bm * bn) / multiplyAddsPerClock / efficiency, (4 * (bm + bn)) / cacheBytesPerClock);
  const registers = threads * (tm * tn + 48);
  const resident = Math.min(Math.floor(registersPerCore / registers), Math.floor(sharedPerCore / sharedBytesOf(shape)));
  const batches = batchesOf(batch);
  const workgroups = Math.ceil(m / bm) * Math.ceil(n / bn) * batches * splits;
  const perCore = Math.ceil(workgroups / cores);
  const together = Math.min(perCore, Math.max(1, resident));
  const busy = Math.min(1, (together * threads) / busyInvocations);
  const steps = partSteps(Math.max(1, k), bk, splits);
  const rounds = Math.ceil(perCore / together);
  const work = Math.max((perCore * steps * step) / busy, rounds * (steps / bk + 1) * loadClocks);
  const parts = splits === 1 ? 0 : launchClocks + (batches * m * n * 4 * 2 * splits) / scratchBytesPerClock;
  return work + parts;
}

function blockCost({ batch, m, n, k }: ProductSize): number {
  const groups = Math.ceil((batchesOf(batch) * Math.ceil(m / 4) * Math.ceil(n / 4)) / 32);
  return Math.max(Math.ceil(groups / cores) * k * blockClocks, Math.ceil(k / 4) * loadClocks);
}
