/**
 * @file Attention forward on matrix units: once through the keys for each query's maximum and sum, and once more for weights that are final, since sums in
 * matrices cannot be rescaled row by row.
 *
 *     first   s = q·kᵀ;   m' = max(m, rowmax s);   l = l·2^(m − m') + Σ 2^(s − m')          lse = m + log₂ l
 *     second  s = q·kᵀ;   p = 2^(s − lse);   out += p·v
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import {
  add,
  and,
  call,
  cast,
  compose,
  div,
  eq,
  f,
  gridOf,
  KernelBuilder,
  lane,
  linearWorkgroup,
  lt,
  max,
  mul,
  rem,
  select,
  sub,
  u,
} from "../build.ts";
import type { Expr } from "../ir.ts";
import type { Dispatch, ScheduleContext } from "../target.ts";
import { bindAttention, chunkWidth, HeadArray } from "./attention-access.ts";
import { invisible, storeLse, weightOf } from "./attention-softmax.ts";
import { bindTerms } from "./attention-terms.ts";
import { type UnitDemand, type UnitShape, UnitTiles } from "./attention-units.ts";
import { firstKeysOf, keyRangeOf, loopRange, loopRangeBytes, Scores } from "./attention-visibility.ts";

/** Tiles of K and V, scores, weights. */
export const forwardDemand = (kernel: AttentionKernel): UnitDemand => ({
  ...{ tiles: 2, strips: 1, weights: 1 },
  positions: kernel.dims.queries,
  heads: kernel.dims.batch * kernel.dims.heads,
  others: loopRangeBytes(64, kernel),
});

export function emitUnitAttend(
  kernel: AttentionKernel,
  context: ScheduleContext,
  shape: UnitShape,
  isFolded: boolean,
): Dispatch {
  const { batch: batches, heads, kvHeads, queries, keys, headDim } = kernel.dims;
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
    const tiling = new UnitTiles(builder, shape);
    const [kTile, vTile] = [tiling.tile(), tiling.tile()];
    const [strip, weights] = [tiling.strip(), tiling.weights()];
    const first = builder.let(mul(sub(u(tiles - 1), rem(unit, u(tiles))), u(shape.rows)));
    const head = builder.let(rem(div(unit, u(tiles)), u(heads)));
    const batch = builder.let(div(unit, u(tiles * heads)));
    const kvHead = builder.let(div(head, u(heads / kvHeads)));
    const terms = termsOf(head);
    const query = builder.let(add(first, tiling.row));
    const range = keyRangeOf(builder, kernel, terms, query, firstKeysOf(memory, kernel, batch, head));
    const isLeader = eq(tiling.part, u(0));
    const loop = loopRange(builder, kernel, {
      ...{ terms, first, rows: shape.rows, isLeader },
      own: [{ row: tiling.row, first: range.first }],
    });
    const source = { limit: u(queries), extent: queries };
    tiling.copy(kTile, { ...source, from: q, base: q.base(batch, head), first }, shape.rows);
    builder.barrier();
    const held = tiling.hold(kTile);
    builder.barrier();
    const [kBase, vBase] = [k.base(batch, kvHead), v.base(batch, kvHead)];
    /** The four scores of a chunk. */
    const scoresAt = (key: Expr, chunk: Expr): readonly Expr[] => {
      const products = tiling.score(strip, chunk);
      return Array.from({ length: chunkWidth }, (_, i) => {
        const at = builder.let(add(key, add(mul(chunk, u(chunkWidth)), u(i))));
        const score = builder.let(scores.scaled(lane(products, i), terms, query, at));
        return builder.let(scores.masked(score, { batch, head }, query, at, range));
      });
    };

    const [maximum, total] = [builder.var(f(invisible)), builder.var(f(0))];
    builder.for(loop.first, loop.end, u(shape.columns), (key) => {
      const columns = { first: key, limit: terms.valid, extent: keys };
      tiling.copy(kTile, { ...columns, from: k, base: kBase }, shape.columns);
      builder.barrier();
      tiling.dot(held, kTile, strip);
      builder.barrier();
      const own: Expr[] = [];
      tiling.ownChunks((chunk) => own.push(...scoresAt(key, chunk)));
      const next = builder.let(own.reduce(max, maximum.value));
      const shrunk = mul(total.value, call("exp2", sub(maximum.value, next)));
      builder.assign(total, add(shrunk, own.map((score) => weightOf(score, next)).reduce(add)));
      builder.assign(maximum, next);
    });
    const { most, sum } = joinParts(maximum.value, total.value);
    const lse = builder.let(select(eq(sum, f(0)), f(0), add(most, call("log2", sum))));

    const sums = tiling.sums();
    builder.for(loop.first, loop.end, u(shape.columns), (key) => {
      const columns = { first: key, limit: terms.valid, extent: keys };
      builder.barrier();
      tiling.copy(kTile, { ...columns, from: k, base: kBase }, shape.columns);
      tiling.copy(vTile, { ...columns, from: v, base: vBase }, shape.columns);
      builder.barrier();
      tiling.dot(held, kTile, strip);
      builder.barrier();
      tiling.ownChunks((chunk) => {
        const parts = scoresAt(key, chunk).map((score) => weightOf(score, lse));
        tiling.setWeights(weights, chunk, cast(compose(parts), "f16"));
      });
      builder.barrier();
      tiling.accumulate(sums, weights, vTile);
    });
    tiling.store(sums, strip, { array: out, base: out.base(batch, head), position: query, positions: queries });
    builder.if(and(isLeader, lt(query, u(queries))), () => storeLse(memory, kernel, { batch, head, query }, most, sum));

    /** The maximum and sum of a row from those of its threads, which are neighbours in a subgroup. */
    function joinParts(own: Expr, ownTotal: Expr): { most: Expr; sum: Expr } {
      let most = builder.let(own);
      for (let mask = 1; mask < shape.parts; mask *= 2)
        most = builder.let(max(most, builder.subgroup("shuffleXor", most, u(mask))));
      let sum = builder.let(mul(ownTotal, call("exp2", sub(own, most))));
      for (let mask = 1; mask < shape.parts; mask *= 2)
        sum = builder.let(add(sum, builder.subgroup("shuffleXor", sum, u(mask))));
      return { most, sum };
    }
  });
  return { ...builder.finish(), grid };
}
