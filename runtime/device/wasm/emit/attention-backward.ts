/**
 * @file Emit `attentionBackward`: scores again from q, k and the saved logarithms, block by block. With P the weights and dP = dO·Vᵀ,
 *
 *     dS = P ∘ (dP − D) with D = rowsum(dO ∘ O);   dV = Pᵀ·dO;   dQ = scale·dS·K;   dK = scale·dSᵀ·Q
 *
 * A unit is a whole (batch, kv head) pair, so that dK and dV grow in the thread's own memory and nobody adds to what another adds to:
 * five products per block, and one order of summation whatever the number of threads.
 */
import type { AttentionBackwardKernel } from "../../../program/kernel.ts";
import { f32x4, i32, i32x4, type Local, type Operand, v128 } from "../asm/code.ts";
import { fill } from "./attention.ts";
import {
  type Blocks,
  bindVisibility,
  blockSizes,
  copyBlock,
  HeadAccess,
  keyRange,
  maskScores,
  needsMask,
  slopeOf,
} from "./attention-tiles.ts";
import { combineLanes } from "./body.ts";
import { emitTiles, type TileBlock } from "./micro.ts";
import { transpose4 } from "./pack.ts";
import { shuffleLanes } from "./reduce.ts";
import {
  type EmitContext,
  type EmittedKernel,
  type KernelFunction,
  type Stage,
  type Touch,
  wholeBuffer,
} from "./stage.ts";
import { countingLanes } from "./traversal.ts";

export function emitAttentionBackward(kernel: AttentionBackwardKernel, context: EmitContext): EmittedKernel {
  const { batch, heads } = kernel.dims;
  const blocks = blockSizes(kernel, context);
  const main = context.define((target) => emitPairs(target, kernel, context, blocks));
  const touch = (where: number | "scratch" | undefined, writes: boolean): Touch[] =>
    where === undefined ? [] : [{ where, writes, range: wholeBuffer }];
  const slopes = kernel.dslopes;
  const stages: Stage[] = [
    {
      ...main,
      touches: [
        ...[
          kernel.q,
          kernel.k,
          kernel.v,
          kernel.out,
          kernel.lse,
          kernel.dout,
          kernel.mask,
          kernel.firstKey,
          kernel.slopes,
        ].flatMap((access) => touch(access?.buffer, false)),
        ...[kernel.dq, kernel.dk, kernel.dv].flatMap((access) => touch(access.buffer, true)),
        ...touch(slopes === undefined ? undefined : "scratch", true),
      ],
    },
  ];
  if (slopes !== undefined) {
    const sum = context.define((target) => emitSlopeSums(target, kernel));
    stages.push({ ...sum, touches: [...touch("scratch", false), ...touch(slopes.buffer, true)] });
  }
  return {
    stages,
    sharedScratchBytes: slopes === undefined ? 0 : batch * heads * 4,
    threadScratchBytes: scratchOf(kernel, blocks).bytes,
  };
}

/** Where things stand in a thread's scratch memory. */
function scratchOf(kernel: AttentionBackwardKernel, { queries, keys, depth }: Blocks) {
  const padded = Math.ceil(kernel.dims.keys / keys) * keys;
  let end = 0;
  const take = (floats: number): number => {
    const start = end;
    end += Math.ceil(floats / 16) * 64;
    return start;
  };
  return {
    padded,
    kT: take(padded * depth), // per block of keys [depth][keys]
    k: take(padded * depth), // [key][depth]
    vT: take(padded * depth),
    dk: take(padded * depth),
    dv: take(padded * depth),
    qT: take(queries * depth),
    q: take(queries * depth),
    doutT: take(queries * depth),
    dout: take(queries * depth),
    dq: take(queries * depth),
    weights: take(queries * keys), // [query][key]
    ds: take(queries * keys),
    dsT: take(queries * keys), // [key][query]
    lse: take(queries),
    dots: take(queries),
    bytes: end + 64,
  };
}

