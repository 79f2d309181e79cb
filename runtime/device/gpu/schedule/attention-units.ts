/**
 * @file Tiles of attention on matrix units, for operands in f16: the products of `attention-tiles.ts` with f32 sums, as matrices that a subgroup holds.
 *
 * A subgroup owns 16 rows of its workgroup's tile and all columns. Its rows of q (k, v, dout) stay in registers as matrices for the whole kernel, its sums
 * too; tiles of columns pass through shared memory. What happens between the products (mask, exp2, differences) needs to know which element is which,
 * so scores go through a *strip* of shared memory in f32, where each row belongs to a few neighbouring threads of its own subgroup, and come
 * back in f16 as the left operand of the next product.
 *
 * Sums in registers cannot be rescaled row by row, so the forward kernel runs through the keys twice: for the maxima and sums, then for the
 * weights. Three products instead of two, at eight times the rate of plain f32 or more.
 *
 * Lines of f16 are padded by 16 bytes and those of f32 by 16, so that the lines that a matrix load reads at once lie in different banks.
 */
import { type ArrayRef, add, builtin, div, type KernelBuilder, lt, mul, rem, u, vec } from "../build.ts";
import type { Expr, LocalId } from "../ir.ts";
import type { MatrixUnit, ScheduleContext } from "../target.ts";
import { type AnyAttention, chunkWidth, type HeadArray } from "./attention-access.ts";
import { chunkBytes, copyTile, type TileSource, workgroupsWanted } from "./attention-tiles.ts";
import { unitFor } from "./matmul-units.ts";

export interface UnitShape {
  readonly unit: MatrixUnit;
  /** Lanes of a subgroup. */
  readonly width: number;
  readonly isWidthAsked: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly threads: number;
  /** Threads per row. */
  readonly parts: number;
  readonly headDim: number;
}

/** What a kernel keeps in shared memory. */
export interface UnitDemand {
  readonly positions: number;
  readonly heads: number;
  readonly tiles: number;
  readonly strips: number;
  readonly weights: number;
  /** Bytes beside those. */
  readonly others: number;
}

const ownRows = 16;
const columns = 32;
/** Beyond this the sums of a subgroup do not fit its registers. */
const widestHead = 128;

/** Chunks from one line to the next. */
const tileLine = (headDim: number): number => headDim / chunkWidth + 2;
const stripLine = columns / chunkWidth + 1;
const weightLine = columns / chunkWidth + 2;

/** Undefined where the target has no unit for these operands. */
export function chooseUnitShape(
  kernel: AnyAttention,
  { target, buffers }: ScheduleContext,
  demand: UnitDemand,
): UnitShape | undefined {
  const { headDim } = kernel.dims;
  const operands = [kernel.q, kernel.k, kernel.v, ...(kernel.kind === "attention" ? [] : [kernel.dout])];
  const found = target.f16 ? unitFor(target, ["f16"]) : undefined;
  // Tiles lie in shared memory as f16: a unit for f32 would want them widened.
  if (found?.unit.input !== "f16" || !operands.every(({ buffer }) => buffers[buffer]?.dtype === "f16"))
    return undefined;
  const { unit, width, isWidthAsked } = found;
  const isWhole = ownRows % unit.m === 0 && [headDim, columns].every((n) => n % unit.n === 0 && n % unit.k === 0);
  if (!isWhole || headDim > widestHead || width % ownRows !== 0 || columns % ((width / ownRows) * chunkWidth) !== 0)
    return undefined;
  for (const subgroups of [4, 2, 1]) {
    const [rows, threads] = [subgroups * ownRows, subgroups * width];
    const bytes =
      (demand.tiles * Math.max(rows, columns) * tileLine(headDim) * chunkBytes) / 2 +
      demand.strips * rows * stripLine * chunkBytes +
      (demand.weights * rows * weightLine * chunkBytes) / 2 +
      demand.others;
    const fits = bytes <= target.limits.sharedBytes && threads <= target.limits.invocations;
    const isFull = rows < 2 * demand.positions && demand.heads * Math.ceil(demand.positions / rows) >= workgroupsWanted;
    if (fits && (isFull || subgroups === 1))
      return { unit, width, isWidthAsked, rows, columns, threads, parts: width / ownRows, headDim };
  }
  return undefined;
}

/** Matrices of a subgroup, [down][along]. */
export type Matrices = readonly (readonly LocalId[])[];

export class UnitTiles {
  readonly shape: UnitShape;
  /** This thread's row of the tile, and which part of the row's columns is its own. */
  readonly row: Expr;
  readonly part: Expr;
  private readonly builder: KernelBuilder;
  private readonly firstRow: Expr;

  constructor(builder: KernelBuilder, shape: UnitShape) {
    this.builder = builder;
    this.shape = shape;
    if (shape.isWidthAsked) builder.fixSubgroupSize(shape.width);
    const local = builtin("localIndex");
    this.row = builder.let(div(local, u(shape.parts)));
    this.part = builder.let(rem(local, u(shape.parts)));
    this.firstRow = builder.let(mul(div(local, u(shape.width)), u(ownRows)));
  }

  /** Room for rows or for columns. */
  tile(): ArrayRef {
    const { rows, headDim } = this.shape;
    return this.builder.shared(vec("f16", chunkWidth), Math.max(rows, columns) * tileLine(headDim));
  }

  strip(): ArrayRef {
    return this.builder.shared(vec("f32", chunkWidth), this.shape.rows * stripLine);
  }

  weights(): ArrayRef {
    return this.builder.shared(vec("f16", chunkWidth), this.shape.rows * weightLine);
  }

