/**
 * @file Products of few rows with columns that lie along k (a decoded token times a weight as PyTorch keeps it): dot products at the speed of
 * memory. A team of invocations takes a few columns at once, so that as many loads are in flight and each load of A serves all of them; neighbours
 * read neighbouring vectors. The team's sums meet by shuffles within a subgroup, then in shared memory.
 */
import { add, builtin, div, f, f32, fma, type KernelBuilder, lane, lt, mul, rem, splat, u } from "../build.ts";
import type { Expr } from "../ir.ts";
import type { GpuTarget } from "../target.ts";
import type { OperandReader } from "./matmul-operand.ts";
import type { ProductSink } from "./matmul-sink.ts";
import { addSlices } from "./matmul-slices.ts";

export interface DotShape {
  readonly rows: number;
  /** Columns of a team. */
  readonly columns: number;
  /** Invocations of a team; a power of two. */
  readonly team: number;
  readonly threads: number;
}

export const columnsOf = ({ columns, team, threads }: DotShape): number => columns * (threads / team);

export interface DotInput {
  readonly shape: DotShape;
  readonly a: OperandReader;
  readonly b: OperandReader;
  readonly firstColumn: Expr;
  readonly begin: Expr;
  readonly end: Expr;
}

export function emitDots(k: KernelBuilder, input: DotInput, target: GpuTarget, sink: ProductSink): void {
  const { a, b, begin, end } = input;
  const { rows, columns, team, threads } = input.shape;
  const local = builtin("localIndex");
  const teams = threads / team;
  const [number, position] = [k.let(div(local, u(team))), k.let(rem(local, u(team)))];
  const first = k.let(add(input.firstColumn, mul(number, u(columns))));
  const left = Array.from({ length: rows }, (_, row) => a.line(u(row)));
  const right = Array.from({ length: columns }, (_, column) => b.line(add(first, u(column))));
  const sums = left.map(() => right.map(() => k.var(splat(f(0), 4))));
  k.for(k.let(add(begin, mul(position, u(4)))), end, u(4 * team), (at) => {
    const w = right.map((line) => b.row(line, at));
    left.forEach((line, i) => {
      const x = a.row(line, at);
      w.forEach((vector, c) => {
        const total = (sums[i] as readonly { value: Expr }[])[c] as (typeof sums)[number][number];
        k.assign(total, fma(x, vector, total.value));
      });
    });
  });
  // Lanes of a subgroup are neighbours (`GpuTarget.subgroups`), so a team or a part of it that is no wider lies within one.
  const within = Math.min(team, target.subgroups?.min ?? 1);
  const slices = team / within;
  const partial = k.shared(f32, rows * columns * slices * teams);
  const size = slices * teams;
  const slot = k.let(add(mul(div(position, u(within)), u(teams)), number));
  const totals = sums.flat().map((total) => {
    let value = k.let(sumOf([0, 1, 2, 3].map((i) => lane(total.value, i))));
    for (let mask = within / 2; mask >= 1; mask /= 2)
      value = k.let(add(value, k.subgroup("shuffleXor", value, u(mask))));
    return value;
  });
  k.if(lt(rem(position, u(within)), u(1)), () => {
    totals.forEach((value, i) => {
      k.set(partial, add(slot, u(i * size)), value);
    });
  });
  const total = addSlices(k, { array: partial, values: rows * columns, slices, groups: teams });
  const across = columns * teams;
  k.for(local, u(rows * across), u(threads), (result) => {
    const [row, column] = [k.let(div(result, u(across))), k.let(rem(result, u(across)))];
    const value = total(add(mul(row, u(columns)), rem(column, u(columns))), div(column, u(columns)));
    sink.single(row, k.let(add(input.firstColumn, column)), value);
  });
}

const sumOf = ([x, y, z, w]: readonly Expr[]): Expr => add(add(x as Expr, y as Expr), add(z as Expr, w as Expr));
