/**
 * @file The register-tiled product: a workgroup makes a tile of `bm × bn`, an invocation `tm × tn` of it, in sums that stay in registers. Both operands
 * pass through shared memory, k-major, `bk` steps at a time, in two buffers: while one is multiplied, the loads of the next are in
 * flight, and one barrier per `bk` steps is enough.
 *
 * - An invocation loads blocks of 4 neighbours × 4 steps with vector loads along whichever lies side by side, transposes them in registers where that is k,
 *   and stores vectors of neighbours. Pairs of lanes read 32 bytes side by side (a sector), groups of eight 64.
 * - Every second group of four steps is stored with its quads of neighbours exchanged by 4 (`quad ^ 4`), so that the eight lanes that a shared store of 16 bytes
 *   serves at a time hit eight different quads of banks, transposed or not. Reading undoes it with constants. So no padding: 128 × 128 × 16 twice is
 *   32 KiB exactly.
 * - 32 invocations that run together cover 4 × 8 small tiles (not 2 × 16), so that they read few different vectors: 4 of A and 8 of B per step. An invocation's
 *   rows are two groups of 4, half a tile apart (columns likewise), so that neighbours read neighbouring vectors.
 */
import {
  add,
  binary,
  builtin,
  div,
  f,
  fma,
  type KernelBuilder,
  lane,
  mul,
  rem,
  splat,
  u,
  type Variable,
  vec,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { type BlockLayout, pipeline, TileLoader, type TileSide } from "./matmul-loader.ts";
import type { OperandReader } from "./matmul-operand.ts";

export interface TileShape {
  readonly bm: number;
  readonly bn: number;
  /** 4 or 8. */
  readonly tm: number;
  readonly tn: number;
  /** A multiple of 8. */
  readonly bk: number;
}

export const invocationsOf = ({ bm, bn, tm, tn }: TileShape): number => (bm / tm) * (bn / tn);

export const sharedBytesOf = ({ bm, bn, bk }: TileShape): number => 2 * bk * (bm + bn) * 4;

/** Sums of one invocation: rows × quads of columns. */
export interface TileSums {
  readonly rows: number;
  readonly quads: number;
  /** Of the sum at [row][quad]; its first column. */
  row(row: number | Expr): Expr;
  column(quad: number | Expr): Expr;
  readonly sums: readonly (readonly Variable[])[];
}

export interface TileInput {
  readonly shape: TileShape;
  readonly a: OperandReader;
  readonly b: OperandReader;
  /** First row and column of the workgroup's tile. */
  readonly firstRow: Expr;
  readonly firstColumn: Expr;
  /** Steps from `begin` (a multiple of `bk`) to before `end`. */
  readonly begin: Expr;
  readonly end: Expr;
  /** No more than `bk` steps: nothing to overlap. */
  readonly isSingle: boolean;
}

const f32x4 = vec("f32", 4);
/** Steps of k written out one after another: two groups of four, whose places in shared memory differ by the exchange. */
const unrolledSteps = 8;

/** Emits the loop over k. */
export function emitTile(k: KernelBuilder, input: TileInput): TileSums {
  const { shape, begin, end, isSingle } = input;
  const { bm, bn, bk } = shape;
  const buffers = isSingle ? 1 : 2;
  const sides: Sides = [
    { reader: input.a, extent: bm, first: input.firstRow, array: k.shared(f32x4, (buffers * bk * bm) / 4) },
    { reader: input.b, extent: bn, first: input.firstColumn, array: k.shared(f32x4, (buffers * bk * bn) / 4) },
  ];
  const loader = new TileLoader(k, bk, sides, vectorLayout(k, bk));
  const multiply = new TileMultiplier(k, shape, sides);
  if (isSingle) {
    loader.fetch(begin);
    loader.place(begin, u(0));
    k.barrier();
    multiply.emit(u(0));
  } else pipeline(k, loader, { begin, end, bk, buffers: 2 }, (buffer) => multiply.emit(buffer));
  return multiply;
}

type Sides = readonly [TileSide, TileSide];

/** Vectors of four neighbours, step after step; every second group of four steps with its quads exchanged by 4. */
function vectorLayout(k: KernelBuilder, bk: number): BlockLayout {
  const quadsOf = ({ extent }: TileSide): number => extent / 4;
  return {
    deal: (block, side) =>
      side.reader.operand.form === "along-k"
        ? pairs(block, bk)
        : [rem(block, u(quadsOf(side))), div(block, u(quadsOf(side)))],
    target: (side, quad, group) => {
      const exchanged = quadsOf(side) < 8 ? quad : binary("xor", quad, mul(binary("and", group, u(1)), u(4)));
      return add(mul(group, u(4 * quadsOf(side))), exchanged);
    },
    bufferLength: (side) => bk * quadsOf(side),
    put: (side, first, raw, at) => {
      side.reader.steps(raw, at).forEach((value, i) => {
        k.set(side.array, add(first, u(i * quadsOf(side))), value);
      });
    },
  };
}

/** Pairs of lanes side by side along k, then four quads of neighbours, then the rest of k, then further quads. */
function pairs(block: Expr, bk: number): readonly [quad: Expr, group: Expr] {
  const further = bk / 8;
  const pair = binary("and", block, u(1));
  const near = binary("and", binary("shr", block, u(1)), u(3));
  const group = add(pair, mul(rem(div(block, u(8)), u(further)), u(2)));
  return [add(near, mul(div(block, u(8 * further)), u(4))), group];
}

class TileMultiplier implements TileSums {
  readonly rows: number;
  readonly quads: number;
  readonly sums: readonly (readonly Variable[])[];
  private readonly k: KernelBuilder;
  private readonly shape: TileShape;
  private readonly sides: Sides;
  /** Of the invocation's first row (column) within its half of the tile, in quads; with quads exchanged by 4. */
  private readonly home: readonly [Expr, Expr];
  private readonly exchanged: readonly [Expr, Expr];

  constructor(k: KernelBuilder, shape: TileShape, sides: Sides) {
    this.k = k;
    this.shape = shape;
    this.sides = sides;
    const { bm, bn, tm, tn } = shape;
    this.rows = tm;
    this.quads = tn / 4;
    const [down, across] = [bm / tm, bn / tn];
    const local = builtin("localIndex");
    // A group of 32 covers 4 × 8, or as near to it as the tile is wide.
    const groupAcross = Math.min(8, across);
    const groupDown = Math.min(32 / groupAcross, down);
    const size = groupDown * groupAcross;
    const [inGroup, group] = [rem(local, u(size)), div(local, u(size))];
    const groupsAcross = across / groupAcross;
    const ty = k.let(add(mul(div(group, u(groupsAcross)), u(groupDown)), div(inGroup, u(groupAcross))));
    const tx = k.let(add(mul(rem(group, u(groupsAcross)), u(groupAcross)), rem(inGroup, u(groupAcross))));
    this.home = [ty, tx];
    const exchange = (quad: Expr, extent: number): Expr => (extent / 4 < 8 ? quad : k.let(binary("xor", quad, u(4))));
    this.exchanged = [exchange(ty, bm), exchange(tx, bn)];
    this.sums = Array.from({ length: tm }, () => Array.from({ length: this.quads }, () => k.var(splat(f(0), 4))));
  }

  row(row: number | Expr): Expr {
    const at = typeof row === "number" ? u(row) : row;
    const half = mul(div(at, u(4)), u(this.shape.bm / 2));
    const [side] = this.sides;
    return add(add(side.first, half), add(mul(this.home[0], u(4)), rem(at, u(4))));
  }

  column(quad: number | Expr): Expr {
    const at = typeof quad === "number" ? u(quad) : quad;
    const [, side] = this.sides;
    return add(add(side.first, mul(at, u(this.shape.bn / 2))), mul(this.home[1], u(4)));
  }

  /** Adds the products of one buffer. */
  emit(buffer: Expr): void {
    const { k } = this;
    const { bk } = this.shape;
    if (bk === unrolledSteps) {
      this.steps(buffer, u(0));
      return;
    }
    k.for(u(0), u(bk), u(unrolledSteps), (at) => this.steps(buffer, at));
  }

  private steps(buffer: Expr, at: Expr): void {
    const { k } = this;
    const { bk, tm } = this.shape;
    const starts = this.sides.map(({ extent }, s) => {
      const line = mul(add(mul(buffer, u(bk)), at), u(extent / 4));
      return [this.home, this.exchanged].map((home) => k.let(add(line, home[s] as Expr)));
    });
    for (let step = 0; step < unrolledSteps; step++) {
      const [left, right] = this.sides.map(({ extent, array }, s) => {
        const start = (starts[s] as readonly Expr[])[(step >> 2) & 1] as Expr;
        const count = s === 0 ? tm / 4 : this.quads;
        return Array.from({ length: count }, (_, half) =>
          k.let(k.get(array, add(start, u((step * extent) / 4 + (half * extent) / 8)))),
        );
      }) as [Expr[], Expr[]];
      this.sums.forEach((row, r) => {
        const x = splat(lane(left[r >> 2] as Expr, r & 3), 4);
        row.forEach((sum, q) => {
          k.assign(sum, fma(x, right[q] as Expr, sum.value));
        });
      });
    }
  }
}
