/**
 * @file Products of few rows with rows of B that lie side by side: an invocation takes four columns and every so many-th group of four steps, so that a
 * row of invocations reads whole lines of B and as many slices of k as the workgroup has room for are in flight. Also for a B of any strides.
 */
import { add, builtin, div, f, fma, type KernelBuilder, lane, mul, rem, splat, u, vec } from "../build.ts";
import type { Expr } from "../ir.ts";
import type { OperandReader } from "./matmul-operand.ts";
import type { ProductSink } from "./matmul-sink.ts";
import { addSlices } from "./matmul-slices.ts";

export interface ColumnShape {
  readonly rows: number;
  /** Quads of columns side by side. */
  readonly across: number;
  /** Slices of k; a power of two. */
  readonly slices: number;
}

export interface ColumnInput {
  readonly shape: ColumnShape;
  readonly a: OperandReader;
  readonly b: OperandReader;
  readonly firstColumn: Expr;
  readonly begin: Expr;
  readonly end: Expr;
}

export function emitColumns(
  k: KernelBuilder,
  { shape, a, b, firstColumn, begin, end }: ColumnInput,
  sink: ProductSink,
): void {
  const { rows, across, slices } = shape;
  const local = builtin("localIndex");
  const [slice, quad] = [k.let(div(local, u(across))), k.let(rem(local, u(across)))];
  const left = Array.from({ length: rows }, (_, row) => a.line(u(row)));
  const place = b.place(add(firstColumn, mul(quad, u(4))));
  const sums = left.map(() => k.var(splat(f(0), 4)));
  k.for(k.let(add(begin, mul(slice, u(4)))), end, u(4 * slices), (at) => {
    const raw = b.raw(place, at).map((vector) => k.let(vector));
    const x = left.map((line) => a.row(line, at));
    b.steps(raw, at).forEach((vector, step) => {
      sums.forEach((total, row) => {
        k.assign(total, fma(splat(lane(x[row] as Expr, step), 4), vector, total.value));
      });
    });
  });
  const threads = across * slices;
  const partial = k.shared(vec("f32", 4), rows * threads);
  sums.forEach((total, row) => {
    k.set(partial, add(local, u(row * threads)), total.value);
  });
  const total = addSlices(k, { array: partial, values: rows, slices, groups: across });
  k.for(local, u(rows * across), u(threads), (result) => {
    const [row, at] = [k.let(div(result, u(across))), k.let(rem(result, u(across)))];
    sink.quads([{ row, column: k.let(add(firstColumn, mul(at, u(4)))), sums: total(row, at) }]);
  });
}
