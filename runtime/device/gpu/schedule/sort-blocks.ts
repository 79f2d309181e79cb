/**
 * @file Blocks sorted in shared memory by Batcher's bitonic network, in the form whose every comparison puts the smaller pair first: the first step of
 * each merge compares mirror images. The network is not stable; pairs of a key and a position are all different, and their order is the stable one.
 * Short lines share a workgroup.
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
  linearWorkgroup,
  lt,
  min,
  mul,
  rem,
  select,
  sub,
  u,
  u32,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch } from "../target.ts";
import { bindPairs, type PairMemory, type SortJob, SortLines } from "./sort-job.ts";

/** Elements that a workgroup sorts where lines are shorter. */
const usualElements = 512;

interface Element {
  readonly row: Expr;
  readonly column: Expr;
  readonly isReal: Expr;
  /** In shared memory. */
  readonly slot: Expr;
}

/** Sorts blocks of `block` elements, a power of two, of every line; into the results where a line is one block, else into `to`. */
export function sortBlocks(job: SortJob, block: number, to?: PairMemory): Dispatch {
  const { lines, context } = job;
  const { rows, length } = lines;
  const perRow = Math.ceil(length / block);
  const total = rows * perRow;
  let together = 1;
  while (together * block < usualElements && together < total) together *= 2;
  const elements = Math.max(2, together * block);
  const workgroupSize = Math.min(
    2 ** Math.floor(Math.log2(Math.min(256, context.target.limits.invocations))),
    elements / 2,
  );
  const grid = gridOf(Math.ceil(total / (elements / block)), context.target.limits.workgroups);

  const b = new KernelBuilder(workgroupSize);
  const pairs = to === undefined ? undefined : bindPairs(b, job, to, true);
  const line = new SortLines(b, job, { isLast: to === undefined, areas: to === undefined ? [] : [to] });
  const keys = b.shared(u32, elements);
  const positions = b.shared(u32, elements);
  const local = builtin("localIndex");
  const first = b.let(mul(linearWorkgroup(grid), u(elements / block)));
  const element = (i: number): Element => {
    const slot = b.let(add(local, u(i * workgroupSize)));
    const number = b.let(add(first, div(slot, u(block))));
    const row = b.let(div(number, u(perRow)));
    const column = b.let(add(mul(rem(number, u(perRow)), u(block)), rem(slot, u(block))));
    return { slot, row, column, isReal: b.let(and(lt(row, u(rows)), lt(column, u(length)))) };
  };

  b.unrolled(elements / workgroupSize, (i) => {
    const { row, column, isReal, slot } = element(i);
    const point = line.row(b.let(min(row, u(rows - 1))));
    const key = line.key(point, b.let(min(column, u(length - 1))));
    // What fills a block up has the largest key, and positions beyond all others.
    b.set(keys, slot, select(isReal, key, u(0xffffffff)));
    b.set(positions, slot, column);
  });

  const exchange = (at: Expr, other: Expr): void => {
    const [i, j] = [b.let(at), b.let(other)];
    const [key, otherKey] = [b.let(b.get(keys, i)), b.let(b.get(keys, j))];
    const [position, otherPosition] = [b.let(b.get(positions, i)), b.let(b.get(positions, j))];
    const isLater = binary("or", lt(otherKey, key), and(eq(otherKey, key), lt(otherPosition, position)));
    b.if(isLater, () => {
      b.set(keys, i, otherKey);
      b.set(keys, j, key);
      b.set(positions, i, otherPosition);
      b.set(positions, j, position);
    });
  };
  /** Every pair of slots is one invocation's. */
  const everyPair = (visit: (pair: Expr) => void): void =>
    b.unrolled(elements / 2 / workgroupSize, (i) => visit(b.let(add(local, u(i * workgroupSize)))));

  b.for(u(0), u(Math.log2(block)), u(1), (level) => {
    const half = b.let(binary("shl", u(1), level));
    b.barrier();
    everyPair((pair) => {
      const low = b.let(binary("and", pair, sub(half, u(1))));
      const start = b.let(mul(sub(pair, low), u(2)));
      exchange(add(start, low), sub(add(start, mul(half, u(2))), add(low, u(1))));
    });
    b.for(u(1), add(level, u(1)), u(1), (step) => {
      const stride = b.let(binary("shr", half, step));
      b.barrier();
      everyPair((pair) => {
        const at = b.let(sub(mul(pair, u(2)), binary("and", pair, sub(stride, u(1)))));
        exchange(at, add(at, stride));
      });
    });
  });
  b.barrier();

  b.unrolled(elements / workgroupSize, (i) => {
    const { row, column, isReal, slot } = element(i);
    b.if(isReal, () => {
      const position = b.let(b.get(positions, slot));
      if (pairs === undefined) line.store(line.row(row), column, position);
      else {
        const at = b.let(add(mul(row, u(length)), column));
        b.store(pairs.keys, at, b.get(keys, slot));
        b.store(pairs.positions, at, position);
      }
    });
  });
  return { ...b.finish(), grid };
}
