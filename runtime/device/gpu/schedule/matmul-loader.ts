/**
 * @file The way of both operands from global to shared memory, in blocks of 4 neighbours × 4 steps: `fetch` starts an invocation's loads into registers,
 * `place` stores them, when the arithmetic in between has given them time to arrive. How a block lies in shared memory is the layout's business.
 */
import {
  type ArrayRef,
  add,
  and,
  binary,
  builtin,
  ge,
  type KernelBuilder,
  lt,
  mul,
  sub,
  u,
  type Variable,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { BlockPlace, OperandReader } from "./matmul-operand.ts";

/** One operand's part of a tile. */
export interface TileSide {
  readonly reader: OperandReader;
  /** Neighbours of the tile, and the first. */
  readonly extent: number;
  readonly first: Expr;
  readonly array: ArrayRef;
}

export interface BlockLayout {
  /** The block that falls to an invocation: its quad of neighbours and its group of four steps. Decides how loads and stores of neighbouring lanes lie. */
  deal(block: Expr, side: TileSide): readonly [quad: Expr, group: Expr];
  /** Where a block begins, in elements of the shared array from the start of a buffer. */
  target(side: TileSide, quad: Expr, group: Expr): Expr;
  /** Elements of one buffer. */
  bufferLength(side: TileSide): number;
  /** Stores what `OperandReader.raw` gave for the steps from `at`. */
  put(side: TileSide, first: Expr, raw: readonly Expr[], at: Expr): void;
}

/** One block that an invocation loads each time; `cond`: where not all of them have one. */
interface LoadTask {
  readonly side: TileSide;
  readonly place: BlockPlace;
  /** The block's first step within the tile. */
  readonly step: Expr;
  readonly target: Expr;
  readonly raw: readonly Variable[];
  readonly cond?: Expr;
}

export class TileLoader {
  private readonly k: KernelBuilder;
  private readonly layout: BlockLayout;
  private readonly tasks: readonly LoadTask[];

  constructor(k: KernelBuilder, bk: number, [a, b]: readonly [TileSide, TileSide], layout: BlockLayout) {
    this.k = k;
    this.layout = layout;
    const threads = k.workgroupSize;
    const [blocksA, blocksB] = [a, b].map(({ extent }) => (extent * bk) / 16) as [number, number];
    const local = builtin("localIndex");
    // A subgroup works for one side, so that nobody waits for the other's loads.
    const areOnce = blocksA + blocksB <= threads && blocksA % 32 === 0;
    if (areOnce && a.reader.rawZero().type.scalar === b.reader.rawZero().type.scalar) {
      const raw = this.rawVariables(a);
      const inB = ge(local, u(blocksA));
      const ofB = blocksA + blocksB === threads ? inB : and(inB, lt(local, u(blocksA + blocksB)));
      this.tasks = [
        this.task(a, local, raw, lt(local, u(blocksA))),
        this.task(b, k.let(sub(local, u(blocksA))), raw, ofB),
      ];
      return;
    }
    const tasksOf = (side: TileSide, blocks: number): readonly LoadTask[] =>
      Array.from({ length: Math.ceil(blocks / threads) }, (_, i) => {
        const block = k.let(add(local, u(i * threads)));
        const cond = (i + 1) * threads > blocks ? lt(block, u(blocks)) : undefined;
        return this.task(side, block, this.rawVariables(side), cond);
      });
    this.tasks = [...tasksOf(a, blocksA), ...tasksOf(b, blocksB)];
  }

  private rawVariables({ reader }: TileSide): readonly Variable[] {
    return [0, 1, 2, 3].map(() => this.k.var(reader.rawZero()));
  }

  private task(side: TileSide, block: Expr, raw: readonly Variable[], cond?: Expr): LoadTask {
    const { k, layout } = this;
    const [quad, group] = layout.deal(block, side).map((part) => k.let(part)) as [Expr, Expr];
    return {
      side,
      place: side.reader.place(add(side.first, mul(quad, u(4)))),
      step: k.let(mul(group, u(4))),
      target: k.let(layout.target(side, quad, group)),
      raw,
      ...(cond === undefined ? {} : { cond: k.let(cond) }),
    };
  }

  /** Starts the loads of the steps from `at` on. */
  fetch(at: Expr): void {
    for (const { side, place, step, raw, cond } of this.tasks)
      this.where(cond, () => {
        const vectors = side.reader.raw(place, this.k.let(add(at, step)));
        vectors.forEach((vector, i) => {
          this.k.assign(raw[i] as Variable, vector);
        });
      });
  }

  /** Puts what was fetched from `at` into a buffer. */
  place(at: Expr, buffer: Expr): void {
    const { k, layout } = this;
    for (const { side, step, target, raw, cond } of this.tasks)
      this.where(cond, () => {
        const first = k.let(add(mul(buffer, u(layout.bufferLength(side))), target));
        const values = raw.map(({ value }) => value);
        layout.put(side, first, values, k.let(add(at, step)));
      });
  }

  private where(cond: Expr | undefined, body: () => void): void {
    if (cond === undefined) body();
    else this.k.if(cond, body);
  }
}

/**
 * The loop over k with two buffers: while one is multiplied, the loads of the next are in flight, and one barrier for each is enough. With one
 * buffer a second barrier keeps the stores of the next from what is still read.
 */
export function pipeline(
  k: KernelBuilder,
  loader: TileLoader,
  { begin, end, bk, buffers }: { begin: Expr; end: Expr; bk: number; buffers: 1 | 2 },
  multiply: (buffer: Expr) => void,
): void {
  loader.fetch(begin);
  loader.place(begin, u(0));
  k.barrier();
  const current = k.var(u(0));
  k.for(begin, end, u(bk), (at) => {
    const next = k.let(add(at, u(bk)));
    const isMore = k.let(lt(next, end));
    const other = buffers === 1 ? u(0) : k.let(binary("xor", current.value, u(1)));
    k.if(isMore, () => loader.fetch(next));
    multiply(buffers === 1 ? u(0) : current.value);
    if (buffers === 1) k.barrier();
    k.if(isMore, () => loader.place(next, other));
    k.barrier();
    if (buffers === 2) k.assign(current, other);
  });
}