  copy(tile: ArrayRef, source: TileSource, count: number): void {
    const { headDim } = this.shape;
    copyTile(this.builder, source, { count, chunks: headDim / chunkWidth }, tile, (index, chunk) =>
      add(mul(index, u(tileLine(headDim))), chunk),
    );
  }

  /** The subgroup's rows of a tile, kept. */
  hold(tile: ArrayRef): Matrices {
    const { unit, headDim } = this.shape;
    return this.grid(ownRows / unit.m, headDim / unit.k, (i, step) => {
      const id = this.left();
      this.builder.matrixLoad(id, this.at(tile, this.firstRow, i * unit.m, step * unit.k, tileLine(headDim), false));
      return id;
    });
  }

  /** `strip = rows · columnsᵀ`, over the head dimension; the subgroup's own rows. */
  dot(rows: Matrices, tile: ArrayRef, strip: ArrayRef): void {
    const { builder } = this;
    const { unit, headDim } = this.shape;
    for (let j = 0; j < columns / unit.n; j++) {
      const sums = rows.map(() => this.result());
      for (let step = 0; step < headDim / unit.k; step++) {
        const right = this.right();
        builder.matrixLoad(right, this.at(tile, u(0), j * unit.n, step * unit.k, tileLine(headDim), true));
        rows.forEach((line, i) => {
          builder.matrixMultiplyAdd(sums[i] as LocalId, line[step] as LocalId, right);
        });
      }
      sums.forEach((sum, i) => {
        builder.matrixStore(sum, this.at(strip, this.firstRow, i * unit.m, j * unit.n, stripLine, false));
      });
    }
  }

  sums(): Matrices {
    const { unit, headDim } = this.shape;
    return this.grid(ownRows / unit.m, headDim / unit.n, () => this.result());
  }

  /** `sums += weights · columns`. */
  accumulate(sums: Matrices, weights: ArrayRef, tile: ArrayRef): void {
    const { builder } = this;
    const { unit, headDim } = this.shape;
    for (let step = 0; step < columns / unit.k; step++) {
      const left = sums.map((_, i) => {
        const id = this.left();
        builder.matrixLoad(id, this.at(weights, this.firstRow, i * unit.m, step * unit.k, weightLine, false));
        return id;
      });
      for (let c = 0; c < headDim / unit.n; c++) {
        const right = this.right();
        builder.matrixLoad(right, this.at(tile, u(0), step * unit.k, c * unit.n, tileLine(headDim), false));
        sums.forEach((line, i) => {
          builder.matrixMultiplyAdd(line[c] as LocalId, left[i] as LocalId, right);
        });
      }
    }
  }

  /** Through a strip to memory; begins and ends with everyone's arrival. */
  store(
    sums: Matrices,
    strip: ArrayRef,
    to: { readonly array: HeadArray; readonly base: Expr; readonly position: Expr; readonly positions: number },
    value: (sum: Expr) => Expr = (sum) => sum,
  ): void {
    const { builder } = this;
    const { unit, headDim } = this.shape;
    for (let from = 0; from < headDim; from += columns) {
      const width = Math.min(columns, headDim - from);
      builder.barrier();
      sums.forEach((line, i) => {
        for (let c = 0; c < width / unit.n; c++)
          builder.matrixStore(
            line[from / unit.n + c] as LocalId,
            this.at(strip, this.firstRow, i * unit.m, c * unit.n, stripLine, false),
          );
      });
      builder.barrier();
      builder.if(lt(to.position, u(to.positions)), () =>
        this.ownChunks((chunk) => {
          const put = (): void => {
            const sum = builder.let(builder.get(strip, add(mul(this.row, u(stripLine)), chunk)));
            to.array.store(to.base, to.position, add(chunk, u(from / chunkWidth)), value(sum));
          };
          if (width === columns) put();
          else builder.if(lt(chunk, u(width / chunkWidth)), put);
        }),
      );
    }
  }

  /** Four neighbouring columns at a time, of this thread's part of its row. */
  ownChunks(visit: (chunk: Expr) => void): void {
    const each = columns / chunkWidth / this.shape.parts;
    for (let c = 0; c < each; c++) visit(this.builder.let(add(mul(this.part, u(each)), u(c))));
  }

  score(strip: ArrayRef, chunk: Expr): Expr {
    return this.builder.let(this.builder.get(strip, add(mul(this.row, u(stripLine)), chunk)));
  }

  setWeights(weights: ArrayRef, chunk: Expr, values: Expr): void {
    this.builder.set(weights, add(mul(this.row, u(weightLine)), chunk), values);
  }

  private at(array: ArrayRef, first: Expr, row: number, column: number, line: number, columnMajor: boolean) {
    const offset = this.builder.let(add(mul(add(first, u(row)), u(line)), u(column / chunkWidth)));
    return { array: { shared: array.id }, offset, stride: line, columnMajor };
  }

  private grid<T>(down: number, along: number, make: (i: number, j: number) => T): readonly (readonly T[])[] {
    return Array.from({ length: down }, (_, i) => Array.from({ length: along }, (_, j) => make(i, j)));
  }

  private left(): LocalId {
    const { m, k } = this.shape.unit;
    return this.builder.matrix({ role: "left", component: "f16", rows: m, cols: k });
  }

  private right(): LocalId {
    const { n, k } = this.shape.unit;
    return this.builder.matrix({ role: "right", component: "f16", rows: k, cols: n });
  }

  private result(): LocalId {
    const { m, n } = this.shape.unit;
    return this.builder.matrix({ role: "result", component: "f32", rows: m, cols: n });
  }
}
