/**
 * @file Which entries belong to which row of a scatter, in the order of the entries: a counting sort by row without atomics. A workgroup has a bucket of
 * neighbouring rows. It finds its entries among all, in runs that its invocations share out, and lists them in order; then it numbers the entries of each
 * row, comparing within tiles of the list; the rows' counts give where each row's entries begin. Work: entries × (buckets + tile), whatever the rows are.
 */
import type { Access, ScatterAddKernel } from "../../../program/kernel.ts";
import { loadAccess } from "../access.ts";
import {
  type ArrayRef,
  add,
  and,
  type BoundArray,
  bitcast,
  builtin,
  cast,
  eq,
  gridOf,
  gt,
  KernelBuilder,
  linearWorkgroup,
  lt,
  min,
  mul,
  select,
  sub,
  u,
  u32,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { KernelMemory } from "../memory.ts";
import { WorkgroupScan } from "../scan.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";

/** The scratch areas. */
export const orderScratch = { starts: 0, entries: 1, listed: 2, ranks: 3 } as const;

/** Bytes of each: where the entries of a row begin (and, after the last row, end); the entries by row; lists of the buckets; ranks in their rows. */
export function orderScratchBytes({ rows, count }: ScatterAddKernel): readonly number[] {
  const words = (length: number): number => Math.ceil(length / 4) * 16;
  return [words(rows + 1), words(count), words(count), words(count)];
}

/** Workgroups enough for any GPU; more would only read all entries more often. */
const wantedBuckets = 256;
/** Counters in shared memory. */
const mostRowsPerBucket = 2048;

const nowhere = u(0xffffffff);

interface Bucket {
  readonly b: KernelBuilder;
  readonly kernel: ScatterAddKernel;
  readonly rowsPerBucket: number;
  /** The bucket's first row. */
  readonly firstRow: Expr;
  /** An entry's row; `nowhere` if there is no such row. */
  rowOf(entry: Expr): Expr;
}

export function scheduleOrder(kernel: ScatterAddKernel, context: ScheduleContext): Dispatch {
  const { rows, index } = kernel;
  const { limits } = context.target;
  const rowsPerBucket = Math.min(mostRowsPerBucket, 2 ** Math.ceil(Math.log2(Math.max(1, rows / wantedBuckets))));
  const b = new KernelBuilder(limits.invocations >= 256 ? 256 : 64);
  const memory = new KernelMemory(b, context, usesOfIndex(index), { reserved: 4 });
  const scratch = (area: keyof typeof orderScratch): BoundArray =>
    b.bind({ kind: "scratch", index: orderScratch[area] }, u32, { isWritten: true });
  const [starts, entries, listed, ranks] = [scratch("starts"), scratch("entries"), scratch("listed"), scratch("ranks")];
  const scan = new WorkgroupScan(b, context.target, u32);
  const counts = b.shared(u32, rowsPerBucket);
  const grid = gridOf(Math.ceil(rows / rowsPerBucket), limits.workgroups);
  const firstRow = b.let(mul(linearWorkgroup(grid), u(rowsPerBucket)));
  const bucket: Bucket = {
    ...{ b, kernel, rowsPerBucket, firstRow },
    rowOf: (entry) => {
      // A negative index is a large one.
      const row = b.let(bitcast(loadAccess(b, memory, index, [entry]), "u32"));
      return b.let(select(lt(row, u(rows)), row, nowhere));
    },
  };
  b.if(lt(firstRow, u(rows)), () => {
    const { begin, length } = list(bucket, scan, listed);
    number(bucket, { counts, listed, ranks, begin, length });
    place(bucket, scan, { counts, starts, begin });
    b.for(builtin("localIndex"), length, u(b.workgroupSize), (at) => {
      const slot = b.let(add(begin, at));
      const entry = b.let(b.load(listed, slot));
      const start = b.get(counts, sub(bucket.rowOf(entry), firstRow));
      b.store(entries, add(start, b.load(ranks, slot)), entry);
    });
  });
  return { ...b.finish(), grid };
}

const usesOfIndex = ({ buffer, dynamic = [] }: Access) =>
  [buffer, ...dynamic.map(({ index }) => index.buffer)].map((id) => ({ buffer: id, isWritten: false, isWide: false }));

/** Loads in flight together. */
const together = 4;

/** Lists the bucket's entries in order, where the entries of all buckets in front of it end. */
function list(
  bucket: Bucket,
  scan: WorkgroupScan,
  listed: BoundArray,
): { readonly begin: Expr; readonly length: Expr } {
  const { b, kernel, rowsPerBucket, firstRow } = bucket;
  const { count } = kernel;
  // A run of entries for each invocation: so they are in order without a barrier for every few of them.
  const run = Math.ceil(count / (b.workgroupSize * together)) * together;
  const first = b.let(mul(builtin("localIndex"), u(run)));
  const end = b.let(min(add(first, u(run)), u(count)));
  const forEntries = (visit: (entry: Expr, row: Expr, isIn: Expr) => void): void =>
    b.for(first, end, u(together), (at) => {
      const group = Array.from({ length: together }, (_, i) => b.let(add(at, u(i))));
      const found = group.map((entry) => bucket.rowOf(b.let(min(entry, u(count - 1)))));
      group.forEach((entry, i) => {
        visit(entry, found[i] as Expr, lt(entry, u(count)));
      });
    });
  const [inFront, own] = [b.var(u(0)), b.var(u(0))];
  const isOwn = (row: Expr): Expr => lt(sub(row, firstRow), u(rowsPerBucket));
  const one = (cond: Expr): Expr => cast(cond, "u32");
  forEntries((_, row, isIn) => {
    b.assign(own, add(own.value, one(and(isIn, isOwn(row)))));
    b.assign(inFront, add(inFront.value, one(and(isIn, lt(row, firstRow)))));
  });
  const begin = scan.exclusive(inFront.value).total;
  const { before, total } = scan.exclusive(own.value);
  const next = b.var(add(begin, before));
  forEntries((entry, row, isIn) => {
    b.if(and(isIn, isOwn(row)), () => {
      b.store(listed, next.value, entry);
      b.assign(next, add(next.value, u(1)));
    });
  });
  b.barrier({ storage: true });
  // Loops with barriers depend on it.
  const shared = b.shared(u32, 1);
  b.if(eq(builtin("localIndex"), u(0)), () => b.set(shared, 0, total));
  return { begin, length: b.uniform(shared, 0) };
}

interface Numbering {
  readonly counts: ArrayRef;
  readonly listed: BoundArray;
  readonly ranks: BoundArray;
  readonly begin: Expr;
  readonly length: Expr;
}

/** Numbers the listed entries of each row, and counts them. An invocation has one entry of a tile, and compares its row with the others'. */
function number(
  { b, rowsPerBucket, firstRow, rowOf }: Bucket,
  { counts, listed, ranks, begin, length }: Numbering,
): void {
  const local = builtin("localIndex");
  const size = b.workgroupSize;
  const tile = b.shared(u32, size);
  b.for(local, u(rowsPerBucket), u(size), (row) => b.set(counts, row, u(0)));
  b.for(u(0), length, u(size), (base) => {
    const at = b.let(add(base, local));
    const isIn = b.let(lt(at, length));
    const slot = b.let(add(begin, at));
    const row = b.var(nowhere);
    b.if(isIn, () => b.assign(row, sub(rowOf(b.let(b.load(listed, slot))), firstRow)));
    b.set(tile, local, row.value);
    b.barrier();
    const [before, after] = [b.var(u(0)), b.var(u(0))];
    const filled = b.let(min(sub(length, base), u(size)));
    b.for(u(0), filled, u(1), (other) => {
      const same = b.let(eq(b.get(tile, other), row.value));
      b.assign(before, add(before.value, cast(and(same, lt(other, local)), "u32")));
      b.assign(after, add(after.value, cast(and(same, gt(other, local)), "u32")));
    });
    const rank = b.var(u(0));
    b.if(isIn, () => {
      b.assign(rank, add(b.get(counts, row.value), before.value));
      b.store(ranks, slot, rank.value);
    });
    b.barrier();
    // The last of its row counts for all of them.
    b.if(and(isIn, eq(after.value, u(0))), () => b.set(counts, row.value, add(rank.value, u(1))));
  });
  b.barrier();
}

interface Placing {
  readonly counts: ArrayRef;
  readonly starts: BoundArray;
  readonly begin: Expr;
}

/** The counts of the rows become where their entries begin. */
function place(
  { b, kernel, rowsPerBucket, firstRow }: Bucket,
  scan: WorkgroupScan,
  { counts, starts, begin }: Placing,
): void {
  const local = builtin("localIndex");
  const { rows } = kernel;
  let carry = begin;
  for (let chunk = 0; chunk < rowsPerBucket; chunk += b.workgroupSize) {
    const at = b.let(add(local, u(chunk)));
    const isCounter = rowsPerBucket % b.workgroupSize === 0 ? undefined : lt(at, u(rowsPerBucket));
    const count = b.var(u(0));
    const when = (then: () => void): void => (isCounter === undefined ? then() : b.if(isCounter, then));
    when(() => b.assign(count, b.get(counts, at)));
    const { before, total } = scan.exclusive(count.value);
    const start = b.let(add(carry, before));
    when(() => {
      b.set(counts, at, start);
      const row = b.let(add(firstRow, at));
      b.if(lt(row, u(rows)), () => b.store(starts, row, start));
      b.if(eq(row, u(rows - 1)), () => b.store(starts, u(rows), add(start, count.value)));
    });
    carry = b.let(add(carry, total));
  }
  b.barrier();
}
