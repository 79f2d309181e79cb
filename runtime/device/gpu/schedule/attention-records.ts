/**
 * @file What the backward kernels know of queries, in one scratch area of records of four words:
 *
 *     [batch][head][query]     first key, end of keys, logarithm in units of log 2 (f32), D (f32)
 *     [batch][head][granule]   first key and end of keys over its queries
 *     [head]                   see attention-terms.ts
 *
 * A query or granule that sees nothing has the range `noKey … 0`.
 */
import type { AttentionBackwardKernel } from "../../../program/kernel.ts";
import {
  add,
  and,
  type BoundArray,
  bitcast,
  builtin,
  compose,
  div,
  eq,
  gt,
  type KernelBuilder,
  lane,
  lt,
  max,
  min,
  mul,
  select,
  u,
  u32,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import { readHeadRecords, recordType } from "./attention-terms.ts";
import type { HeadTerms, KeyRange } from "./attention-visibility.ts";

export const noKey = u(0xffffffff);

export interface QueryRecord {
  readonly range: KeyRange;
  readonly lse: Expr;
  readonly delta: Expr;
}

export function readRecord(builder: KernelBuilder, record: Expr): QueryRecord {
  return {
    range: { first: builder.let(lane(record, 0)), end: builder.let(lane(record, 1)) },
    lse: builder.let(bitcast(lane(record, 2), "f32")),
    delta: builder.let(bitcast(lane(record, 3), "f32")),
  };
}

export interface BackwardRecords {
  /** Queries per granule, and granules per head. */
  readonly granule: number;
  readonly granules: number;
  readonly length: number;
  readonly headsAt: number;
  bind(builder: KernelBuilder, isWritten: boolean): BoundArray;
  rowAt(batch: Expr, head: Expr, query: Expr): Expr;
  granuleAt(batch: Expr, head: Expr, granule: Expr): Expr;
  /** A query's record; queries past the last see nothing. */
  load(builder: KernelBuilder, from: BoundArray, batch: Expr, head: Expr, query: Expr): Expr;
  query(builder: KernelBuilder, from: BoundArray, batch: Expr, head: Expr, query: Expr): QueryRecord;
  /** The keys that some of `count` queries from `first` on see; both multiples of the granule. */
  queries(builder: KernelBuilder, from: BoundArray, place: QueryTile): KeyRange;
  headTerms(builder: KernelBuilder, from: BoundArray): (head: Expr) => HeadTerms;
}

export interface QueryTile {
  readonly batch: Expr;
  readonly head: Expr;
  readonly first: Expr;
  readonly count: number;
}

export function recordsOf({ dims, slopes }: AttentionBackwardKernel, granule: number): BackwardRecords {
  const { batch: batches, heads, queries } = dims;
  const granules = Math.ceil(queries / granule);
  const rows = batches * heads * queries;
  const headsAt = rows + batches * heads * granules;
  const length = headsAt + heads;
  const headAt = (batch: Expr, head: Expr): Expr => add(mul(batch, u(heads)), head);
  const rowAt = (batch: Expr, head: Expr, query: Expr): Expr => add(mul(headAt(batch, head), u(queries)), query);
  const granuleAt = (batch: Expr, head: Expr, index: Expr): Expr =>
    add(u(rows), add(mul(headAt(batch, head), u(granules)), index));
  const load: BackwardRecords["load"] = (builder, from, batch, head, query) => {
    const record = builder.let(builder.load(from, rowAt(batch, head, min(query, u(queries - 1)))));
    const nothing = compose([noKey, u(0), u(0), u(0)]);
    return builder.let(select(lt(query, u(queries)), record, nothing));
  };
  return {
    granule,
    granules,
    length,
    headsAt,
    rowAt,
    granuleAt,
    bind: (builder, isWritten) => builder.bind({ kind: "scratch", index: 0 }, recordType, { isWritten, length }),
    load,
    query: (builder, from, batch, head, query) => readRecord(builder, load(builder, from, batch, head, query)),
    queries(builder, from, { batch, head, first, count }) {
      const start = builder.let(first);
      const parts = Array.from({ length: count / granule }, (_, i) => {
        const index = min(add(div(start, u(granule)), u(i)), u(granules - 1));
        return builder.let(builder.load(from, granuleAt(batch, head, index)));
      });
      return {
        first: builder.let(parts.map((part) => lane(part, 0)).reduce(min)),
        end: builder.let(parts.map((part) => lane(part, 1)).reduce(max)),
      };
    },
    headTerms: (builder, from) => readHeadRecords(builder, from, headsAt, slopes !== undefined),
  };
}

/** Shared memory of `keysOfTile`. */
export const keysOfTileBytes = 8;

/** The keys that some query of a tile sees; the same for all threads, as far as control flow can tell. */
export function keysOfTile(
  builder: KernelBuilder,
  records: BackwardRecords,
  from: BoundArray,
  tile: QueryTile,
): KeyRange {
  const bounds = builder.shared(u32, 2);
  builder.if(eq(builtin("localIndex"), u(0)), () => {
    const range = records.queries(builder, from, tile);
    builder.set(bounds, 0, range.first);
    builder.set(bounds, 1, range.end);
  });
  return { first: builder.uniform(bounds, 0), end: builder.uniform(bounds, 1) };
}

/** Shared memory of `queriesOfTile`. */
export const queriesOfTileBytes = (threads: number): number => 2 * threads * 4;

/**
 * For a tile of keys: from the first tile of `count` queries of a head that sees some of them to the last; the same for all threads.
 */
export function queriesOfTile(
  builder: KernelBuilder,
  records: BackwardRecords,
  known: BoundArray,
  keys: KeyRange,
  { queries, count }: { queries: number; count: number },
): (batch: Expr, head: Expr) => { readonly from: Expr; readonly to: Expr } {
  const threads = builder.workgroupSize;
  const [froms, tos] = [builder.shared(u32, threads), builder.shared(u32, threads)];
  const local = builtin("localIndex");
  return (batch, head) => {
    const [from, to] = [builder.var(u(queries)), builder.var(u(0))];
    builder.for(mul(local, u(count)), u(queries), u(threads * count), (first) => {
      const seen = records.queries(builder, known, { batch, head, first, count });
      builder.if(and(lt(seen.first, keys.end), gt(seen.end, keys.first)), () => {
        builder.assign(from, min(from.value, first));
        builder.assign(to, max(to.value, min(add(first, u(count)), u(queries))));
      });
    });
    builder.set(froms, local, from.value);
    builder.set(tos, local, to.value);
    builder.barrier();
    builder.if(eq(local, u(0)), () => {
      builder.for(u(1), u(threads), u(1), (i) => {
        builder.assign(from, min(from.value, builder.get(froms, i)));
        builder.assign(to, max(to.value, builder.get(tos, i)));
      });
      builder.set(froms, 0, from.value);
      builder.set(tos, 0, to.value);
    });
    return { from: builder.uniform(froms, 0), to: builder.uniform(tos, 0) };
  };
}
