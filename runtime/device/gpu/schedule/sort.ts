/**
 * @file Sorting lines: blocks of a line are sorted in shared memory, and runs of them are merged, up to eight at a time, from scratch to scratch
 * until a line is one run. A line that fits a block needs one dispatch; a vocabulary of 150,000 needs four.
 *
 * Keys are u32 in the order wanted and travel with the positions that they came from. Values are fetched from the input by position in the end, so
 * that zeros keep their signs and NaN its bits.
 */
import type { SortKernel } from "../../../program/kernel.ts";
import type { Dispatch, GpuTarget, ScheduleContext, ScheduledKernel } from "../target.ts";
import { Lines } from "./lines.ts";
import { sortBlocks } from "./sort-blocks.ts";
import type { PairMemory, SortJob } from "./sort-job.ts";
import { mergeRuns } from "./sort-merge.ts";

/** Elements of a block where a line has several: more would leave cores idle where lines are few. */
const largestPart = 2048;
/** Elements of a block that is a line: a key and a position each. */
const largestBlock = 4096;

export function scheduleSort(kernel: SortKernel, context: ScheduleContext): ScheduledKernel {
  const { domain, descending, input, values, indices } = kernel;
  const lines = new Lines(domain, [input, values, indices]);
  if (lines.isEmpty) return { dispatches: [], scratch: [] };
  const job: SortJob = { context, lines, descending };
  const { rows, length } = lines;
  const fitting = blockLimit(context.target);
  if (length <= fitting) return { dispatches: [sortBlocks(job, powerOfTwo(length))], scratch: [] };

  const block = Math.min(fitting, largestPart);
  const fans = fansOf(Math.ceil(length / block), rows * length);
  const areas: readonly PairMemory[] = [
    { keys: 0, positions: 1 },
    { keys: 2, positions: 3 },
  ];
  const area = (pass: number): PairMemory => areas[pass % 2] as PairMemory;
  const dispatches: Dispatch[] = [sortBlocks(job, block, area(0))];
  let run = block;
  for (const [pass, fan] of fans.entries()) {
    const isLast = pass === fans.length - 1;
    dispatches.push(mergeRuns(job, { run, fan, from: area(pass), ...(isLast ? {} : { to: area(pass + 1) }) }));
    run *= fan;
  }
  const bytes = Math.ceil((rows * length * 4) / 16) * 16;
  return { dispatches, scratch: new Array<number>(fans.length > 1 ? 4 : 2).fill(bytes) };
}

/** How many runs become one in each pass: as few passes as can be, each with as few runs as then suffice. */
function fansOf(runs: number, elements: number): readonly number[] {
  // Merging k runs costs k − 1 searches per element: worth it while a pass costs more to start than to run.
  const most = elements >= 1 << 22 ? 4 : 8;
  let passes = 1;
  while (most ** passes < runs) passes++;
  let fan = 2;
  while (fan ** passes < runs) fan++;
  return new Array<number>(passes).fill(fan);
}

const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(least));

function blockLimit({ limits }: GpuTarget): number {
  return Math.min(largestBlock, 2 ** Math.floor(Math.log2(limits.sharedBytes / 8)));
}
