/**
 * @file Which keys a query sees, and what is added to its scores.
 *
 * Causality, windows, documents and caches that are not full all come down to one range of keys per query, `first ≤ s < end`, worked out once
 * per query; only a mask tensor is asked key by key.
 */
import {
  add,
  and,
  bitcast,
  bool,
  builtin,
  cast,
  constant,
  eq,
  f,
  fma,
  ge,
  type KernelBuilder,
  le,
  lt,
  max,
  min,
  mul,
  ne,
  not,
  select,
  sub,
  u,
  u32,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { KernelMemory } from "../memory.ts";
import { type AnyAttention, indexOf } from "./attention-access.ts";
import { invisible, leastMask, log2e, negativeInfinityBits } from "./attention-softmax.ts";
import { type Block, entry } from "./attention-tiles.ts";

export const signed = (value: number): Expr => constant(value, "i32");
export const or = (a: Expr, b: Expr): Expr => ({ kind: "binary", op: "or", a, b, type: bool });

/** What a head's scores depend on beside q and k. */
export interface HeadTerms {
  /** i32: the position of query 0; what is valid of the keys, less the queries. */
  readonly shift: Expr;
  /** u32: keys from here on hold nothing. */
  readonly valid: Expr;
  /** Factor of the distance in units of log 2. */
  readonly slope?: Expr;
}

/** From the Program's own buffers. */
export function readHeadTerms(
  builder: KernelBuilder,
  memory: KernelMemory,
  kernel: AnyAttention,
): (head: Expr) => HeadTerms {
  const { queries, keys } = kernel.dims;
  const { kvLength, slopes } = kernel;
  const cached = kvLength === undefined ? undefined : memory.load(kvLength, u(0));
  const shift = cached === undefined ? signed(keys - queries) : builder.let(sub(cached, signed(queries)));
  const valid = cached === undefined ? u(keys) : builder.let(cast(max(min(cached, signed(keys)), signed(0)), "u32"));
  return (head: Expr): HeadTerms => {
    if (slopes === undefined) return { shift, valid };
    const slope = memory.load(slopes.buffer, indexOf(slopes, [head]));
    return { shift, valid, slope: builder.let(mul(slope, f(log2e))) };
  };
}

/** Keys `first ≤ s < end`. */
export interface KeyRange {
  readonly first: Expr;
  readonly end: Expr;
}

/** The range that masking and documents leave a query; Queries that do not exist see nothing. */
export function keyRangeOf(
  builder: KernelBuilder,
  { dims, masking }: AnyAttention,
  { shift, valid }: HeadTerms,
  query: Expr,
  firstKey?: (query: Expr) => Expr,
): KeyRange {
  const position = builder.let(add(cast(query, "i32"), shift));
  const toIndex = (value: Expr): Expr => cast(max(value, signed(0)), "u32");
  const seen = masking.causal ? min(valid, toIndex(add(position, signed(1)))) : valid;
  const firsts = [
    ...(masking.window === undefined ? [] : [toIndex(add(sub(position, signed(masking.window)), signed(1)))]),
    ...(firstKey === undefined ? [] : [toIndex(firstKey(query))]),
  ];
  return {
    first: builder.let(firsts.reduce((a, b) => max(a, b), u(0))),
    end: builder.let(select(lt(query, u(dims.queries)), seen, u(0))),
  };
}

/** firstKey of the queries of one head; queries past the last read the last. */
export function firstKeysOf(
  memory: KernelMemory,
  { firstKey, dims }: AnyAttention,
  batch: Expr,
  head: Expr,
): ((query: Expr) => Expr) | undefined {
  if (firstKey === undefined) return undefined;
  return (query) =>
    memory.load(firstKey.buffer, indexOf(firstKey, [batch, head, min(query, u(dims.queries - 1)), u(0)]));
}

/**
 * The keys that some query of `firstQuery … lastQuery` may see, by position alone: what a loop over tiles runs through. Documents are
 * not asked.
 */
export function tileKeyRange(
  builder: KernelBuilder,
  { masking }: AnyAttention,
  { shift, valid }: HeadTerms,
  firstQuery: Expr,
  lastQuery: Expr,
): KeyRange {
  const toIndex = (value: Expr): Expr => cast(max(value, signed(0)), "u32");
  const last = add(cast(lastQuery, "i32"), shift);
  const first =
    masking.window === undefined
      ? u(0)
      : toIndex(add(sub(add(cast(firstQuery, "i32"), shift), signed(masking.window)), signed(1)));
  return {
    first: builder.let(first),
    end: builder.let(masking.causal ? min(valid, toIndex(add(last, signed(1)))) : valid),
  };
}

/** What a loop over keys is told by one of a tile's rows. */
export interface LoopRow {
  readonly row: Expr;
  /** The first key that it sees. */
  readonly first: Expr;
}

const isBoundAtRunTime = ({ kvLength, firstKey }: AnyAttention): boolean =>
  kvLength !== undefined || firstKey !== undefined;

/** Shared memory that `loopRange` takes. */
export const loopRangeBytes = (rows: number, kernel: AnyAttention): number =>
  (kernel.firstKey === undefined ? 0 : rows * 4) + (isBoundAtRunTime(kernel) ? 8 : 0);

/**
 * The keys that the loop of a tile of queries from `first` on runs through; the same for all of its threads, as far as control flow can tell. Each row is
 * spoken for by the threads that lead it.
 */
export function loopRange(
  builder: KernelBuilder,
  kernel: AnyAttention,
  tile: {
    readonly terms: HeadTerms;
    readonly first: Expr;
    readonly rows: number;
    readonly own: readonly LoopRow[];
    readonly isLeader: Expr;
  },
): KeyRange {
  const { terms, first, rows, own, isLeader } = tile;
  const last = min(add(first, u(rows - 1)), u(kernel.dims.queries - 1));
  const range = tileKeyRange(builder, kernel, terms, first, last);
  if (!isBoundAtRunTime(kernel)) return range;
  const bounds = builder.shared(u32, 2);
  const starts = kernel.firstKey === undefined ? undefined : builder.shared(u32, rows);
  if (starts !== undefined) {
    builder.if(isLeader, () => {
      for (const { row, first: start } of own) builder.set(starts, row, start);
    });
    builder.barrier();
  }
  builder.if(eq(builtin("localIndex"), u(0)), () => {
    let from = range.first;
    if (starts !== undefined) {
      const least = builder.var(builder.get(starts, 0));
      builder.for(u(1), u(rows), u(1), (row) => builder.assign(least, min(least.value, builder.get(starts, row))));
      from = max(from, least.value);
    }
    builder.set(bounds, 0, from);
    builder.set(bounds, 1, range.end);
  });
  return { first: builder.uniform(bounds, 0), end: builder.uniform(bounds, 1) };
}

/** The place of a score: of block entry [i][j]. */
export interface ScorePlaces {
  readonly batch: Expr;
  readonly head: Expr;
  query(i: number, j: number): Expr;
  key(i: number, j: number): Expr;
  range(i: number, j: number): KeyRange;
  /** Whether some score of the block may be invisible by its range. */
  readonly isPartial: Expr;
}

/** Turns products q·k into scores: scale, slopes, mask, visibility. */
export class Scores {
  private readonly builder: KernelBuilder;
  private readonly kernel: AnyAttention;
  private readonly memory: KernelMemory;

  constructor(builder: KernelBuilder, memory: KernelMemory, kernel: AnyAttention) {
    this.builder = builder;
    this.memory = memory;
    this.kernel = kernel;
  }

  /** The score of one product, not yet asked whether it is seen by range. */
  scaled(product: Expr, terms: HeadTerms, query: Expr, key: Expr): Expr {
    const scaled = mul(product, f(this.kernel.scale * log2e));
    if (terms.slope === undefined) return scaled;
    const distance = sub(cast(key, "i32"), add(cast(query, "i32"), terms.shift));
    return fma(terms.slope, cast(distance, "f32"), scaled);
  }

  /** The score where range and mask let the query see the key, else `invisible`. */
  masked(score: Expr, { batch, head }: { batch: Expr; head: Expr }, query: Expr, key: Expr, range: KeyRange): Expr {
    const inRange = and(ge(key, range.first), lt(key, range.end));
    const { mask, dims } = this.kernel;
    if (mask === undefined) return select(inRange, score, f(invisible));
    // What lies outside is not seen, but is read: from a place that exists.
    const point = [batch, head, min(query, u(dims.queries - 1)), min(key, u(dims.keys - 1))];
    const value = this.memory.load(mask.buffer, indexOf(mask, point));
    if (value.type.scalar === "bool") return select(and(inRange, value), score, f(invisible));
    const isSeen = and(inRange, ne(bitcast(value, "u32"), u(negativeInfinityBits)));
    return select(isSeen, fma(max(value, f(leastMask)), f(log2e), score), f(invisible));
  }

  /** A block of products becomes a block of scores. */
  apply(block: Block, terms: HeadTerms, places: ScorePlaces): void {
    const { builder } = this;
    const forAll = (visit: (i: number, j: number) => void): void => {
      block.forEach((row, i) => {
        row.forEach((_, j) => {
          visit(i, j);
        });
      });
    };
    const at = (i: number, j: number) => entry(block, i, j);
    forAll((i, j) => {
      builder.assign(at(i, j), this.scaled(at(i, j).value, terms, places.query(i, j), places.key(i, j)));
    });
    const mask = (): void =>
      forAll((i, j) => {
        const [query, key] = [places.query(i, j), places.key(i, j)];
        builder.assign(at(i, j), this.masked(at(i, j).value, places, query, key, places.range(i, j)));
      });
    if (this.kernel.mask === undefined) builder.if(places.isPartial, mask);
    else mask();
  }
}

/** Whether some of the keys `from … to − 1` lie outside one of the ranges. */
export const someOutside = (ranges: readonly KeyRange[], from: Expr, to: Expr): Expr =>
  ranges.map(({ first, end }) => not(and(le(first, from), ge(end, to)))).reduce(or);
