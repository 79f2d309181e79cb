/**
 * @file Sorted runs merged by rank: an element's place is the number of elements before it, its own place in its run plus what a binary search finds
 * in each of the others. Runs stand in the order of their positions, so equal elements of earlier runs come before and those of later ones after:
 * keys alone decide. The searches of one element go on side by side, and those of neighbours read nearly the same elements.
 */
import {
  add,
  and,
  binary,
  builtin,
  div,
  eq,
  gridOf,
  KernelBuilder,
  le,
  linearWorkgroup,
  lt,
  min,
  mul,
  rem,
  select,
  sub,
  sum,
  u,
} from "../build.ts";
import type { Dispatch } from "../target.ts";
import { bindPairs, type PairMemory, type SortJob, SortLines } from "./sort-job.ts";

export interface Merge {
  /** Elements of a run; the last of a line may be shorter. */
  readonly run: number;
  /** Runs that become one. */
  readonly fan: number;
  readonly from: PairMemory;
  /** Absent: the results. */
  readonly to?: PairMemory;
}

export function mergeRuns(job: SortJob, { run, fan, from, to }: Merge): Dispatch {
  const { lines, context } = job;
  const { rows, length } = lines;
  const { limits } = context.target;
  const count = rows * length;
  const workgroupSize = Math.min(128, limits.invocations);
  const grid = gridOf(Math.ceil(count / workgroupSize), limits.workgroups);

  const b = new KernelBuilder(workgroupSize);
  const source = bindPairs(b, job, from, false);
  const target = to === undefined ? undefined : bindPairs(b, job, to, true);
  const line = new SortLines(b, job, { isLast: to === undefined, areas: to === undefined ? [from] : [from, to] });
  const at = b.let(add(mul(linearWorkgroup(grid), u(workgroupSize)), builtin("localIndex")));
  b.if(lt(at, u(count)), () => {
    const row = b.let(div(at, u(length)));
    const lineStart = b.let(mul(row, u(length)));
    const column = b.let(sub(at, lineStart));
    const groupStart = b.let(mul(div(column, u(run * fan)), u(run * fan)));
    const own = b.let(div(sub(column, groupStart), u(run)));
    const key = b.let(b.load(source.keys, at));
    const searches = Array.from({ length: fan - 1 }, (_, i) => {
      const other = b.let(rem(add(own, u(i + 1)), u(fan)));
      const start = b.let(add(groupStart, mul(other, u(run))));
      const size = b.let(select(lt(start, u(length)), min(sub(u(length), start), u(run)), u(0)));
      return { start: b.let(add(lineStart, start)), size, isEarlier: b.let(lt(other, own)), found: b.var(u(0)) };
    });
    // `found` grows bit by bit: as many elements of the run as are known to come before this one.
    const steps = Math.floor(Math.log2(run)) + 1;
    b.for(u(0), u(steps), u(1), (step) => {
      const bit = b.let(binary("shr", u(2 ** (steps - 1)), step));
      for (const { start, size, isEarlier, found } of searches) {
        const probe = b.let(add(found.value, bit));
        const isInside = b.let(le(probe, size));
        const element = b.let(b.load(source.keys, select(isInside, sub(add(start, probe), u(1)), at)));
        const isBefore = binary("or", lt(element, key), and(eq(element, key), isEarlier));
        b.assign(found, select(and(isInside, isBefore), probe, found.value));
      }
    });
    const within = sub(sub(column, groupStart), mul(own, u(run)));
    const place = b.let(sum([groupStart, within, ...searches.map(({ found }) => found.value)]));
    const position = b.let(b.load(source.positions, at));
    if (target === undefined) line.store(line.row(row), place, position);
    else {
      const slot = b.let(add(lineStart, place));
      b.store(target.keys, slot, key);
      b.store(target.positions, slot, position);
    }
  });
  return { ...b.finish(), grid };
}
