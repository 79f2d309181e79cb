/**
 * @file The gradients of k and v: a tile of keys per workgroup walks over the heads that share it and over their tiles of queries.
 *
 *     per tile of queries:   p = 2^(k·qᵀ − lse);   dp = v·doutᵀ;   dv += p·dout;   ds = p ∘ (dp − D);   dk += ds·q
 *
 * Rows are keys here and columns queries, so p and ds are their own transposes, and grouped heads add into the same registers, in order.
 */
import type { AttentionBackwardKernel } from "../../../program/kernel.ts";
import { add, div, f, gridOf, KernelBuilder, linearWorkgroup, lt, mul, rem, splat, sub, u } from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";
import { bindAttention, chunkWidth, HeadArray } from "./attention-access.ts";
import { type BackwardRecords, type QueryRecord, queriesOfTile, queriesOfTileBytes } from "./attention-records.ts";
import { weightOf } from "./attention-softmax.ts";
import {
  chooseTileShape,
  columnTileBytes,
  entry,
  rowTileBytes,
  type TileShape,
  Tiles,
  weightBytes,
} from "./attention-tiles.ts";
import { Scores, someOutside } from "./attention-visibility.ts";

export const keyShape = ({ dims }: AttentionBackwardKernel, { target }: ScheduleContext): TileShape =>
  chooseTileShape(target, {
    headDim: dims.headDim,
    positions: dims.keys,
    heads: dims.batch * dims.kvHeads,
    sums: 2,
    bytes: (shape) =>
      2 * rowTileBytes(shape) + 2 * columnTileBytes(shape) + weightBytes(shape) + queriesOfTileBytes(shape.threads),
  });

export function emitKeyGradients(
  kernel: AttentionBackwardKernel,
  context: ScheduleContext,
  records: BackwardRecords,
  shape: TileShape,
): Dispatch {
  const { batch: batches, heads, kvHeads, queries, keys, headDim } = kernel.dims;
  const tiles = Math.ceil(keys / shape.rows);
  const units = batches * kvHeads * tiles;
  const grid = gridOf(units, context.target.limits.workgroups);
  const builder = new KernelBuilder(shape.threads);
  const memory = bindAttention(builder, context, kernel, {
    reads: [kernel.q, kernel.k, kernel.v, kernel.dout],
    writes: [kernel.dk, kernel.dv],
    others: [kernel.mask?.buffer],
  });
  const [q, k, v, dout, dk, dv] = [kernel.q, kernel.k, kernel.v, kernel.dout, kernel.dk, kernel.dv].map(
    (access) => new HeadArray(builder, memory, access, headDim),
  ) as [HeadArray, HeadArray, HeadArray, HeadArray, HeadArray, HeadArray];
  const known = records.bind(builder, false);
  const termsOf = records.headTerms(builder, known);
  const scores = new Scores(builder, memory, kernel);

  const unit = builder.let(linearWorkgroup(grid));
  builder.if(lt(unit, u(units)), () => {
    const tiling = new Tiles(builder, shape);
    const [kTile, vTile] = [tiling.rowTile(), tiling.rowTile()];
    const [qTile, doutTile, weights] = [tiling.columnTile(), tiling.columnTile(), tiling.weightTile()];
    // The first keys of a head first: under a causal mask most queries see them.
    const first = builder.let(mul(rem(unit, u(tiles)), u(shape.rows)));
    const end = builder.let(add(first, u(shape.rows)));
    const kvHead = builder.let(rem(div(unit, u(tiles)), u(kvHeads)));
    const batch = builder.let(div(unit, u(tiles * kvHeads)));
    const rows = Array.from({ length: shape.rowsEach }, (_, i) => builder.let(add(first, tiling.row(i))));
    const firstHead = builder.let(mul(kvHead, u(heads / kvHeads)));
    const { valid } = termsOf(firstHead);
    const rowSource = { first, limit: valid, extent: keys };
    tiling.copyRows(kTile, { ...rowSource, from: k, base: k.base(batch, kvHead) });
    tiling.copyRows(vTile, { ...rowSource, from: v, base: v.base(batch, kvHead) });
    const [dkSums, dvSums] = [tiling.sums(), tiling.sums()];
    const queriesOf = queriesOfTile(builder, records, known, { first, end }, { queries, count: shape.columns });

    builder.for(firstHead, add(firstHead, u(heads / kvHeads)), u(1), (head) => {
      const terms = termsOf(head);
      const loop = queriesOf(batch, head);
      const [qBase, doutBase] = [q.base(batch, head), dout.base(batch, head)];
      builder.for(loop.from, loop.to, u(shape.columns), (query) => {
        const queryAt = (j: number): Expr => add(query, tiling.column(j));
        const columns = Array.from({ length: shape.columnsEach }, (_, j) =>
          records.query(builder, known, batch, head, builder.let(queryAt(j))),
        );
        const source = { first: query, limit: u(queries), extent: queries };
        tiling.copyColumns(qTile, { ...source, from: q, base: qBase });
        tiling.copyColumns(doutTile, { ...source, from: dout, base: doutBase });
        builder.barrier();
        const block = tiling.dot(kTile, qTile);
        scores.apply(block, terms, {
          batch,
          head,
          query: (_, j) => queryAt(j),
          key: (i) => rows[i] as Expr,
          range: (_, j) => (columns[j] as QueryRecord).range,
          isPartial: someOutside(
            columns.map(({ range }) => range),
            first,
            end,
          ),
        });
        block.forEach((row, i) => {
          row.forEach((weight, j) => {
            builder.assign(weight, weightOf(weight.value, (columns[j] as QueryRecord).lse));
          });
          tiling.setWeights(
            weights,
            i,
            row.map(({ value }) => value),
          );
        });
        const dWeights = tiling.dot(vTile, doutTile);
        builder.barrier();
        tiling.accumulate(dvSums, weights, doutTile);
        builder.barrier();
        block.forEach((row, i) => {
          const ds = row.map(({ value }, j) =>
            mul(value, sub(entry(dWeights, i, j).value, (columns[j] as QueryRecord).delta)),
          );
          tiling.setWeights(weights, i, ds);
        });
        builder.barrier();
        tiling.accumulate(dkSums, weights, qTile);
        builder.barrier();
      });
    });

    tiling.storeRows(dk, dk.base(batch, kvHead), first, keys, (i, c) =>
      mul(entry(dkSums, i, c).value, splat(f(kernel.scale), chunkWidth)),
    );
    tiling.storeRows(dv, dv.base(batch, kvHead), first, keys, (i, c) => entry(dvSums, i, c).value);
  });
  return { ...builder.finish(), grid };
}
