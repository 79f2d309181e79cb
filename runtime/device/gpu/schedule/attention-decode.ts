/**
 * @file Attention of few queries to many keys, as in generation: bound by reading K and V once, and by having enough workgroups to do so.
 *
 * A workgroup takes the queries of all heads that share a key head (their rows read the same K and V) and one *split* of the keys. All scores of a
 * split fit into shared memory, so its softmax is plain:
 *
 *     scores    K in tiles through shared memory (read along the head dimension, used along the keys)
 *     softmax   over the split, a few threads per row
 *     sums      V straight from memory: thread (part, chunk) adds every parts-th key of its chunk, for all rows; then the parts are added
 *
 * With more than one split each leaves (Σ, m, l) in scratch memory, and a second dispatch joins them in the order of the splits:
 * m = max mᵢ, out = Σ 2^(mᵢ − m)·Σᵢ / Σ 2^(mᵢ − m)·lᵢ.
 *
 * Roofline: 4·rows·d operations per 8·d bytes of K and V in f32: half an operation per byte and row, so memory bounds it up to some forty rows. The scratch is
 * rows · (d + 4) floats per split, written and read, against 2·d·length of keys and values: below 2% for one row and 64 keys or more.
 *
 * @source Dao, Haziza, Massa, Sizov 2023, "Flash-Decoding for long-context inference"
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import {
  type ArrayRef,
  add,
  builtin,
  compose,
  div,
  eq,
  f,
  f32,
  fma,
  gridOf,
  KernelBuilder,
  lane,
  linearWorkgroup,
  lt,
  max,
  min,
  mul,
  rem,
  select,
  splat,
  sub,
  u,
  u32,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch, ScheduleContext, ScheduledKernel } from "../target.ts";
import { bindAttention, chunkWidth, HeadArray } from "./attention-access.ts";
import { bindPartials, emitJoin, type Partials, recordAt } from "./attention-decode-join.ts";
import { type DecodePlan, planDecoding } from "./attention-decode-plan.ts";
import { inverseOf, invisible, storeLse, weightOf } from "./attention-softmax.ts";
import { bindTerms, emitTerms, recordBytes } from "./attention-terms.ts";
import { chunkBytes, chunkType, copyTile } from "./attention-tiles.ts";
import { firstKeysOf, keyRangeOf, Scores, tileKeyRange } from "./attention-visibility.ts";

export function scheduleAttentionDecode(
  kernel: AttentionKernel,
  context: ScheduleContext,
  isFolded: boolean,
): ScheduledKernel {
  const plan = planDecoding(kernel, context.target);
  const { batch, kvHeads, heads } = kernel.dims;
  const terms = isFolded ? { dispatches: [emitTerms(kernel, context)], scratch: [heads * recordBytes] } : undefined;
  const before = terms?.scratch ?? [];
  if (plan.splits === 1) {
    return { dispatches: [...(terms?.dispatches ?? []), emitSplits(kernel, context, plan, isFolded)], scratch: before };
  }
  const partials: Partials = {
    index: before.length,
    length: batch * kvHeads * plan.rowsInAll * plan.splits * (plan.chunks + 1),
  };
  return {
    dispatches: [
      ...(terms?.dispatches ?? []),
      emitSplits(kernel, context, plan, isFolded, partials),
      emitJoin(kernel, context, plan, partials),
    ],
    scratch: [...before, partials.length * chunkBytes],
  };
}

function emitSplits(
  kernel: AttentionKernel,
  context: ScheduleContext,
  plan: DecodePlan,
  isFolded: boolean,
  partials?: Partials,
): Dispatch {
  const { batch: batches, heads, kvHeads, queries, keys, headDim } = kernel.dims;
  const { threads, chunks, slotChunks, chunkLanes, rows, groups, tileKeys, splitKeys, splits, rowsInAll } = plan;
  const units = batches * kvHeads * groups * splits;
  const grid = gridOf(units, context.target.limits.workgroups);
  const builder = new KernelBuilder(threads);
  const memory = bindAttention(builder, context, kernel, {
    reads: [kernel.q, kernel.k, kernel.v],
    writes: partials === undefined ? [kernel.out] : [],
    others: [kernel.mask?.buffer, kernel.firstKey?.buffer, kernel.slopes?.buffer, kernel.kvLength],
    otherWrites: partials === undefined ? [kernel.lse.buffer] : [],
  });
  const head4 = (access: AttentionKernel["q"]): HeadArray => new HeadArray(builder, memory, access, headDim);
  const [q, k, v] = [head4(kernel.q), head4(kernel.k), head4(kernel.v)];
  const scores = new Scores(builder, memory, kernel);
  const termsOf = bindTerms(builder, memory, kernel, isFolded);
  const local = builtin("localIndex");
  const unit = builder.let(linearWorkgroup(grid));
  builder.if(lt(unit, u(units)), () => {
    const split = builder.let(rem(unit, u(splits)));
    const firstRow = builder.let(mul(rem(div(unit, u(splits)), u(groups)), u(rows)));
    const pair = builder.let(div(unit, u(splits * groups)));
    const [batch, kvHead] = [builder.let(div(pair, u(kvHeads))), builder.let(rem(pair, u(kvHeads)))];
    /** Head and query of a row; rows that do not exist are the last one again. */
    const placeOf = (row: Expr): { row: Expr; head: Expr; query: Expr } => {
      const inAll = builder.let(min(add(firstRow, row), u(rowsInAll - 1)));
      const head = builder.let(add(mul(kvHead, u(heads / kvHeads)), div(inAll, u(queries))));
      return { row: inAll, head, query: builder.let(rem(inAll, u(queries))) };
    };
    const qTile = builder.shared(chunkType, rows * chunks);
    const tile = builder.shared(chunkType, plan.tileChunks);
    const weights = builder.shared(f32, rows * splitKeys);
    const exchange = builder.shared(f32, threads);
    const stats = builder.shared(f32, 2 * rows);

    const { begin, end } = splitRange();
    const count = builder.let(sub(end, begin));
    forItems(builder, rows * chunks, (item) => {
      const chunk = builder.let(rem(item, u(chunks)));
      const { head, query } = placeOf(builder.let(div(item, u(chunks))));
      builder.set(qTile, item, q.load(q.base(batch, head), query, chunk));
    });
    const [kBase, vBase] = [k.base(batch, kvHead), v.base(batch, kvHead)];
    builder.for(begin, end, u(tileKeys), (key) => {
      copyTile(
        builder,
        { from: k, base: kBase, first: key, limit: end, extent: keys },
        { count: tileKeys, chunks },
        tile,
        (index, chunk) => add(mul(index, u(slotChunks)), chunk),
      );
      builder.barrier();
      forProducts((item, product) => {
        const at = builder.let(rem(item, u(tileKeys)));
        const row = builder.let(div(item, u(tileKeys)));
        const keyAt = builder.let(add(key, at));
        const { head, query } = placeOf(row);
        const terms = termsOf(head);
        const range = keyRangeOf(builder, kernel, terms, query, firstKeysOf(memory, kernel, batch, head));
        const score = builder.let(scores.scaled(product, terms, query, keyAt));
        const seen = scores.masked(score, { batch, head }, query, keyAt, range);
        const slot = builder.let(sub(keyAt, begin));
        builder.if(lt(slot, count), () => builder.set(weights, add(mul(row, u(splitKeys)), slot), seen));
      });
      builder.barrier();
    });
    emitSoftmax(builder, { rows, splitKeys, threads }, { count, weights, exchange, stats });
    const sums = sumValues();
    joinParts(sums);

    /** The keys of this split that some query may see: the same for all threads, as far as control flow can tell. */
    function splitRange(): { begin: Expr; end: Expr } {
      const range = tileKeyRange(builder, kernel, readTerms(), u(0), u(queries - 1));
      const start = builder.let(mul(split, u(splitKeys)));
      const to = builder.let(min(add(start, u(splitKeys)), range.end));
      const from = builder.let(min(max(start, range.first), to));
      if (kernel.kvLength === undefined) return { begin: from, end: to };
      const bounds = builder.shared(u32, 2);
      builder.if(eq(local, u(0)), () => {
        builder.set(bounds, 0, from);
        builder.set(bounds, 1, to);
      });
      return { begin: builder.uniform(bounds, 0), end: builder.uniform(bounds, 1) };
    }

    function readTerms() {
      return termsOf(mul(kvHead, u(heads / kvHeads)));
    }

    /** q·k of every row and key of a tile. Where there are fewer of them than threads, several threads take parts of one. */
    function forProducts(visit: (item: Expr, product: Expr) => void): void {
      const items = rows * tileKeys;
      const dot = (item: Expr, firstChunk: Expr, step: number): Expr => {
        const qAt = builder.let(mul(div(item, u(tileKeys)), u(chunks)));
        const kAt = builder.let(mul(rem(item, u(tileKeys)), u(slotChunks)));
        const product = builder.var(f(0));
        builder.for(firstChunk, u(chunks), u(step), (chunk) => {
          const a = builder.let(builder.get(qTile, add(qAt, chunk)));
          const b = builder.let(builder.get(tile, add(kAt, chunk)));
          let sum = product.value;
          for (let d = 0; d < chunkWidth; d++) sum = fma(lane(a, d), lane(b, d), sum);
          builder.assign(product, sum);
        });
        return product.value;
      };
      if (items >= threads) {
        builder.for(local, u(items), u(threads), (item) => visit(item, dot(item, u(0), 1)));
        return;
      }
      const parts = threads / items;
      builder.set(exchange, local, dot(builder.let(rem(local, u(items))), builder.let(div(local, u(items))), parts));
      builder.barrier();
      builder.if(lt(local, u(items)), () => {
        const terms = Array.from({ length: parts }, (_, part) => builder.get(exchange, add(local, u(part * items))));
        visit(local, builder.let(terms.reduce(add)));
      });
    }

    /** Per row, this thread's part of `Σ weight · v` in its chunk. */
    function sumValues(): readonly Expr[] {
      const parts = threads / chunkLanes;
      const inFlight = 4;
      const [part, chunk] = [builder.let(div(local, u(chunkLanes))), builder.let(rem(local, u(chunkLanes)))];
      const sums = Array.from({ length: rows }, () => builder.var(splat(f(0), chunkWidth)));
      builder.if(lt(chunk, u(chunks)), () =>
        builder.for(part, count, u(parts * inFlight), (start) => {
          const loads = Array.from({ length: inFlight }, (_, step) => {
            const slot = builder.let(add(start, u(step * parts)));
            const known = builder.let(min(slot, sub(count, u(1))));
            return { slot, known, value: builder.let(v.load(vBase, add(begin, known), chunk)) };
          });
          for (const { slot, known, value } of loads)
            sums.forEach((sum, row) => {
              const weight = builder.get(weights, add(known, u(row * splitKeys)));
              const counted = builder.let(select(lt(slot, count), weight, f(0)));
              builder.assign(sum, fma(splat(counted, chunkWidth), value, sum.value));
            });
        }),
      );
      return sums.map(({ value }) => value);
    }

    /** Adds the parts of as many rows at a time as the tile has room for, and writes the results. */
    function joinParts(sums: readonly Expr[]): void {
      const atOnce = Math.min(rows, Math.floor(plan.tileChunks / threads));
      const out = partials === undefined ? head4(kernel.out) : undefined;
      const scratch = partials === undefined ? undefined : bindPartials(builder, partials, true);
      for (let from = 0; from < rows; from += atOnce) {
        if (from > 0) builder.barrier();
        const batchRows = Math.min(atOnce, rows - from);
        for (let i = 0; i < batchRows; i++) builder.set(tile, add(local, u(i * threads)), sums[from + i] as Expr);
        builder.barrier();
        forItems(builder, batchRows * chunkLanes, (item) => {
          const chunk = builder.let(rem(item, u(chunkLanes)));
          const row = builder.let(add(div(item, u(chunkLanes)), u(from)));
          const isThere = builder.let(lt(add(row, firstRow), u(rowsInAll)));
          builder.if(isThere, () =>
            builder.if(lt(chunk, u(chunks)), () => {
              const start = builder.let(add(mul(sub(row, u(from)), u(threads)), chunk));
              const total = builder.var(builder.get(tile, start));
              for (let part = 1; part < threads / chunkLanes; part++)
                builder.assign(total, add(total.value, builder.get(tile, add(start, u(part * chunkLanes)))));
              const [maximum, sum] = [stat(stats, row, 0), stat(stats, row, 1)];
              const place = placeOf(row);
              if (scratch !== undefined) {
                const record = builder.let(recordAt(plan, add(mul(pair, u(rowsInAll)), place.row), split));
                builder.store(scratch, add(record, chunk), total.value);
                builder.if(eq(chunk, u(0)), () =>
                  builder.store(scratch, add(record, u(chunks)), compose([maximum, sum, f(0), f(0)])),
                );
              } else if (out !== undefined) {
                const value = mul(total.value, splat(builder.let(inverseOf(sum)), chunkWidth));
                out.store(out.base(batch, place.head), place.query, chunk, value);
                builder.if(eq(chunk, u(0)), () => storeLse(memory, kernel, { batch, ...place }, maximum, sum));
              }
            }),
          );
        });
      }
    }

    function stat(array: ArrayRef, row: Expr, which: 0 | 1): Expr {
      return builder.let(builder.get(array, add(mul(row, u(2)), u(which))));
    }
  });
  return { ...builder.finish(), grid };
}

