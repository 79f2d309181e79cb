/**
 * @file Tiles of attention and the two products that all of its kernels are made of, each thread keeping a small block of the result in registers.
 *
 * A workgroup is `down × across` threads. It holds *rows* (queries forward, keys in the gradient of k and v) and walks over *columns*. Thread (y, x) has the
 * rows y + down·i and the columns `each`·x + j:
 *
 *     dot         s[i][j] = Σ_d rows[i][d] · columns[j][d]        both tiles in shared memory, four elements of d per step
 *     accumulate  a[i][c] += Σ_j w[i][j] · columns[j][c]          weights w in shared memory, c the chunks x + across·…
 *
 * Column j of thread x lies at slot x + across·j, so that a thread's columns are neighbours (its weights are one vector) while the slots that neighbouring
 * threads read together are neighbours too. A slot takes an odd number of chunks: eight threads that read the same chunk of eight slots meet eight
 * different fours of the 32 banks. Rows are read by all x at once, a broadcast, and need no such care.
 *
 * Why blocks in registers: a step of `dot` with 4 × 4 reads 8 chunks (8 · 4 clocks of 128 bytes for 32 threads) for 64 multiply-adds (16 clocks of 128
 * lanes), half of peak; a thread that kept a whole query and read keys alone would do 4 per read, a quarter of that.
 */
