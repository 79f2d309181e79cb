/**
 * @file How attention of few queries is dealt out: rows to a workgroup, keys to a split, threads; by what fits shared memory and keeps a GPU busy.
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import type { GpuTarget } from "../target.ts";
import { chunksOf } from "./attention-access.ts";
import { chunkBytes } from "./attention-tiles.ts";

const mostQueries = 16;
const mostRows = 8;
const mostThreads = 128;
const fewestThreads = 32;
/** Workgroups that keep a large GPU busy. */
const workgroupsWanted = 512;
const shortestSplit = 64;
const longestSplit = 2048;

export const isDecoding = ({ dims }: AttentionKernel): boolean => dims.queries <= mostQueries;

export const powerAbove = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)));
const powerBelow = (n: number): number => 2 ** Math.floor(Math.log2(Math.max(1, n)));

export interface DecodePlan {
  readonly threads: number;
  readonly chunks: number;
  readonly slotChunks: number;
  /** Threads along a row of V, a power of two. */
  readonly chunkLanes: number;
  /** Queries times heads that share a key head; how many of them a workgroup takes, and how many such groups there are. */
  readonly rowsInAll: number;
  readonly rows: number;
  readonly groups: number;
  readonly tileKeys: number;
  readonly tileChunks: number;
  readonly splitKeys: number;
  readonly splits: number;
}

export function planDecoding({ dims }: AttentionKernel, { limits }: GpuTarget): DecodePlan {
  const { batch, heads, kvHeads, queries, keys, headDim } = dims;
  const chunks = chunksOf(headDim);
  const slotChunks = chunks | 1;
  const chunkLanes = powerAbove(chunks);
  // A thread for four keys of a chunk, if there are so many.
  const threads = Math.max(
    chunkLanes,
    Math.min(
      powerBelow(Math.min(mostThreads, limits.invocations)),
      Math.max(fewestThreads, powerAbove((keys * chunks) / 4)),
    ),
  );
  const rowsInAll = (heads / kvHeads) * queries;
  for (let rows = Math.min(mostRows, powerAbove(rowsInAll)); rows >= 1; rows /= 2)
    for (const tileKeys of [32, 16, 8]) {
      const groups = Math.ceil(rowsInAll / rows);
      const tileChunks = Math.max(tileKeys * slotChunks, threads * Math.min(rows, 4));
      const fixed = (rows * chunks + tileChunks) * chunkBytes + (threads + 2 * rows + 2) * 4;
      const share = (keys * batch * kvHeads * groups) / workgroupsWanted;
      const wanted = Math.min(longestSplit, Math.max(shortestSplit, powerAbove(share)));
      const splitKeys = Math.min(wanted, powerBelow((limits.sharedBytes - fixed) / (4 * rows)));
      if (splitKeys >= shortestSplit && threads <= limits.invocations)
        return {
          ...{ threads, chunks, slotChunks, chunkLanes, rowsInAll, rows, groups, tileKeys, tileChunks, splitKeys },
          splits: Math.max(1, Math.ceil(keys / splitKeys)),
        };
    }
  throw new RangeError(
    `attention with heads of ${headDim} does not fit ${limits.sharedBytes} bytes of a workgroup's memory`,
  );
}
