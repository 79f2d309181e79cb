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
  type ArrayRef,
  add,
  and,
  binary,
  builtin,
  div,
  f,
  fma,
  type KernelBuilder,
  lane,
  lt,
  mul,
  rem,
  splat,
  u,
  type Variable,
  vec,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { BlockPlace, OperandReader } from "./matmul-operand.ts";

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

/** Emits the loop over k. Ends with a barrier's worth of order: shared memory may be written again after another barrier. */
export function emitTile(k: KernelBuilder, input: TileInput): TileSums {
  const { shape, begin, end } = input;
  const { bm, bn, bk } = shape;
  const buffers = input.isSingle ? 1 : 2;
  const sides: readonly Side[] = [
    { reader: input.a, extent: bm, first: input.firstRow, array: k.shared(f32x4, (buffers * bk * bm) / 4) },
    { reader: input.b, extent: bn, first: input.firstColumn, array: k.shared(f32x4, (buffers * bk * bn) / 4) },
  ];
  const loader = new TileLoader(k, shape, sides);
  const multiply = new TileMultiplier(k, shape, sides);
  if (input.isSingle) {
    loader.fetch(begin);
    loader.place(begin, u(0));
    k.barrier();
    multiply.emit(u(0));
    return multiply;
  }
  const current = k.var(u(0));
  loader.fetch(begin);
  loader.place(begin, u(0));
  k.barrier();
  k.for(begin, end, u(bk), (at) => {
    const next = k.let(add(at, u(bk)));
    const isMore = k.let(lt(next, end));
    const other = k.let(binary("xor", current.value, u(1)));
    k.if(isMore, () => loader.fetch(next));
    multiply.emit(current.value);
    k.if(isMore, () => loader.place(next, other));
    k.barrier();
    k.assign(current, other);
  });
  return multiply;
}

interface Side {
  readonly reader: OperandReader;
  /** Neighbours of the tile. */
  readonly extent: number;
  readonly first: Expr;
  readonly array: ArrayRef;
}

/** One block that an invocation loads each time; `cond`: where not all of them have one. */
interface LoadTask {
  readonly side: Side;
  readonly place: BlockPlace;
  /** The block's first step within the tile. */
  readonly step: Expr;
  /** Where it goes in shared memory, in vectors from the start of a buffer. */
  readonly target: Expr;
  readonly raw: readonly Variable[];
  readonly cond?: Expr;
}

class TileLoader {
  private readonly k: KernelBuilder;
  private readonly bk: number;
  private readonly tasks: readonly LoadTask[];

  constructor(k: KernelBuilder, shape: TileShape, sides: readonly Side[]) {
    this.k = k;
    this.bk = shape.bk;
    const [a, b] = sides as readonly [Side, Side];
    const threads = invocationsOf(shape);
    const [blocksA, blocksB] = sides.map(({ extent }) => (extent * shape.bk) / 16) as [number, number];
    const local = builtin("localIndex");
    // A subgroup works for one side, so that nobody waits for the other's loads.
    const isShared = blocksA + blocksB <= threads && blocksA % 32 === 0 && sameType(a, b);
    if (isShared) {
      const raw = this.rawVariables(a);
      const tasks = [this.task(a, local, raw, lt(local, u(blocksA)))];
      const own = k.let(binary("sub", local, u(blocksA)));
      const cond = binary("ge", local, u(blocksA));
      const last = blocksA + blocksB;
      tasks.push(this.task(b, own, raw, last === threads ? cond : and(cond, lt(local, u(last)))));
      this.tasks = tasks;
      return;
    }
    this.tasks = sides.flatMap((side, s) => {
      const blocks = s === 0 ? blocksA : blocksB;
      return Array.from({ length: Math.ceil(blocks / threads) }, (_, i) => {
        const block = k.let(add(local, u(i * threads)));
        const cond = (i + 1) * threads > blocks ? lt(block, u(blocks)) : undefined;
        return this.task(side, block, this.rawVariables(side), cond);
      });
    });
  }

  private rawVariables({ reader }: Side): readonly Variable[] {
    return [0, 1, 2, 3].map(() => this.k.var(reader.rawZero()));
  }

  private task(side: Side, block: Expr, raw: readonly Variable[], cond?: Expr): LoadTask {
    const { k, bk } = this;
    const quads = side.extent / 4;
    const [quad, group] =
      side.reader.operand.form === "along-k" ? pairs(block, bk) : [rem(block, u(quads)), div(block, u(quads))];
    const outer = k.let(quad);
    const fours = k.let(group);
    const exchanged = quads < 8 ? outer : binary("xor", outer, mul(binary("and", fours, u(1)), u(4)));
    return {
      side,
      place: side.reader.place(add(side.first, mul(outer, u(4)))),
      step: k.let(mul(fours, u(4))),
      target: k.let(add(mul(fours, u(4 * quads)), exchanged)),
      raw,
      ...(cond === undefined ? {} : { cond: k.let(cond) }),
    };
  }

  /** Starts the loads of the steps from `at` on. */
  fetch(at: Expr): void {
    for (const { side, place, step, raw, cond } of this.tasks)
      this.guarded(cond, () => {
        const vectors = side.reader.raw(place, this.k.let(add(at, step)));
        vectors.forEach((vector, i) => {
          this.k.assign(raw[i] as Variable, vector);
        });
      });
  }

  /** Puts what was fetched from `at` into a buffer. */
  place(at: Expr, buffer: Expr): void {
    for (const { side, step, target, raw, cond } of this.tasks)
      this.guarded(cond, () => {
        const { k, bk } = this;
        const quads = side.extent / 4;
        const values = side.reader.steps(
          raw.map(({ value }) => value),
          k.let(add(at, step)),
        );
        const first = k.let(add(mul(buffer, u(bk * quads)), target));
        values.forEach((value, i) => {
          k.set(side.array, add(first, u(i * quads)), value);
        });
      });
  }

  private guarded(cond: Expr | undefined, body: () => void): void {
    if (cond === undefined) body();
    else this.k.if(cond, body);
  }
}

/** Quad of neighbours and group of four steps: pairs of lanes side by side along k, four quads, then the rest of k, then further quads. */
function pairs(block: Expr, bk: number): [quad: Expr, group: Expr] {
  const further = bk / 8;
  const pair = binary("and", block, u(1));
  const near = binary("and", binary("shr", block, u(1)), u(3));
  const group = add(pair, mul(rem(div(block, u(8)), u(further)), u(2)));
  const quad = add(near, mul(div(block, u(8 * further)), u(4)));
  return [quad, group];
}

function sameType(a: Side, b: Side): boolean {
  return a.reader.rawZero().type.scalar === b.reader.rawZero().type.scalar;
}

class TileMultiplier implements TileSums {
  readonly rows: number;
  readonly quads: number;
  readonly sums: readonly (readonly Variable[])[];
  private readonly k: KernelBuilder;
  private readonly shape: TileShape;
  private readonly sides: readonly Side[];
  /** Of the invocation's first row (column) within its half of the tile, in quads; with quads exchanged by 4. */
  private readonly home: readonly [Expr, Expr];
  private readonly exchanged: readonly [Expr, Expr];

  constructor(k: KernelBuilder, shape: TileShape, sides: readonly Side[]) {
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
    const [side] = this.sides as readonly [Side, Side];
    return add(add(side.first, half), add(mul(this.home[0], u(4)), rem(at, u(4))));
  }

  column(quad: number | Expr): Expr {
    const at = typeof quad === "number" ? u(quad) : quad;
    const [, side] = this.sides as readonly [Side, Side];
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