function emitPairs(
  target: KernelFunction,
  kernel: AttentionBackwardKernel,
  context: EmitContext,
  blocks: Blocks,
): void {
  const { f } = target;
  const { dims } = kernel;
  const { math } = context;
  const shape = context.micro.attention;
  const columns = shape.nv * 4;
  const layout = scratchOf(kernel, blocks);
  const visibility = bindVisibility(target, context, kernel);
  const head4 = (access: typeof kernel.q): HeadAccess => new HeadAccess(target, context, access);
  const [q, k, v, out, dout] = [
    head4(kernel.q),
    head4(kernel.k),
    head4(kernel.v),
    head4(kernel.out),
    head4(kernel.dout),
  ];
  const [dq, dk, dv, lse] = [head4(kernel.dq), head4(kernel.dk), head4(kernel.dv), head4(kernel.lse)];
  const scratch = target.threadScratch();
  const place = (offset: number): Local => f.let("i32", i32.add(scratch, offset));
  const at = {
    kT: place(layout.kT),
    k: place(layout.k),
    vT: place(layout.vT),
    dk: place(layout.dk),
    dv: place(layout.dv),
    qT: place(layout.qT),
    q: place(layout.q),
    doutT: place(layout.doutT),
    dout: place(layout.dout),
    dq: place(layout.dq),
    weights: place(layout.weights),
    ds: place(layout.ds),
    dsT: place(layout.dsT),
    lse: place(layout.lse),
    dots: place(layout.dots),
  };
  const slopePartials = kernel.dslopes === undefined ? undefined : target.sharedScratch();
  const group = dims.heads / dims.kvHeads;
  const [unit, b, kvHead, inGroup, head, first, end, key, keyOffset] = Array.from({ length: 9 }, () =>
    f.local("i32"),
  ) as [Local, Local, Local, Local, Local, Local, Local, Local, Local];
  const slopeSum = f.local("v128");
  const tiles = (block: Omit<TileBlock, "aTile" | "bTile">): void =>
    emitTiles(f, context.module, shape, context.fma, { ...block, aTile: shape.mr * 4, bTile: shape.nv * 16 });
  const keyPart = (base: Local): Local => f.let("i32", i32.add(base, keyOffset));

  const { begin, end: last } = target.share(dims.batch * dims.kvHeads);
  f.for(unit, begin, last, 1, () => {
    f.set(b, i32.div_u(unit, dims.kvHeads));
    f.set(kvHead, i32.rem_u(unit, dims.kvHeads));
    const blockBytes = blocks.keys * blocks.depth * 4;
    f.for(key, 0, dims.keys, blocks.keys, () => {
      f.set(keyOffset, i32.mul(i32.div_u(key, blocks.keys), blockBytes));
      const common = {
        batch: b,
        head: kvHead,
        position: key,
        available: visibility.keys,
        total: blocks.keys,
        headDim: dims.headDim,
        depth: blocks.depth,
      };
      copyBlock(f, { ...common, source: k, plain: keyPart(at.k), transposed: keyPart(at.kT) });
      copyBlock(f, { ...common, source: v, transposed: keyPart(at.vT) });
    });
    fill(f, at.dk, layout.padded * blocks.depth, 0);
    fill(f, at.dv, layout.padded * blocks.depth, 0);
    f.for(inGroup, 0, group, 1, () => {
      f.set(head, i32.add(i32.mul(kvHead, group), inGroup));
      const slope = slopeOf(f, kernel, visibility, head);
      f.set(slopeSum, f.f32x4(0));
      f.for(first, 0, dims.queries, blocks.queries, () => {
        f.set(end, i32.add(first, blocks.queries));
        f.if(i32.gt_s(end, dims.queries), () => f.set(end, dims.queries));
        const common = {
          batch: b,
          head,
          position: first,
          available: dims.queries,
          total: blocks.queries,
          headDim: dims.headDim,
          depth: blocks.depth,
        };
        // The scale goes into the transposed copy, which only the scores read; dQ and dK take it from dS.
        copyBlock(f, { ...common, source: q, plain: at.q, transposed: at.qT, scale: kernel.scale });
        copyBlock(f, { ...common, source: dout, plain: at.dout, transposed: at.doutT });
        emitRowTerms(f, context, {
          out,
          lse,
          b,
          head,
          first,
          end,
          dims,
          blocks,
          doutRows: at.dout,
          lseAt: at.lse,
          dots: at.dots,
        });
        fill(f, at.dq, blocks.queries * blocks.depth, 0);
        const { from, to } = keyRange(f, kernel, visibility, first, end);
        f.set(key, i32.mul(i32.div_u(from, blocks.keys), blocks.keys));
        f.while(
          () => i32.lt_s(key, to),
          () => {
            f.set(keyOffset, i32.mul(i32.div_u(key, blocks.keys), blockBytes));
            const scoreTiles = {
              aStep: blocks.queries * 4,
              bStep: blocks.keys * 4,
              cStride: blocks.keys * 4,
              rows: blocks.queries / shape.mr,
              columns: blocks.keys / columns,
              k: dims.headDim,
              accumulate: 0,
            };
            tiles({ ...scoreTiles, a: at.qT, b: keyPart(at.kT), c: at.weights });
            tiles({ ...scoreTiles, a: at.doutT, b: keyPart(at.vT), c: at.ds });
            const keyEnd = f.let("i32", i32.add(key, blocks.keys));
            const masked = f.let("i32", needsMask(f, kernel, visibility, first, end, key, keyEnd));
            const [row, column, rowAt, query, keyAt] = [
              f.local("i32"),
              f.local("i32"),
              f.local("i32"),
              f.local("i32"),
              f.local("i32"),
            ];
            f.for(row, 0, blocks.queries, 4, () =>
              f.for(column, 0, blocks.keys, 4, () => {
                f.set(keyAt, i32.add(key, column));
                f.set(rowAt, i32.mul(i32.add(i32.mul(row, blocks.keys), column), 4));
                const ds = [0, 1, 2, 3].map((i) => {
                  const offset = i * blocks.keys * 4;
                  const term = i32.mul(i32.add(row, i), 4);
                  const score = f.let("v128", v128.load(i32.add(at.weights, rowAt), offset));
                  f.if(masked, () => {
                    f.set(query, i32.add(i32.add(first, row), i));
                    f.set(
                      score,
                      maskScores(
                        f,
                        kernel,
                        visibility,
                        { batch: b, head, query, key: keyAt, slope, along: "key" },
                        score,
                      ),
                    );
                  });
                  const shifted = f.let("v128", f32x4.sub(score, v128.load32_splat(i32.add(at.lse, term))));
                  const weight = f.let("v128", math.expNonPositive(f, shifted));
                  f.emit(v128.store(i32.add(at.weights, rowAt), weight, offset));
                  const excess = f32x4.sub(
                    v128.load(i32.add(at.ds, rowAt), offset),
                    v128.load32_splat(i32.add(at.dots, term)),
                  );
                  const gradient = f.let("v128", f32x4.mul(weight, excess));
                  if (slopePartials !== undefined) {
                    const position = i32x4.splat(i32.add(i32.add(i32.add(first, row), i), visibility.shift));
                    const distance = f32x4.convert_i32x4_s(i32x4.sub(countingLanes(f, keyAt), position));
                    f.set(slopeSum, f32x4.add(slopeSum, f32x4.mul(gradient, distance)));
                  }
                  const scaled = f.let("v128", f32x4.mul(gradient, f.f32x4(kernel.scale)));
                  f.emit(v128.store(i32.add(at.ds, rowAt), scaled, offset));
                  return scaled;
                });
                const turned = f.let("i32", i32.add(at.dsT, i32.mul(i32.add(i32.mul(column, blocks.queries), row), 4)));
                transpose4(f, ds).forEach((vector, i) => {
                  f.emit(v128.store(turned, vector, i * blocks.queries * 4));
                });
              }),
            );
            const gradientTiles = {
              aStep: blocks.keys * 4,
              bStep: blocks.depth * 4,
              cStride: blocks.depth * 4,
              rows: blocks.keys / shape.mr,
              columns: blocks.depth / columns,
              k: blocks.queries,
              accumulate: 1,
            };
            tiles({ ...gradientTiles, a: at.weights, b: at.dout, c: keyPart(at.dv) });
            tiles({ ...gradientTiles, a: at.ds, b: at.q, c: keyPart(at.dk) });
            tiles({
              ...gradientTiles,
              a: at.dsT,
              aStep: blocks.queries * 4,
              b: keyPart(at.k),
              c: at.dq,
              rows: blocks.queries / shape.mr,
              k: blocks.keys,
            });
            f.bump(key, blocks.keys);
          },
        );
        storeRows(f, {
          destination: dq,
          batch: b,
          head,
          position: first,
          count: i32.sub(end, first),
          from: at.dq,
          headDim: dims.headDim,
          depth: blocks.depth,
        });
      });
      if (slopePartials !== undefined) {
        const total = combineLanes(f, "sum", "f32", slopeSum, math, shuffleLanes);
        const index = i32.add(i32.mul(b, dims.heads), head);
        f.emit(v128.store32_lane(i32.add(slopePartials, i32.mul(index, 4)), total, 0));
      }
    });
    const rows = {
      batch: b,
      head: kvHead,
      position: f.let("i32", 0),
      count: dims.keys,
      headDim: dims.headDim,
      depth: blocks.depth,
    };
    storeRows(f, { ...rows, destination: dk, from: at.dk });
    storeRows(f, { ...rows, destination: dv, from: at.dv });
  });
}

