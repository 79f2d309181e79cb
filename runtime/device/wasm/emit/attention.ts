/**
 * @file Emit `attention`: blocks of queries against blocks of keys with a running softmax (flash attention), so that no more than one
 * block of scores exists. Scores are held transposed, [key][query]: then the softmax runs down lanes without ever adding across them, and
 * the same block is at once the k-major operand of the product with V. Few queries (decoding) take `attention-decode.ts`.
 *
 * @source Dao et al. 2022, "FlashAttention"; Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"
 */
import type { AttentionKernel } from "../../../program/kernel.ts";
import { f32x4, i32, type Local, type Operand, v128 } from "../asm/code.ts";
import { emitAttentionDecode, fewQueries } from "./attention-decode.ts";
import {
  bindKeyCount,
  bindVisibility,
  blockSizes,
  copyBlock,
  HeadAccess,
  keyRange,
  maskScores,
  needsMask,
  slopeOf,
} from "./attention-tiles.ts";
import { emitTiles } from "./micro.ts";
import { type EmitContext, type EmittedKernel, type KernelFunction, type Touch, wholeBuffer } from "./stage.ts";

export function emitAttention(kernel: AttentionKernel, context: EmitContext): EmittedKernel {
  if (fewQueries(kernel)) return emitAttentionDecode(kernel, context);
  const { batch, kvHeads, keys } = kernel.dims;
  const blocks = blockSizes(kernel, context);
  const keyBlocks = Math.ceil(keys / blocks.keys);
  const blockBytes = blocks.keys * blocks.depth * 4;
  const pack = context.define((target) => emitPack(target, kernel, context, keyBlocks, blockBytes));
  const attend = context.define((target) => emitAttend(target, kernel, context, keyBlocks, blockBytes));
  const read = (...touched: (number | undefined)[]): Touch[] =>
    touched.flatMap((where) => (where === undefined ? [] : [{ where, writes: false, range: wholeBuffer }]));
  const write = (where: number | "scratch"): Touch => ({ where, writes: true, range: wholeBuffer });
  return {
    stages: [
      { ...pack, touches: [...read(kernel.k.buffer, kernel.v.buffer, kernel.kvLength), write("scratch")] },
      {
        ...attend,
        touches: [
          ...read(
            kernel.q.buffer,
            kernel.mask?.buffer,
            kernel.firstKey?.buffer,
            kernel.slopes?.buffer,
            kernel.kvLength,
          ),
          { where: "scratch", writes: false, range: wholeBuffer },
          write(kernel.out.buffer),
          write(kernel.lse.buffer),
        ],
      },
    ],
    sharedScratchBytes: batch * kvHeads * keyBlocks * 2 * blockBytes,
    threadScratchBytes: scratchOf(blocks).bytes,
  };
}

/** Where things stand in a thread's scratch memory. */
function scratchOf({ queries, keys, depth }: ReturnType<typeof blockSizes>) {
  const q = 0;
  const scores = q + depth * queries * 4;
  const out = scores + keys * queries * 4;
  const maxima = out + queries * depth * 4;
  const sums = maxima + queries * 4;
  const factors = sums + queries * 4;
  return { q, scores, out, maxima, sums, factors, bytes: factors + queries * 4 + 64 };
}

/** Every key block once, as [depth][keys] of K and [keys][depth] of V. */
function emitPack(
  target: KernelFunction,
  kernel: AttentionKernel,
  context: EmitContext,
  keyBlocks: number,
  blockBytes: number,
): void {
  const { f } = target;
  const { batch, kvHeads, headDim } = kernel.dims;
  const blocks = blockSizes(kernel, context);
  const [k, v] = [new HeadAccess(target, context, kernel.k), new HeadAccess(target, context, kernel.v)];
  const available = bindKeyCount(target, kernel);
  const scratch = target.sharedScratch();
  const { begin, end } = target.share(batch * kvHeads * keyBlocks);
  const [unit, b, head, position, place] = [
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
  ];
  f.for(unit, begin, end, 1, () => {
    f.set(position, i32.mul(i32.rem_u(unit, keyBlocks), blocks.keys));
    f.set(head, i32.rem_u(i32.div_u(unit, keyBlocks), kvHeads));
    f.set(b, i32.div_u(unit, keyBlocks * kvHeads));
    f.set(place, i32.add(scratch, i32.mul(unit, 2 * blockBytes)));
    const common = { batch: b, head, position, available, total: blocks.keys, headDim, depth: blocks.depth };
    copyBlock(f, { ...common, source: k, transposed: place });
    copyBlock(f, { ...common, source: v, plain: i32.add(place, blockBytes) });
  });
}

