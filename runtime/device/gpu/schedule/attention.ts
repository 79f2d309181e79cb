/**
 * @file Attention forward: a tile of queries per workgroup walks over the tiles of keys that it may see, with a running softmax, so that no more
 * than one tile of scores exists, in registers and then as weights in shared memory.
 *
 *     per tile of keys:   s = q·kᵀ;   m' = max(m, rowmax s);   p = 2^(s − m');   l = l·2^(m − m') + Σ p;   o = o·2^(m − m') + p·v
 *     at the end:         out = o / l;   lse = (m + log₂ l) · ln 2
 *
 * The maximum is known to all threads of a row, the sum l only to each for its own columns: it is added up once, at the end. K and V take turns in one
 * tile of shared memory, since room decides how many workgroups a core holds, and those hide each other's waits.
 *
 * Roofline, f32, d = 64 with 32 × 32 tiles: a pair of tiles is 2·2·32·32·64 = 262,144 operations for 16 KiB of K and V, 16 per byte, mostly out of the second
 * cache, since the workgroups of one head run side by side. At 1–2 TB/s from there that bounds nothing below 16–32 TFLOP/s; the reads of shared memory do
 * (attention-tiles.ts), at about half of the plain f32 peak. Memory proper sees q, k, v and out once.
 *
 * Few queries take attention-decode.ts; operands in f16, where the target has matrix units for them, attention-units-forward.ts.
 *
 * @source Dao 2023, "FlashAttention-2", sections 3.1 and 3.3 (no rescaling by l inside the loop; parallel over queries; one logarithm saved);
 * Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import {
  add,
  and,
  call,
  div,
  eq,
  f,
  fma,
  gridOf,
  KernelBuilder,
  linearWorkgroup,
  lt,
  max,
  mul,
  rem,
  splat,
  sub,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch, GpuTarget, ScheduleContext, ScheduledKernel } from "../target.ts";
import { bindAttention, chunkWidth, HeadArray } from "./attention-access.ts";
import { scheduleAttentionDecode } from "./attention-decode.ts";
import { isDecoding } from "./attention-decode-plan.ts";
import { exchangesInSubgroup, inverseOf, invisible, rowExchange, storeLse, weightOf } from "./attention-softmax.ts";
import { bindTerms, emitTerms, recordBytes } from "./attention-terms.ts";
import {
  chooseTileShape,
  columnTileBytes,
  entry,
  rowTileBytes,
  type TileShape,
  Tiles,
  weightBytes,
} from "./attention-tiles.ts";
import { chooseUnitShape } from "./attention-units.ts";
import { emitUnitAttend, forwardDemand } from "./attention-units-forward.ts";
import {
  firstKeysOf,
  type KeyRange,
  keyRangeOf,
  loopRange,
  loopRangeBytes,
  Scores,
  someOutside,
} from "./attention-visibility.ts";

export function scheduleAttention(kernel: AttentionKernel, context: ScheduleContext): ScheduledKernel {
  if (kernel.dims.batch * kernel.dims.queries === 0) return { dispatches: [], scratch: [] };
  const isFolded = distinctMemories(kernel, context) > context.target.limits.bindings;
  if (isDecoding(kernel)) return scheduleAttentionDecode(kernel, context, isFolded);
  const { headDim, queries, heads, batch } = kernel.dims;
  const scratch = isFolded ? [heads * recordBytes] : [];
  const before = isFolded ? [emitTerms(kernel, context)] : [];
  const units = chooseUnitShape(kernel, context, forwardDemand(kernel));
  if (units !== undefined)
    return { dispatches: [...before, emitUnitAttend(kernel, context, units, isFolded)], scratch };
  const shape = chooseTileShape(context.target, {
    headDim,
    positions: queries,
    heads: batch * heads,
    sums: 1,
    bytes: (candidate) =>
      rowTileBytes(candidate) +
      columnTileBytes(candidate) +
      weightBytes(candidate) +
      exchangeBytes(candidate, context.target) +
      loopRangeBytes(candidate.rows, kernel),
  });
  return { dispatches: [...before, emitAttend(kernel, context, shape, isFolded)], scratch };
}

function distinctMemories(kernel: AttentionKernel, context: ScheduleContext): number {
  const { q, k, v, mask, firstKey, slopes, out, lse } = kernel;
  const buffers = [q, k, v, mask, firstKey, slopes, out, lse].flatMap((access) => access?.buffer ?? []);
  if (kernel.kvLength !== undefined) buffers.push(kernel.kvLength);
  return new Set(buffers.map((id) => context.memoryOf(id))).size;
}

const exchangeBytes = ({ rows, across }: TileShape, target: GpuTarget): number =>
  exchangesInSubgroup(target, across) ? 0 : rows * across * 4;

function emitAttend(kernel: AttentionKernel, context: ScheduleContext, shape: TileShape, isFolded: boolean): Dispatch {
  const { dims } = kernel;
  const { batch: batches, heads, kvHeads, queries, keys, headDim } = dims;
  const tiles = Math.ceil(queries / shape.rows);
  const units = batches * heads * tiles;
  const grid = gridOf(units, context.target.limits.workgroups);
  const builder = new KernelBuilder(shape.threads);
  const memory = bindAttention(builder, context, kernel, {
    reads: [kernel.q, kernel.k, kernel.v],
    writes: [kernel.out],
    others: [kernel.mask?.buffer, kernel.firstKey?.buffer, kernel.slopes?.buffer, kernel.kvLength],
    otherWrites: [kernel.lse.buffer],
  });
  const [q, k, v, out] = [kernel.q, kernel.k, kernel.v, kernel.out].map(
    (access) => new HeadArray(builder, memory, access, headDim),
  ) as [HeadArray, HeadArray, HeadArray, HeadArray];
  const scores = new Scores(builder, memory, kernel);
  const termsOf = bindTerms(builder, memory, kernel, isFolded);

  const unit = builder.let(linearWorkgroup(grid));
  builder.if(lt(unit, u(units)), () => {
    const tiling = new Tiles(builder, shape);
    const [qTile, kvTile, weights] = [tiling.rowTile(), tiling.columnTile(), tiling.weightTile()];
    // The last queries of a head first: under a causal mask they cost most, and what is left for the end should be small.
    const first = builder.let(mul(sub(u(tiles - 1), rem(unit, u(tiles))), u(shape.rows)));
    const head = builder.let(rem(div(unit, u(tiles)), u(heads)));
    const batch = builder.let(div(unit, u(tiles * heads)));
    const kvHead = builder.let(div(head, u(heads / kvHeads)));
    const terms = termsOf(head);
    const firstKey = firstKeysOf(memory, kernel, batch, head);
    const rows = Array.from({ length: shape.rowsEach }, (_, i) => builder.let(add(first, tiling.row(i))));
    const ranges = rows.map((query) => keyRangeOf(builder, kernel, terms, query, firstKey));
    const loop = loopRange(builder, kernel, {
      ...{ terms, first, rows: shape.rows, isLeader: eq(tiling.x, u(0)) },
      own: ranges.map((range, i) => ({ row: tiling.row(i), first: range.first })),
    });
    tiling.copyRows(qTile, { from: q, base: q.base(batch, head), first, limit: u(queries), extent: queries });
    const sums = tiling.sums();
    const maxima = rows.map(() => builder.var(f(invisible)));
    const totals = rows.map(() => builder.var(f(0)));
    const exchange = rowExchange(builder, tiling, context.target);
    const [kBase, vBase] = [k.base(batch, kvHead), v.base(batch, kvHead)];

    builder.for(loop.first, loop.end, u(shape.columns), (key) => {
      const source = { first: key, limit: terms.valid, extent: keys };
      tiling.copyColumns(kvTile, { ...source, from: k, base: kBase });
      builder.barrier();
      const block = tiling.dot(qTile, kvTile);
      scores.apply(block, terms, {
        batch,
        head,
        query: (i) => rows[i] as Expr,
        key: (_, j) => add(key, tiling.column(j)),
        range: (i) => ranges[i] as KeyRange,
        isPartial: someOutside(ranges, key, add(key, u(shape.columns))),
      });
      const largest = exchange(
        block.map((row) => row.map(({ value }) => value).reduce(max)),
        max,
      );
      // Everyone has read K: by the exchange's own barrier where it needs one.
      if (exchangesInSubgroup(context.target, shape.across)) builder.barrier();
      tiling.copyColumns(kvTile, { ...source, from: v, base: vBase });
      block.forEach((row, i) => {
        const [maximum, total] = [maxima[i], totals[i]] as [(typeof maxima)[0], (typeof totals)[0]];
        const next = builder.let(max(maximum.value, largest[i] as Expr));
        const shrink = builder.let(call("exp2", sub(maximum.value, next)));
        const parts = row.map(({ value }) => builder.let(weightOf(value, next)));
        tiling.setWeights(weights, i, parts);
        builder.assign(total, fma(total.value, shrink, parts.reduce(add)));
        builder.assign(maximum, next);
        for (const sum of sums[i] as (typeof sums)[0]) builder.assign(sum, mul(sum.value, splat(shrink, chunkWidth)));
      });
      builder.barrier();
      tiling.accumulate(sums, weights, kvTile);
      builder.barrier();
    });

    const whole = exchange(
      totals.map(({ value }) => value),
      add,
    );
    const inverses = whole.map((total) => builder.let(inverseOf(total)));
    tiling.storeRows(out, out.base(batch, head), first, queries, (i, c) =>
      mul(entry(sums, i, c).value, splat(inverses[i] as Expr, chunkWidth)),
    );
    rows.forEach((query, i) => {
      builder.if(and(eq(tiling.x, u(0)), lt(query, u(queries))), () =>
        storeLse(memory, kernel, { batch, head, query }, (maxima[i] as (typeof maxima)[0]).value, whole[i] as Expr),
      );
    });
  });
  return { ...builder.finish(), grid };
}
