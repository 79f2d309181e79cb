/**
 * @file The gradients of attention on matrix units: `attention-gradient-queries.ts` and `attention-gradient-keys.ts` with sums that a subgroup holds. Weights and
 * their gradients become f16 on their way into the second product, as FlashAttention has it; scores, dP and sums stay f32.
 */
import type { Access, AttentionBackwardKernel } from "../../../program/kernel.ts";
import {
  add,
  builtin,
  cast,
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
  mul,
  rem,
  splat,
  sub,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";
import { bindAttention, chunkWidth, HeadArray } from "./attention-access.ts";
import {
  type BackwardRecords,
  keysOfTile,
  keysOfTileBytes,
  queriesOfTile,
  queriesOfTileBytes,
  readRecord,
} from "./attention-records.ts";
import { sumOverThreads, weightOf } from "./attention-softmax.ts";
import { recordBytes, recordType } from "./attention-terms.ts";
import { type UnitDemand, type UnitShape, UnitTiles } from "./attention-units.ts";
import { Scores } from "./attention-visibility.ts";

/** The most threads of a workgroup here, as `chooseUnitShape` has them. */
const mostThreads = 256;

export const unitQueryDemand = ({ dims, dslopes }: AttentionBackwardKernel): UnitDemand => ({
  ...{ tiles: 2, strips: 2, weights: 1 },
  positions: dims.queries,
  heads: dims.batch * dims.heads,
  others: keysOfTileBytes + (dslopes === undefined ? 0 : mostThreads * 4),
});

export const unitKeyDemand = ({ dims }: AttentionBackwardKernel): UnitDemand => ({
  ...{ tiles: 2, strips: 2, weights: 2 },
  positions: dims.keys,
  heads: dims.batch * dims.kvHeads,
  others: queriesOfTileBytes(mostThreads) + 32 * recordBytes,
});

const lanes = [0, 1, 2, 3];

function bindHeads(
  builder: KernelBuilder,
  context: ScheduleContext,
  kernel: AttentionBackwardKernel,
  writes: readonly Access[],
) {
  const { q, k, v, dout, mask, dims } = kernel;
  const reads = [q, k, v, dout];
  const memory = bindAttention(builder, context, kernel, { reads, writes, others: [mask?.buffer] });
  const arrays = [...reads, ...writes].map((access) => new HeadArray(builder, memory, access, dims.headDim));
  return { memory, arrays };
}

export function emitUnitQueryGradients(
  kernel: AttentionBackwardKernel,
  context: ScheduleContext,
  records: BackwardRecords,
  shape: UnitShape,
  slopeParts: number,
): Dispatch {
  const { batch: batches, heads, kvHeads, queries, keys } = kernel.dims;
  const tiles = Math.ceil(queries / shape.rows);
  const units = batches * heads * tiles;
  const grid = gridOf(units, context.target.limits.workgroups);
  const builder = new KernelBuilder(shape.threads);
  const { memory, arrays } = bindHeads(builder, context, kernel, [kernel.dq]);
  const [q, k, v, dout, dq] = arrays as [HeadArray, HeadArray, HeadArray, HeadArray, HeadArray];
  const known = records.bind(builder, false);
  const parts =
    kernel.dslopes === undefined
      ? undefined
      : builder.bind({ kind: "scratch", index: 1 }, f32, { isWritten: true, length: slopeParts });
  const termsOf = records.headTerms(builder, known);
  const scores = new Scores(builder, memory, kernel);

  const unit = builder.let(linearWorkgroup(grid));
  builder.if(lt(unit, u(units)), () => {
    const tiling = new UnitTiles(builder, shape);
    const [kTile, vTile, weights] = [tiling.tile(), tiling.tile(), tiling.weights()];
    const [strip, dStrip] = [tiling.strip(), tiling.strip()];
    const first = builder.let(mul(sub(u(tiles - 1), rem(unit, u(tiles))), u(shape.rows)));
    const head = builder.let(rem(div(unit, u(tiles)), u(heads)));
    const batch = builder.let(div(unit, u(tiles * heads)));
    const kvHead = builder.let(div(head, u(heads / kvHeads)));
    const terms = termsOf(head);
    const query = builder.let(add(first, tiling.row));
    const { range, lse, delta } = records.query(builder, known, batch, head, query);
    const loop = keysOfTile(builder, records, known, { batch, head, first, count: shape.rows });
    const rowSource = { first, limit: u(queries), extent: queries };
    tiling.copy(kTile, { ...rowSource, from: q, base: q.base(batch, head) }, shape.rows);
    tiling.copy(vTile, { ...rowSource, from: dout, base: dout.base(batch, head) }, shape.rows);
    builder.barrier();
    const [qRows, doutRows] = [tiling.hold(kTile), tiling.hold(vTile)];
    const sums = tiling.sums();
    const slopeSum = builder.var(f(0));
    const [kBase, vBase] = [k.base(batch, kvHead), v.base(batch, kvHead)];
    builder.for(loop.first, loop.end, u(shape.columns), (key) => {
      const source = { first: key, limit: terms.valid, extent: keys };
      builder.barrier();
      tiling.copy(kTile, { ...source, from: k, base: kBase }, shape.columns);
      tiling.copy(vTile, { ...source, from: v, base: vBase }, shape.columns);
      builder.barrier();
      tiling.dot(qRows, kTile, strip);
      tiling.dot(doutRows, vTile, dStrip);
      builder.barrier();
      tiling.ownChunks((chunk) => {
        const [products, dWeights] = [tiling.score(strip, chunk), tiling.score(dStrip, chunk)];
        const ds = lanes.map((i) => {
          const at = builder.let(add(key, add(mul(chunk, u(chunkWidth)), u(i))));
          const scaled = builder.let(scores.scaled(lane(products, i), terms, query, at));
          const score = builder.let(scores.masked(scaled, { batch, head }, query, at, range));
          const gradient = builder.let(mul(weightOf(score, lse), sub(lane(dWeights, i), delta)));
          if (parts !== undefined) {
            const distance = sub(cast(at, "i32"), add(cast(query, "i32"), terms.shift));
            builder.assign(slopeSum, fma(gradient, cast(distance, "f32"), slopeSum.value));
          }
          return gradient;
        });
        tiling.setWeights(weights, chunk, cast(compose(ds), "f16"));
      });
      builder.barrier();
      tiling.accumulate(sums, weights, kTile);
    });
    const to = { array: dq, base: dq.base(batch, head), position: query, positions: queries };
    tiling.store(sums, strip, to, (sum) => mul(sum, splat(f(kernel.scale), chunkWidth)));
    if (parts === undefined) return;
    const total = sumOverThreads(builder, builder.shared(f32, shape.threads), slopeSum.value);
    builder.if(eq(builtin("localIndex"), u(0)), () => {
      const at = add(mul(add(mul(batch, u(heads)), head), u(tiles)), div(first, u(shape.rows)));
      builder.store(parts, builder.let(at), total());
    });
  });
  return { ...builder.finish(), grid };
}

export function emitUnitKeyGradients(
  kernel: AttentionBackwardKernel,
  context: ScheduleContext,
  records: BackwardRecords,
  shape: UnitShape,
): Dispatch {
  const { batch: batches, heads, kvHeads, queries, keys } = kernel.dims;
  const tiles = Math.ceil(keys / shape.rows);
  const units = batches * kvHeads * tiles;
  const grid = gridOf(units, context.target.limits.workgroups);
  const builder = new KernelBuilder(shape.threads);
  const { memory, arrays } = bindHeads(builder, context, kernel, [kernel.dk, kernel.dv]);
  const [q, k, v, dout, dk, dv] = arrays as [HeadArray, HeadArray, HeadArray, HeadArray, HeadArray, HeadArray];
  const known = records.bind(builder, false);
  const termsOf = records.headTerms(builder, known);
  const scores = new Scores(builder, memory, kernel);

  const unit = builder.let(linearWorkgroup(grid));
  builder.if(lt(unit, u(units)), () => {
    const tiling = new UnitTiles(builder, shape);
    const [qTile, doutTile] = [tiling.tile(), tiling.tile()];
    const [strip, dStrip] = [tiling.strip(), tiling.strip()];
    const [weights, dScores] = [tiling.weights(), tiling.weights()];
    const recordTile = builder.shared(recordType, shape.columns);
    const first = builder.let(mul(rem(unit, u(tiles)), u(shape.rows)));
    const end = builder.let(add(first, u(shape.rows)));
    const kvHead = builder.let(rem(div(unit, u(tiles)), u(kvHeads)));
    const batch = builder.let(div(unit, u(tiles * kvHeads)));
    const key = builder.let(add(first, tiling.row));
    const firstHead = builder.let(mul(kvHead, u(heads / kvHeads)));
    const { valid } = termsOf(firstHead);
    const rowSource = { first, limit: valid, extent: keys };
    tiling.copy(qTile, { ...rowSource, from: k, base: k.base(batch, kvHead) }, shape.rows);
    tiling.copy(doutTile, { ...rowSource, from: v, base: v.base(batch, kvHead) }, shape.rows);
    builder.barrier();
    const [kRows, vRows] = [tiling.hold(qTile), tiling.hold(doutTile)];
    const [dkSums, dvSums] = [tiling.sums(), tiling.sums()];
    const queriesOf = queriesOfTile(builder, records, known, { first, end }, { queries, count: shape.columns });

    builder.for(firstHead, add(firstHead, u(heads / kvHeads)), u(1), (head) => {
      const terms = termsOf(head);
      const loop = queriesOf(batch, head);
      const [qBase, doutBase] = [q.base(batch, head), dout.base(batch, head)];
      builder.for(loop.from, loop.to, u(shape.columns), (query) => {
        const source = { first: query, limit: u(queries), extent: queries };
        builder.barrier();
        tiling.copy(qTile, { ...source, from: q, base: qBase }, shape.columns);
        tiling.copy(doutTile, { ...source, from: dout, base: doutBase }, shape.columns);
        builder.for(builtin("localIndex"), u(shape.columns), u(shape.threads), (i) =>
          builder.set(recordTile, i, records.load(builder, known, batch, head, builder.let(add(query, i)))),
        );
        builder.barrier();
        tiling.dot(kRows, qTile, strip);
        tiling.dot(vRows, doutTile, dStrip);
        builder.barrier();
        tiling.ownChunks((chunk) => {
          const [products, dWeights] = [tiling.score(strip, chunk), tiling.score(dStrip, chunk)];
          const both = lanes.map((i) => {
            const column = builder.let(add(mul(chunk, u(chunkWidth)), u(i)));
            const { range, lse, delta } = readRecord(builder, builder.let(builder.get(recordTile, column)));
            const at = builder.let(add(query, column));
            const scaled = builder.let(scores.scaled(lane(products, i), terms, at, key));
            const score = builder.let(scores.masked(scaled, { batch, head }, at, key, range));
            const weight = builder.let(weightOf(score, lse));
            return [weight, mul(weight, sub(lane(dWeights, i), delta))] as const;
          });
          tiling.setWeights(weights, chunk, f16(both.map(([weight]) => weight)));
          tiling.setWeights(dScores, chunk, f16(both.map(([, gradient]) => gradient)));
        });
        builder.barrier();
        tiling.accumulate(dvSums, weights, doutTile);
        tiling.accumulate(dkSums, dScores, qTile);
      });
    });
    const place = { position: key, positions: keys };
    tiling.store(dkSums, strip, { ...place, array: dk, base: dk.base(batch, kvHead) }, (sum) =>
      mul(sum, splat(f(kernel.scale), chunkWidth)),
    );
    tiling.store(dvSums, dStrip, { ...place, array: dv, base: dv.base(batch, kvHead) });
  });
  return { ...builder.finish(), grid };
}

const f16 = (values: readonly Expr[]): Expr => cast(compose(values), "f16");