import {
  type ArrayRef,
  add,
  builtin,
  cast,
  div,
  f,
  fma,
  type KernelBuilder,
  lane,
  lt,
  min,
  mul,
  rem,
  select,
  splat,
  u,
  type Variable,
  vec,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { GpuTarget } from "../target.ts";
import { chunksOf, chunkWidth, type HeadArray } from "./attention-access.ts";

export const chunkType = vec("f32", chunkWidth);
export const chunkBytes = 16;

export interface TileShape {
  readonly down: number;
  readonly across: number;
  /** Rows and columns of one thread. */
  readonly rowsEach: number;
  readonly columnsEach: 1 | 2 | 4;
  readonly rows: number;
  readonly columns: number;
  readonly threads: number;
  /** Of the head dimension, in a row of either tile; and from one column's slot to the next. */
  readonly chunks: number;
  readonly slotChunks: number;
}

/** Rows of a tile, columns of a tile: the largest first. Registers, not only shared memory, bound the choice. */
const preferences: readonly (readonly [down: number, rowsEach: number, columnsEach: 1 | 2 | 4])[] = [
  [16, 4, 4],
  [8, 4, 4],
  [8, 4, 2],
  [8, 2, 4],
  [8, 2, 2],
  [8, 2, 1],
  [8, 1, 1],
  [4, 1, 1],
  [2, 1, 1],
];

/** Fewer workgroups leave cores of a large GPU idle: then smaller tiles are better, although each does more reading. */
export const workgroupsWanted = 128;

/** Floats of sums that a thread can keep beside everything else: of the 255 registers of NVIDIA's threads, fewer elsewhere. */
const registerBudget = 64;

export interface TileDemand {
  readonly headDim: number;
  /** How many positions there are to make rows of, in how many heads. */
  readonly positions: number;
  readonly heads: number;
  /** Sums of [rows, headDim] that threads keep. */
  readonly sums: number;
  bytes(shape: TileShape): number;
}

export function chooseTileShape({ limits }: GpuTarget, demand: TileDemand): TileShape {
  const chunks = chunksOf(demand.headDim);
  const shapes = [8, 4].flatMap((across) =>
    preferences.map(([down, rowsEach, columnsEach]): TileShape => {
      const sizes = { down, across, rowsEach, columnsEach, rows: down * rowsEach, columns: across * columnsEach };
      return { ...sizes, threads: down * across, chunks, slotChunks: chunks | 1 };
    }),
  );
  const fits = (shape: TileShape): boolean =>
    demand.bytes(shape) <= limits.sharedBytes && shape.threads <= limits.invocations;
  const isModest = (shape: TileShape): boolean =>
    shape.rowsEach * demand.sums * chunksEach(shape) * chunkWidth <= registerBudget || shape.rowsEach === 1;
  const isFull = ({ rows }: TileShape): boolean =>
    (rows < 2 * demand.positions || rows <= 2) &&
    (demand.heads * Math.ceil(demand.positions / rows) >= workgroupsWanted || rows <= 8);
  // Narrow heads leave half of eight threads without a chunk to sum.
  const isBusy = ({ across }: TileShape): boolean => chunks >= across || across === 4;
  const chosen =
    shapes.find((shape) => fits(shape) && isModest(shape) && isFull(shape) && isBusy(shape)) ?? shapes.findLast(fits);
  if (chosen === undefined)
    throw new RangeError(
      `attention with heads of ${demand.headDim} does not fit ${limits.sharedBytes} bytes of a workgroup's memory`,
    );
  return chosen;
}

/** Chunks of a row of sums that a thread keeps. */
export const chunksEach = ({ chunks, across }: TileShape): number => Math.ceil(chunks / across);

export const rowTileBytes = ({ rows, chunks }: TileShape): number => rows * chunks * chunkBytes;
export const columnTileBytes = ({ columns, slotChunks }: TileShape): number => columns * slotChunks * chunkBytes;
export const weightBytes = ({ rows, columns }: TileShape): number => rows * columns * 4;

/** One thread's block: `[row][column]` of scores, `[row][chunk]` of sums. */
export type Block = readonly (readonly Variable[])[];

export const entry = (block: Block, i: number, j: number): Variable => (block[i] as Block[number])[j] as Variable;

/** What is copied into a tile: positions `first`, `first + 1`, … of a head; zeros from `limit` on. `extent` positions exist. */
export interface TileSource {
  readonly from: HeadArray;
  readonly base: Expr;
  readonly first: Expr;
  readonly limit: Expr;
  readonly extent: number;
}

export class Tiles {
  readonly shape: TileShape;
  readonly x: Expr;
  readonly y: Expr;
  private readonly builder: KernelBuilder;

  constructor(builder: KernelBuilder, shape: TileShape) {
    this.builder = builder;
    this.shape = shape;
    this.x = builder.let(rem(builtin("localIndex"), u(shape.across)));
    this.y = builder.let(div(builtin("localIndex"), u(shape.across)));
  }

  rowTile(): ArrayRef {
    return this.builder.shared(chunkType, this.shape.rows * this.shape.chunks);
  }

  columnTile(): ArrayRef {
    return this.builder.shared(chunkType, this.shape.columns * this.shape.slotChunks);
  }

  weightTile(): ArrayRef {
    return this.builder.shared(vec("f32", this.shape.columnsEach), this.shape.rows * this.shape.across);
  }

  /** The i-th row of this thread within its tile. */
  row(i: number): Expr {
    return add(this.y, u(this.shape.down * i));
  }

  /** The j-th column of this thread within its tile. */
  column(j: number): Expr {
    return add(mul(this.x, u(this.shape.columnsEach)), u(j));
  }

  copyRows(tile: ArrayRef, source: TileSource): void {
    const { rows, chunks } = this.shape;
    copyTile(this.builder, source, { count: rows, chunks }, tile, (row, chunk) => add(mul(row, u(chunks)), chunk));
  }

  copyColumns(tile: ArrayRef, source: TileSource): void {
    const { across, columns, columnsEach, chunks, slotChunks } = this.shape;
    const slot = (column: Expr): Expr => add(div(column, u(columnsEach)), mul(rem(column, u(columnsEach)), u(across)));
    copyTile(this.builder, source, { count: columns, chunks }, tile, (column, chunk) =>
      add(mul(slot(column), u(slotChunks)), chunk),
    );
  }

  zeros(columns: number): Block {
    return Array.from({ length: this.shape.rowsEach }, () =>
      Array.from({ length: columns }, () => this.builder.var(f(0))),
    );
  }

  sums(): Block {
    return Array.from({ length: this.shape.rowsEach }, () =>
      Array.from({ length: chunksEach(this.shape) }, () => this.builder.var(splat(f(0), chunkWidth))),
    );
  }

  /** `rows · columnsᵀ`, over the head dimension. */
  dot(rows: ArrayRef, columns: ArrayRef): Block {
    const { builder, shape } = this;
    const block = this.zeros(shape.columnsEach);
    const rowStarts = block.map((_, i) => builder.let(mul(this.row(i), u(shape.chunks))));
    const slotStarts = Array.from({ length: shape.columnsEach }, (_, j) =>
      builder.let(mul(add(this.x, u(shape.across * j)), u(shape.slotChunks))),
    );
    builder.for(u(0), u(shape.chunks), u(1), (chunk) => {
      const b = slotStarts.map((start) => builder.let(builder.get(columns, add(start, chunk))));
      block.forEach((scores, i) => {
        const a = builder.let(builder.get(rows, add(rowStarts[i] as Expr, chunk)));
        scores.forEach((score, j) => {
          let sum = score.value;
          for (let d = 0; d < chunkWidth; d++) sum = fma(lane(a, d), lane(b[j] as Expr, d), sum);
          builder.assign(score, sum);
        });
      });
    });
    return block;
  }

  /** This thread's weights where `accumulate` finds them, after a barrier. */
  setWeights(weights: ArrayRef, i: number, values: readonly Expr[]): void {
    const at = add(mul(this.row(i), u(this.shape.across)), this.x);
    const [first] = values as [Expr];
    this.builder.set(
      weights,
      at,
      values.length === 1 ? first : { kind: "compose", parts: values, type: vec("f32", this.shape.columnsEach) },
    );
  }

  /** `sums += weights · columns`. */
  accumulate(sums: Block, weights: ArrayRef, columns: ArrayRef): void {
    const { builder, shape } = this;
    const rowStarts = sums.map((_, i) => builder.let(mul(this.row(i), u(shape.across))));
    const chunks = (sums[0] as readonly Variable[]).map((_, c) => builder.let(this.chunk(c)));
    builder.for(u(0), u(shape.across), u(1), (group) => {
      const w = rowStarts.map((start) => builder.let(builder.get(weights, add(start, group))));
      for (let j = 0; j < shape.columnsEach; j++) {
        const slot = builder.let(mul(add(group, u(shape.across * j)), u(shape.slotChunks)));
        chunks.forEach((chunk, c) => {
          const value = builder.let(builder.get(columns, add(slot, chunk)));
          sums.forEach((row, i) => {
            const weight = shape.columnsEach === 1 ? (w[i] as Expr) : lane(w[i] as Expr, j);
            const sum = row[c] as Variable;
            builder.assign(sum, fma(splat(weight, chunkWidth), value, sum.value));
          });
        });
      }
    });
  }

  /** Writes what `value` gives for row i and its c-th chunk, where position and chunk exist. */
  storeRows(to: HeadArray, base: Expr, first: Expr, positions: number, value: (i: number, c: number) => Expr): void {
    const { builder, shape } = this;
    for (let i = 0; i < shape.rowsEach; i++) {
      const position = builder.let(add(first, this.row(i)));
      builder.if(lt(position, u(positions)), () => {
        for (let c = 0; c < chunksEach(shape); c++) {
          const chunk = builder.let(add(this.x, u(shape.across * c)));
          const put = (): void => to.store(base, position, chunk, value(i, c));
          if (shape.across * (c + 1) <= shape.chunks) put();
          else builder.if(lt(chunk, u(shape.chunks)), put);
        }
      });
    }
  }

  /** The c-th chunk of this thread; the last one again where there is none. */
  private chunk(c: number): Expr {
    const { across, chunks } = this.shape;
    const chunk = add(this.x, u(across * c));
    return across * (c + 1) <= chunks ? chunk : min(chunk, u(chunks - 1));
  }
}

/**
 * Copies `count` positions into a tile of shared memory, `chunks` each. Neighbouring threads take neighbouring chunks; loads go out in batches
 * before the first is waited for.
 */
export function copyTile(
  builder: KernelBuilder,
  { from, base, first, limit, extent }: TileSource,
  { count, chunks }: { count: number; chunks: number },
  tile: ArrayRef,
  place: (index: Expr, chunk: Expr) => Expr,
): void {
  const { scalar } = tile.type;
  const threads = builder.workgroupSize;
  const total = count * chunks;
  const batch = 4;
  const part = (start: Expr, steps: number): void => {
    const loads = Array.from({ length: steps }, (_, step) => {
      const item = builder.let(add(add(start, builtin("localIndex")), u(step * threads)));
      const [index, chunk] = [builder.let(div(item, u(chunks))), builder.let(rem(item, u(chunks)))];
      const position = builder.let(add(first, index));
      const value = from.load(base, min(position, u(extent - 1)), chunk);
      return {
        to: place(index, chunk),
        value: builder.let(select(lt(position, limit), value, splat(f(0), chunkWidth))),
      };
    });
    for (const { to, value } of loads) builder.set(tile, to, cast(value, scalar));
  };
  const whole = Math.floor(total / (threads * batch));
  if (whole > 0) builder.for(u(0), u(whole * threads * batch), u(threads * batch), (start) => part(start, batch));
  const rest = Math.floor(total / threads) - whole * batch;
  const copied = (whole * batch + rest) * threads;
  if (rest > 0) part(u(whole * threads * batch), rest);
  if (copied < total) builder.if(lt(builtin("localIndex"), u(total - copied)), () => part(u(copied), 1));
}