interface RowTerms {
  readonly out: HeadAccess;
  readonly lse: HeadAccess;
  readonly b: Local;
  readonly head: Local;
  readonly first: Local;
  readonly end: Local;
  readonly dims: AttentionBackwardKernel["dims"];
  readonly blocks: Blocks;
  readonly doutRows: Local;
  readonly lseAt: Local;
  readonly dots: Local;
}

/** Per query of a block: D = Σ dO·O, and the logarithm; +∞ for queries that see nothing or do not exist, so that their weights are 0. */
function emitRowTerms(f: KernelFunction["f"], context: EmitContext, terms: RowTerms): void {
  const { dims, blocks } = terms;
  fill(f, terms.lseAt, blocks.queries, Number.POSITIVE_INFINITY);
  fill(f, terms.dots, blocks.queries, 0);
  const [row, rowAt, from] = [f.local("i32"), f.let("i32", terms.doutRows), f.local("i32")];
  f.for(row, 0, i32.sub(terms.end, terms.first), 1, () => {
    const position = f.let("i32", i32.add(terms.first, row));
    f.set(from, terms.out.at(terms.b, terms.head, position));
    const sum = f.let("v128", f.f32x4(0));
    for (let d = 0; d < dims.headDim; d += 4) {
      const part = terms.out.load(f, from, d, Math.min(4, dims.headDim - d));
      f.set(sum, context.math.madd(v128.load(rowAt, d * 4), part, sum));
    }
    const offset = f.let("i32", i32.mul(row, 4));
    const total = combineLanes(f, "sum", "f32", sum, context.math, shuffleLanes);
    f.emit(v128.store32_lane(i32.add(terms.dots, offset), total, 0));
    const saved = f.let("v128", v128.load32_splat(terms.lse.at(terms.b, terms.head, position)));
    const usable = f32x4.gt(saved, f.f32x4(Number.NEGATIVE_INFINITY));
    f.emit(
      v128.store32_lane(
        i32.add(terms.lseAt, offset),
        v128.bitselect(saved, f.f32x4(Number.POSITIVE_INFINITY), usable),
        0,
      ),
    );
    f.bump(rowAt, blocks.depth * 4);
  });
}

