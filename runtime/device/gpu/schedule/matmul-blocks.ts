/**
 * @file Products too small for tiles in shared memory, many of them perhaps, and those of a few steps (outer products): each invocation makes 4 × 4
 * results from loads of its own, which the first-level cache serves.
 */
import {
  add,
  builtin,
  div,
  f,
  fma,
  gridOf,
  type KernelBuilder,
  lane,
  linearWorkgroup,
  lt,
  mul,
  rem,
  splat,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { batchesOf, coordinatesOf } from "./matmul-grid.ts";
import type { OperandReader } from "./matmul-operand.ts";
import type { ProductSink } from "./matmul-sink.ts";

export interface BlockProduct {
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export const blockThreads = 64;
/** Steps that are written out rather than looped over. */
const unrolledSteps = 16;

const blocksOf = ({ batch, m, n }: BlockProduct): number => batchesOf(batch) * Math.ceil(m / 4) * Math.ceil(n / 4);

export const blockGrid = (product: BlockProduct, limit: number): readonly [number, number, number] =>
  gridOf(Math.ceil(blocksOf(product) / blockThreads), limit);

export function emitBlocks(
  k: KernelBuilder,
  product: BlockProduct,
  limit: number,
  enter: (position: { readonly batch: readonly Expr[]; readonly flatBatch: Expr }) => {
    readonly a: OperandReader;
    readonly b: OperandReader;
    readonly sink: ProductSink;
  },
): void {
  const { m, n, batch } = product;
  const [down, across] = [Math.ceil(m / 4), Math.ceil(n / 4)];
  const group = linearWorkgroup(blockGrid(product, limit));
  const number = k.let(add(mul(group, u(blockThreads)), builtin("localIndex")));
  k.if(lt(number, u(blocksOf(product))), () => {
    const column = k.let(mul(rem(number, u(across)), u(4)));
    const line = k.let(div(number, u(across)));
    const row = k.let(mul(rem(line, u(down)), u(4)));
    const flatBatch = k.let(div(line, u(down)));
    const { a, b, sink } = enter({ flatBatch, batch: coordinatesOf(k, flatBatch, batch) });
    const sums = Array.from({ length: Math.min(4, m) }, () => k.var(splat(f(0), 4)));
    const [left, right] = [a.place(row), b.place(column)];
    const steps = (at: Expr): void => {
      const [x, y] = [a.raw(left, at), b.raw(right, at)].map((raw) => raw.map((vector) => k.let(vector))) as [
        Expr[],
        Expr[],
      ];
      const [rows, columns] = [a.steps(x, at), b.steps(y, at)];
      columns.forEach((vector, step) => {
        sums.forEach((total, i) => {
          k.assign(total, fma(splat(lane(rows[step] as Expr, i), 4), vector, total.value));
        });
      });
    };
    if (product.k <= unrolledSteps) for (let at = 0; at < product.k; at += 4) steps(u(at));
    else k.for(u(0), u(product.k), u(4), steps);
    sink.quads(sums.map((total, i) => ({ row: add(row, u(i)), column, sums: total.value })));
  });
}
