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
  type BoundArray,
  bitcast,
  div,
  type KernelBuilder,
  lane,
  lt,
  max,
  min,
  mul,
  select,
  u,
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

export interface BackwardRecords {
  /** Queries per granule, and granules per head. */
  readonly granule: number;
  readonly granules: number;
  readonly length: number;
  readonly headsAt: number;
  bind(builder: KernelBuilder, isWritten: boolean): BoundArray;
  rowAt(batch: Expr, head: Expr, query: Expr): Expr;
  granuleAt(batch: Expr, head: Expr, granule: Expr): Expr;
  /** Queries past the last see nothing. */
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
  return {
    granule,
    granules,
    length,
    headsAt,
    rowAt,
    granuleAt,
    bind: (builder, isWritten) => builder.bind({ kind: "scratch", index: 0 }, recordType, { isWritten, length }),
    query(builder, from, batch, head, query) {
      const record = builder.let(builder.load(from, rowAt(batch, head, min(query, u(queries - 1)))));
      const isThere = lt(query, u(queries));
      return {
        range: { first: builder.let(lane(record, 0)), end: builder.let(select(isThere, lane(record, 1), u(0))) },
        lse: builder.let(bitcast(lane(record, 2), "f32")),
        delta: builder.let(bitcast(lane(record, 3), "f32")),
      };
    },
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