function emitAttend(
  target: KernelFunction,
  kernel: AttentionKernel,
  context: EmitContext,
  keyBlocks: number,
  blockBytes: number,
): void {
  const { f } = target;
  const { dims } = kernel;
  const blocks = blockSizes(kernel, context);
  const shape = context.micro.attention;
  const columns = shape.nv * 4;
  const layout = scratchOf(blocks);
  const visibility = bindVisibility(target, context, kernel);
  const [q, out] = [new HeadAccess(target, context, kernel.q), new HeadAccess(target, context, kernel.out)];
  const lse = new HeadAccess(target, context, kernel.lse);
  const packed = target.sharedScratch();
  const scratch = target.threadScratch();
  const place = (offset: number): Local => f.let("i32", i32.add(scratch, offset));
  const [qT, scores, sum, maxima, sums, factors] = [
    place(layout.q),
    place(layout.scores),
    place(layout.out),
    place(layout.maxima),
    place(layout.sums),
    place(layout.factors),
  ];
  const [unit, b, head, first, end, key, block] = Array.from({ length: 7 }, () => f.local("i32")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const heads = dims.batch * dims.heads;
  const queryBlocks = Math.ceil(dims.queries / blocks.queries);
  // The last queries of a head first: under a causal mask they cost most, and what is left for the end should be small.
  const { begin, end: lastUnit } = target.share(heads * queryBlocks, 1);
  f.set(unit, begin);
  f.while(
    () => i32.lt_s(unit, lastUnit),
    () => {
      f.set(first, i32.mul(i32.sub(queryBlocks - 1, i32.rem_u(unit, queryBlocks)), blocks.queries));
      f.set(head, i32.rem_u(i32.div_u(unit, queryBlocks), dims.heads));
      f.set(b, i32.div_u(unit, queryBlocks * dims.heads));
      f.set(end, i32.add(first, blocks.queries));
      f.if(i32.gt_s(end, dims.queries), () => f.set(end, dims.queries));
      const slope = slopeOf(f, kernel, visibility, head);
      copyBlock(f, {
        source: q,
        batch: b,
        head,
        position: first,
        available: dims.queries,
        total: blocks.queries,
        headDim: dims.headDim,
        depth: blocks.depth,
        scale: kernel.scale,
        transposed: qT,
      });
      fill(f, maxima, blocks.queries, Number.NEGATIVE_INFINITY);
      fill(f, sums, blocks.queries, 0);
      fill(f, sum, blocks.queries * blocks.depth, 0);
      const { from, to } = keyRange(f, kernel, visibility, first, end);
      const kvHead = f.let("i32", i32.div_u(i32.mul(head, dims.kvHeads), dims.heads));
      const home = f.let(
        "i32",
        i32.add(packed, i32.mul(i32.add(i32.mul(b, dims.kvHeads), kvHead), keyBlocks * 2 * blockBytes)),
      );
      f.set(key, i32.mul(i32.div_u(from, blocks.keys), blocks.keys));
      f.while(
        () => i32.lt_s(key, to),
        () => {
          f.set(block, i32.add(home, i32.mul(i32.div_u(key, blocks.keys), 2 * blockBytes)));
          emitTiles(f, context.module, shape, context.fma, {
            a: block,
            aTile: shape.mr * 4,
            aStep: blocks.keys * 4,
            b: qT,
            bTile: shape.nv * 16,
            bStep: blocks.queries * 4,
            c: scores,
            cStride: blocks.queries * 4,
            rows: blocks.keys / shape.mr,
            columns: blocks.queries / columns,
            k: dims.headDim,
            accumulate: 0,
          });
          const keyEnd = f.let("i32", i32.add(key, blocks.keys));
          f.if(needsMask(f, kernel, visibility, first, end, key, keyEnd), () => {
            const [row, lane, at, kAt, qAt] = [
              f.local("i32"),
              f.local("i32"),
              f.let("i32", scores),
              f.local("i32"),
              f.local("i32"),
            ];
            f.for(row, 0, blocks.keys, 1, () =>
              f.for(lane, 0, blocks.queries, 4, () => {
                f.set(kAt, i32.add(key, row));
                f.set(qAt, i32.add(first, lane));
                const value = f.let("v128", v128.load(at));
                const masked = maskScores(
                  f,
                  kernel,
                  visibility,
                  { batch: b, head, query: qAt, key: kAt, slope, along: "query" },
                  value,
                );
                f.emit(v128.store(at, masked));
                f.bump(at, 16);
              }),
            );
          });
          emitOnlineSoftmax(target, context, blocks.queries, blocks.keys, { scores, maxima, sums, factors });
          rescaleRows(f, sum, factors, blocks.queries, blocks.depth);
          emitTiles(f, context.module, shape, context.fma, {
            a: scores,
            aTile: shape.mr * 4,
            aStep: blocks.queries * 4,
            b: f.let("i32", i32.add(block, blockBytes)),
            bTile: shape.nv * 16,
            bStep: blocks.depth * 4,
            c: sum,
            cStride: blocks.depth * 4,
            rows: blocks.queries / shape.mr,
            columns: blocks.depth / columns,
            k: blocks.keys,
            accumulate: 1,
          });
          f.bump(key, blocks.keys);
        },
      );
      const [row, rowAt, target2, value] = [f.local("i32"), f.let("i32", sum), f.local("i32"), f.local("v128")];
      f.for(row, 0, i32.sub(end, first), 1, () => {
        const offset = f.let("i32", i32.mul(row, 4));
        const total = f.let("v128", v128.load32_splat(i32.add(sums, offset)));
        const largest = f.let("v128", v128.load32_splat(i32.add(maxima, offset)));
        // A query that sees nothing gives 0, and −∞ as its logarithm.
        const inverse = f.let("v128", v128.and(f32x4.div(f.f32x4(1), total), f32x4.gt(total, f.f32x4(0))));
        const position = f.let("i32", i32.add(first, row));
        f.set(target2, out.at(b, head, position));
        for (let d = 0; d < dims.headDim; d += 4) {
          f.set(value, f32x4.mul(v128.load(rowAt, d * 4), inverse));
          out.store(f, target2, d, Math.min(4, dims.headDim - d), value);
        }
        f.emit(v128.store32_lane(lse.at(b, head, position), f32x4.add(largest, context.math.log(f, total)), 0));
        f.bump(rowAt, blocks.depth * 4);
      });
      f.bump(unit, 1);
    },
  );
}

/** `count` floats, a multiple of 4. */
export function fill(f: KernelFunction["f"], address: Local, count: number, value: number): void {
  const [i, at] = [f.local("i32"), f.let("i32", address)];
  f.for(i, 0, count, 4, () => {
    f.emit(v128.store(at, f.f32x4(value)));
    f.bump(at, 16);
  });
}

interface SoftmaxState {
  readonly scores: Local;
  readonly maxima: Local;
  readonly sums: Local;
  readonly factors: Local;
}

/**
 * One block of scores [keys][queries] becomes weights relative to the largest score so far; `factors` is what earlier weights shrink by.
 */
function emitOnlineSoftmax(
  target: KernelFunction,
  context: EmitContext,
  queries: number,
  keys: number,
  state: SoftmaxState,
): void {
  const { f } = target;
  const { math } = context;
  const [lane, i, at] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const stride = queries * 4;
  const unroll = 4;
  f.for(lane, 0, queries * 4, 16, () => {
    const address = (base: Local): Operand => i32.add(base, lane);
    const before = f.let("v128", v128.load(address(state.maxima)));
    const largest = Array.from({ length: unroll }, () => f.let("v128", before));
    f.set(at, address(state.scores));
    f.for(i, 0, keys, unroll, () => {
      largest.forEach((local, u) => {
        f.set(local, f32x4.pmax(local, v128.load(at, u * stride)));
      });
      f.bump(at, unroll * stride);
    });
    const [m0, m1, m2, m3] = largest as [Local, Local, Local, Local];
    const maximum = f.let("v128", f32x4.pmax(f32x4.pmax(m0, m1), f32x4.pmax(m2, m3)));
    // Where nothing is visible yet the maximum is −∞, and −∞ − −∞ would be NaN.
    const base = f.let("v128", v128.and(maximum, f32x4.gt(maximum, f.f32x4(Number.NEGATIVE_INFINITY))));
    const factor = f.let("v128", math.expNonPositive(f, f.let("v128", f32x4.sub(before, base))));
    const totals = Array.from({ length: 2 }, () => f.let("v128", f.f32x4(0)));
    f.set(at, address(state.scores));
    f.for(i, 0, keys, 2, () => {
      totals.forEach((total, u) => {
        const weight = f.let("v128", math.expNonPositive(f, f.let("v128", f32x4.sub(v128.load(at, u * stride), base))));
        f.emit(v128.store(at, weight, u * stride));
        f.set(total, f32x4.add(total, weight));
      });
      f.bump(at, 2 * stride);
    });
    const [t0, t1] = totals as [Local, Local];
    const sum = f32x4.add(f32x4.mul(v128.load(address(state.sums)), factor), f32x4.add(t0, t1));
    f.emit(v128.store(address(state.sums), sum));
    f.emit(v128.store(address(state.maxima), maximum));
    f.emit(v128.store(address(state.factors), factor));
  });
}

function rescaleRows(f: KernelFunction["f"], rows: Local, factors: Local, count: number, depth: number): void {
  const [i, at, from, factor] = [f.local("i32"), f.let("i32", rows), f.let("i32", factors), f.local("v128")];
  f.for(i, 0, count, 1, () => {
    f.set(factor, v128.load32_splat(from));
    for (let d = 0; d < depth; d += 4) f.emit(v128.store(at, f32x4.mul(v128.load(at, d * 4), factor), d * 4));
    f.bump(at, depth * 4);
    f.bump(from, 4);
  });
}