interface StoredRows {
  readonly destination: HeadAccess;
  readonly batch: Local;
  readonly head: Local;
  readonly position: Local;
  readonly count: Operand;
  readonly from: Local;
  readonly headDim: number;
  readonly depth: number;
}

function storeRows(f: KernelFunction["f"], rows: StoredRows): void {
  const [i, rowAt, to, value] = [f.local("i32"), f.let("i32", rows.from), f.local("i32"), f.local("v128")];
  const count = f.let("i32", rows.count);
  f.for(i, 0, count, 1, () => {
    f.set(to, rows.destination.at(rows.batch, rows.head, i32.add(rows.position, i)));
    for (let d = 0; d < rows.headDim; d += 4) {
      f.set(value, v128.load(rowAt, d * 4));
      rows.destination.store(f, to, d, Math.min(4, rows.headDim - d), value);
    }
    f.bump(rowAt, rows.depth * 4);
  });
}

/** dslopes[h] = Σ_b of the partial sums, in order. */
function emitSlopeSums(target: KernelFunction, kernel: AttentionBackwardKernel): void {
  const { f } = target;
  const access = kernel.dslopes as NonNullable<typeof kernel.dslopes>;
  const { batch, heads } = kernel.dims;
  const base = target.bind(access.buffer, access.offset * 4);
  const scratch = target.sharedScratch();
  const { begin, end } = target.share(heads);
  const [head, i, sum] = [f.local("i32"), f.local("i32"), f.local("v128")];
  f.for(head, begin, end, 1, () => {
    f.set(sum, f.f32x4(0));
    f.for(i, 0, batch, 1, () => {
      f.set(sum, f32x4.add(sum, v128.load32_zero(i32.add(scratch, i32.mul(i32.add(i32.mul(i, heads), head), 4)))));
    });
    f.emit(v128.store32_lane(i32.add(base, i32.mul(head, (access.strides[0] as number) * 4)), sum, 0));
  });
}