/** `item` runs over `count` items, shared among the threads. */
function forItems(builder: KernelBuilder, count: number, visit: (item: Expr) => void): void {
  const local = builtin("localIndex");
  if (count <= builder.workgroupSize) {
    if (count === builder.workgroupSize) visit(local);
    else builder.if(lt(local, u(count)), () => visit(local));
  } else builder.for(local, u(count), u(builder.workgroupSize), visit);
}

/** Scores [row][key] become weights relative to their row's maximum; `stats` gets (m, l) per row. */
function emitSoftmax(
  builder: KernelBuilder,
  { rows, splitKeys, threads }: { rows: number; splitKeys: number; threads: number },
  { count, weights, exchange, stats }: { count: Expr; weights: ArrayRef; exchange: ArrayRef; stats: ArrayRef },
): void {
  const lanes = Math.min(16, threads / rows);
  const local = builtin("localIndex");
  // Threads beyond the last row go along with it: every thread must reach the barriers.
  const row = builder.let(min(div(local, u(lanes)), u(rows - 1)));
  const isOwn = builder.let(lt(local, u(rows * lanes)));
  const first = builder.let(rem(local, u(lanes)));
  const start = builder.let(mul(row, u(splitKeys)));
  const combine = (value: Expr, fn: (a: Expr, b: Expr) => Expr): Expr => {
    builder.set(exchange, local, value);
    builder.barrier();
    const parts = Array.from({ length: lanes }, (_, i) => builder.get(exchange, add(mul(row, u(lanes)), u(i))));
    return builder.let(parts.reduce(fn));
  };
  const own = builder.var(f(invisible));
  builder.for(first, count, u(lanes), (slot) =>
    builder.assign(own, max(own.value, builder.get(weights, add(start, slot)))),
  );
  const maximum = combine(own.value, max);
  builder.barrier();
  const total = builder.var(f(0));
  builder.if(isOwn, () =>
    builder.for(first, count, u(lanes), (slot) => {
      const at = builder.let(add(start, slot));
      const weight = builder.let(weightOf(builder.get(weights, at), maximum));
      builder.set(weights, at, weight);
      builder.assign(total, add(total.value, weight));
    }),
  );
  const sum = combine(total.value, add);
  builder.if(isOwn, () =>
    builder.if(eq(first, u(0)), () => {
      builder.set(stats, mul(row, u(2)), maximum);
      builder.set(stats, add(mul(row, u(2)), u(1)), sum);
    }),
  );
  builder.barrier();
}
