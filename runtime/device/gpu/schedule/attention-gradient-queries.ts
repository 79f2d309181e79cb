/**
 * @file The gradient of q (and of ALiBi's slopes): a tile of queries per workgroup walks over the tiles of keys that it sees.
 *
 *     per tile of keys:   dp = dout·vᵀ;   s = q·kᵀ;   ds = p ∘ (dp − D);   dq += ds·k
 *
 * V comes first, so that K is still in the one tile of shared memory when dq needs it.
 */
import type { AttentionBackwardKernel } from "../../../program/kernel.ts";
import {
  add,
  type BoundArray,
  builtin,
  cast,
  div,
  eq,
  f,
  f32,
  fma,
  gridOf,
  KernelBuilder,
  linearWorkgroup,
  lt,
  mul,
  rem,
  splat,
  sub,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";
import { bindAttention, chunkWidth, HeadArray } from "./attention-access.ts";
import { type BackwardRecords, keysOfTile, keysOfTileBytes, type QueryRecord } from "./attention-records.ts";
import { sumOverThreads, weightOf } from "./attention-softmax.ts";
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

export const queryShape = ({ dims, dslopes }: AttentionBackwardKernel, { target }: ScheduleContext): TileShape =>
  chooseTileShape(target, {
    headDim: dims.headDim,
    positions: dims.queries,
    heads: dims.batch * dims.heads,
    sums: 1,
    bytes: (shape) =>
      2 * rowTileBytes(shape) +
      columnTileBytes(shape) +
      weightBytes(shape) +
      keysOfTileBytes +
      (dslopes === undefined ? 0 : shape.threads * 4),
  });

export function emitQueryGradients(
  kernel: AttentionBackwardKernel,
  context: ScheduleContext,
  records: BackwardRecords,
  shape: TileShape,
  slopeParts: number,
): Dispatch {
  const { batch: batches, heads, kvHeads, queries, keys, headDim } = kernel.dims;
  const tiles = Math.ceil(queries / shape.rows);
  const units = batches * heads * tiles;
  const grid = gridOf(units, context.target.limits.workgroups);
  const builder = new KernelBuilder(shape.threads);
  const memory = bindAttention(builder, context, kernel, {
    reads: [kernel.q, kernel.k, kernel.v, kernel.dout],
    writes: [kernel.dq],
    others: [kernel.mask?.buffer],
  });
  const [q, k, v, dout, dq] = [kernel.q, kernel.k, kernel.v, kernel.dout, kernel.dq].map(
    (access) => new HeadArray(builder, memory, access, headDim),
  ) as [HeadArray, HeadArray, HeadArray, HeadArray, HeadArray];
  const known = records.bind(builder, false);
  const parts =
    kernel.dslopes === undefined
      ? undefined
      : builder.bind({ kind: "scratch", index: 1 }, f32, { isWritten: true, length: slopeParts });
  const termsOf = records.headTerms(builder, known);
  const scores = new Scores(builder, memory, kernel);

  const unit = builder.let(linearWorkgroup(grid));
  builder.if(lt(unit, u(units)), () => {
    const tiling = new Tiles(builder, shape);
    const [qTile, doutTile] = [tiling.rowTile(), tiling.rowTile()];
    const [kvTile, weights] = [tiling.columnTile(), tiling.weightTile()];
    const first = builder.let(mul(sub(u(tiles - 1), rem(unit, u(tiles))), u(shape.rows)));
    const head = builder.let(rem(div(unit, u(tiles)), u(heads)));
    const batch = builder.let(div(unit, u(tiles * heads)));
    const kvHead = builder.let(div(head, u(heads / kvHeads)));
    const terms = termsOf(head);
    const rows = Array.from({ length: shape.rowsEach }, (_, i) => builder.let(add(first, tiling.row(i))));
    const own = rows.map((query) => records.query(builder, known, batch, head, query));
    const ranges = own.map(({ range }) => range);
    const loop = keysOfTile(builder, records, known, { batch, head, first, count: shape.rows });
    const rowSource = { first, limit: u(queries), extent: queries };
    tiling.copyRows(qTile, { ...rowSource, from: q, base: q.base(batch, head) });
    tiling.copyRows(doutTile, { ...rowSource, from: dout, base: dout.base(batch, head) });
    const sums = tiling.sums();
    const slopeSum = builder.var(f(0));
    const [kBase, vBase] = [k.base(batch, kvHead), v.base(batch, kvHead)];

    builder.for(loop.first, loop.end, u(shape.columns), (key) => {
      const source = { first: key, limit: terms.valid, extent: keys };
      tiling.copyColumns(kvTile, { ...source, from: v, base: vBase });
      builder.barrier();
      const dWeights = tiling.dot(doutTile, kvTile);
      builder.barrier();
      tiling.copyColumns(kvTile, { ...source, from: k, base: kBase });
      builder.barrier();
      const block = tiling.dot(qTile, kvTile);
      const keyAt = (_: number, j: number): Expr => add(key, tiling.column(j));
      scores.apply(block, terms, {
        batch,
        head,
        query: (i) => rows[i] as Expr,
        key: keyAt,
        range: (i) => (own[i] as QueryRecord).range,
        isPartial: someOutside(ranges, key, add(key, u(shape.columns))),
      });
      block.forEach((row, i) => {
        const { lse, delta } = own[i] as QueryRecord;
        const ds = row.map(({ value }, j) =>
          builder.let(mul(weightOf(value, lse), sub(entry(dWeights, i, j).value, delta))),
        );
        tiling.setWeights(weights, i, ds);
        if (parts === undefined) return;
        ds.forEach((value, j) => {
          const distance = sub(cast(keyAt(i, j), "i32"), add(cast(rows[i] as Expr, "i32"), terms.shift));
          builder.assign(slopeSum, fma(value, cast(distance, "f32"), slopeSum.value));
        });
      });
      builder.barrier();
      tiling.accumulate(sums, weights, kvTile);
      builder.barrier();
    });

    tiling.storeRows(dq, dq.base(batch, head), first, queries, (i, c) =>
      mul(entry(sums, i, c).value, splat(f(kernel.scale), chunkWidth)),
    );
    if (parts !== undefined) storeSlopes(parts, slopeSum.value);

    function storeSlopes(to: BoundArray, own: Expr): void {
      const total = sumOverThreads(builder, builder.shared(f32, shape.threads), own);
      builder.if(eq(builtin("localIndex"), u(0)), () => {
        const at = add(mul(add(mul(batch, u(heads)), head), u(tiles)), div(first, u(shape.rows)));
        builder.store(to, builder.let(at), total());
      });
    }
  });
  return { ...builder.finish(), grid };
}
