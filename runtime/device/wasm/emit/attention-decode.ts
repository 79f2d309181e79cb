/**
 * @file Attention of a few queries against many keys (decoding): dot products with rows of K where they lie, one softmax over the row of
 * scores, and a weighted sum of rows of V. Bound by reading the cache, so nothing is copied.
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import { f32x4, i32, type Local, v128 } from "../asm/code.ts";
import { bindVisibility, HeadAccess, keyRange, maskScores, slopeOf } from "./attention-tiles.ts";
import { combineLanes } from "./body.ts";
import { shuffleLanes } from "./reduce.ts";
import { type EmitContext, type EmittedKernel, type Touch, wholeBuffer } from "./stage.ts";

export function fewQueries(kernel: AttentionKernel): boolean {
  return kernel.dims.queries <= 4;
}

export function emitAttentionDecode(kernel: AttentionKernel, context: EmitContext): EmittedKernel {
  const { dims } = kernel;
  const { math } = context;
  const depth = Math.ceil(dims.headDim / 4) * 4;
  const scoreBytes = (Math.ceil(dims.keys / 4) * 4 + 8) * 4;
  const stage = context.define((target) => {
    const { f } = target;
    const visibility = bindVisibility(target, context, kernel);
    const [q, k, v, out] = [kernel.q, kernel.k, kernel.v, kernel.out].map(
      (access) => new HeadAccess(target, context, access),
    ) as [HeadAccess, HeadAccess, HeadAccess, HeadAccess];
    const lse = new HeadAccess(target, context, kernel.lse);
    const query = target.threadScratch();
    const scores = f.let("i32", i32.add(query, depth * 4));
    const { begin, end } = target.share(dims.batch * dims.heads * dims.queries);
    const [unit, t, head, b, key, at, row] = Array.from({ length: 7 }, () => f.local("i32")) as [
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
      Local,
    ];
    f.for(unit, begin, end, 1, () => {
      f.set(t, i32.rem_u(unit, dims.queries));
      f.set(head, i32.rem_u(i32.div_u(unit, dims.queries), dims.heads));
      f.set(b, i32.div_u(unit, dims.queries * dims.heads));
      const slope = slopeOf(f, kernel, visibility, head);
      const kvHead = f.let("i32", i32.div_u(i32.mul(head, dims.kvHeads), dims.heads));
      f.set(row, q.at(b, head, t));
      for (let d = 0; d < depth; d += 4) {
        const part = q.load(f, row, d, Math.min(4, dims.headDim - d));
        f.emit(v128.store(query, f32x4.mul(part, f.f32x4(kernel.scale)), d * 4));
      }
      const { from, to } = keyRange(f, kernel, visibility, t, i32.add(t, 1));
      // Scores, four keys at a time from an aligned start, so that masks come in whole vectors.
      const start = f.let("i32", i32.and(from, -4));
      f.set(at, scores);
      const largest = f.let("v128", f.f32x4(Number.NEGATIVE_INFINITY));
      f.for(key, start, to, 4, () => {
        const four = f.let("v128", f.f32x4(0));
        for (let lane = 0; lane < 4; lane++) {
          const position = f.let("i32", i32.add(key, lane));
          f.if(i32.lt_s(position, to), () => {
            f.set(row, k.at(b, kvHead, position));
            const sums = [f.let("v128", f.f32x4(0)), f.let("v128", f.f32x4(0))] as const;
            for (let d = 0; d < depth; d += 4) {
              const sum = sums[(d / 4) % 2] as Local;
              f.set(sum, math.madd(v128.load(query, d * 4), k.load(f, row, d, Math.min(4, dims.headDim - d)), sum));
            }
            const total = combineLanes(f, "sum", "f32", f.let("v128", f32x4.add(...sums)), math, shuffleLanes);
            f.set(four, f32x4.replace_lane(four, lane, f32x4.extract_lane(total, 0)));
          });
        }
        const masked = maskScores(f, kernel, visibility, { batch: b, head, query: t, key, slope, along: "key" }, four);
        f.emit(v128.store(at, masked));
        f.set(largest, f32x4.pmax(largest, masked));
        f.bump(at, 16);
      });
      const maximum = combineLanes(f, "max", "f32", largest, math, shuffleLanes);
      const base = f.let("v128", v128.and(maximum, f32x4.gt(maximum, f.f32x4(Number.NEGATIVE_INFINITY))));
      const weights = f.let("v128", f.f32x4(0));
      f.set(at, scores);
      f.for(key, start, to, 4, () => {
        const weight = f.let("v128", math.expNonPositive(f, f.let("v128", f32x4.sub(v128.load(at), base))));
        f.emit(v128.store(at, weight));
        f.set(weights, f32x4.add(weights, weight));
        f.bump(at, 16);
      });
      const total = combineLanes(f, "sum", "f32", weights, math, shuffleLanes);
      const inverse = f.let("v128", v128.and(f32x4.div(f.f32x4(1), total), f32x4.gt(total, f.f32x4(0))));
      f.emit(v128.store32_lane(lse.at(b, head, t), f32x4.add(maximum, math.log(f, total)), 0));
      const place = f.let("i32", out.at(b, head, t));
      // The sum over V in strips of the head that fit registers.
      for (let strip = 0; strip < depth; strip += 32) {
        const vectors = Math.min(8, (depth - strip) / 4);
        const sums = Array.from({ length: vectors }, () => f.let("v128", f.f32x4(0)));
        f.set(at, i32.add(scores, i32.mul(i32.sub(from, start), 4)));
        f.for(key, from, to, 1, () => {
          const weight = f.let("v128", v128.load32_splat(at));
          f.set(row, v.at(b, kvHead, key));
          sums.forEach((sum, i) => {
            const d = strip + i * 4;
            f.set(sum, math.madd(weight, v.load(f, row, d, Math.min(4, dims.headDim - d)), sum));
          });
          f.bump(at, 4);
        });
        sums.forEach((sum, i) => {
          const d = strip + i * 4;
          out.store(f, place, d, Math.min(4, dims.headDim - d), f.let("v128", f32x4.mul(sum, inverse)));
        });
      }
    });
  });
  const touch = (where: number | undefined, writes: boolean): Touch[] =>
    where === undefined ? [] : [{ where, writes, range: wholeBuffer }];
  return {
    stages: [
      {
        ...stage,
        touches: [
          ...[
            kernel.q.buffer,
            kernel.k.buffer,
            kernel.v.buffer,
            kernel.mask?.buffer,
            kernel.firstKey?.buffer,
            kernel.slopes?.buffer,
            kernel.kvLength,
          ].flatMap((id) => touch(id, false)),
          ...touch(kernel.out.buffer, true),
          ...touch(kernel.lse.buffer, true),
        ],
      },
    ],
    sharedScratchBytes: 0,
    threadScratchBytes: depth * 4 + scoreBytes + 64,
  };
}
