/**
 * @file Attention backward: scores again from q, k and the saved logarithms, tile by tile. With P the weights and dP = dO·Vᵀ,
 *
 *     dS = P ∘ (dP − D) with D = rowsum(dO ∘ O);   dV = Pᵀ·dO;   dQ = scale·dS·K;   dK = scale·dSᵀ·Q
 *
 * Dispatches:
 *
 *     rows      per query: the keys that it sees, its logarithm and D; per *granule* of queries: the keys that some of them see
 *     queries   dQ: a tile of queries per workgroup, over the tiles of keys          (attention-gradient-queries.ts)
 *     keys      dK, dV: a tile of keys, over the heads that share them and their tiles of queries     (attention-gradient-keys.ts)
 *     slopes    dslopes: what the workgroups of `queries` left, added up in one order
 *
 * Two passes make seven products of scores' size where one pass with atomic adds to dQ would make five; but nobody adds to what another adds to, so
 * the bits are the same every run. The records fold logarithms, D, documents, slopes and cache length into one binding, and let both passes skip tiles
 * that no query sees, packed documents included.
 *
 * Roofline, f32, d = 64, tiles of 32 × 32: `queries` does 3 products (3·2·32·32·64 = 393,216 operations) per 16 KiB of K and V, 24 per byte out
 * of the second cache; `keys` 4 products per 16 KiB of Q and dO, 32 per byte. Shared memory's reads bound both (attention-tiles.ts).
 *
 * @source Dao 2023, "FlashAttention-2", algorithm 2
 */
import type { AttentionBackwardKernel } from "../../../program/kernel.ts";
import {
  add,
  and,
  type BoundArray,
  bitcast,
  builtin,
  call,
  compose,
  div,
  eq,
  f,
  f32,
  gridOf,
  KernelBuilder,
  linearWorkgroup,
  lt,
  max,
  min,
  mul,
  ne,
  rem,
  select,
  u,
  u32,
} from "../build.ts";
import type { Dispatch, ScheduleContext, ScheduledKernel } from "../target.ts";
import { bindAttention, chunksOf, HeadArray, indexOf } from "./attention-access.ts";
import { emitKeyGradients, keyShape } from "./attention-gradient-keys.ts";
import { emitQueryGradients, queryShape } from "./attention-gradient-queries.ts";
import { type BackwardRecords, noKey, recordsOf } from "./attention-records.ts";
import { log2e, negativeInfinityBits, sumOverThreads } from "./attention-softmax.ts";
import { recordBytes, writeHeadRecords } from "./attention-terms.ts";
import { chooseUnitShape } from "./attention-units.ts";
import {
  emitUnitKeyGradients,
  emitUnitQueryGradients,
  unitKeyDemand,
  unitQueryDemand,
} from "./attention-units-backward.ts";
import { firstKeysOf, keyRangeOf, readHeadTerms } from "./attention-visibility.ts";

export function scheduleAttentionBackward(kernel: AttentionBackwardKernel, context: ScheduleContext): ScheduledKernel {
  const { batch, heads, queries, keys } = kernel.dims;
  const units = {
    queries: chooseUnitShape(kernel, context, unitQueryDemand(kernel)),
    keys: chooseUnitShape(kernel, context, unitKeyDemand(kernel)),
  };
  const [forQueries, forKeys] = [units.queries ?? queryShape(kernel, context), units.keys ?? keyShape(kernel, context)];
  const records = recordsOf(kernel, Math.min(forQueries.rows, forKeys.columns));
  const slopeParts = batch * heads * Math.ceil(queries / forQueries.rows);
  const hasQueries = batch * queries > 0;
  const queryGradients = (): Dispatch =>
    units.queries === undefined
      ? emitQueryGradients(kernel, context, records, queryShape(kernel, context), slopeParts)
      : emitUnitQueryGradients(kernel, context, records, units.queries, slopeParts);
  const keyGradients = (): Dispatch =>
    units.keys === undefined
      ? emitKeyGradients(kernel, context, records, keyShape(kernel, context))
      : emitUnitKeyGradients(kernel, context, records, units.keys);
  const dispatches = [
    ...(hasQueries ? [emitRows(kernel, context, records), queryGradients()] : []),
    ...(batch * keys > 0 ? [keyGradients()] : []),
    ...(kernel.dslopes === undefined ? [] : [emitSlopes(kernel, context, slopeParts)]),
  ];
  const scratch = [records.length * recordBytes, ...(kernel.dslopes === undefined ? [] : [slopeParts * 4])];
  return { dispatches, scratch };
}

/** A workgroup per granule, a few threads per query. */
function emitRows(kernel: AttentionBackwardKernel, context: ScheduleContext, records: BackwardRecords): Dispatch {
  const { batch: batches, heads, queries, headDim } = kernel.dims;
  const { granule, granules } = records;
  const most = Math.max(1, Math.floor(Math.min(128, context.target.limits.invocations) / granule));
  const lanes = Math.min(most, 2 ** Math.ceil(Math.log2(chunksOf(headDim))));
  const threads = granule * lanes;
  const units = batches * heads * granules;
  const grid = gridOf(units, context.target.limits.workgroups);
  const builder = new KernelBuilder(threads);
  const memory = bindAttention(builder, context, kernel, {
    reads: [kernel.out, kernel.dout],
    writes: [],
    others: [kernel.lse.buffer, kernel.firstKey?.buffer, kernel.slopes?.buffer, kernel.kvLength],
  });
  const [out, dout] = [kernel.out, kernel.dout].map((access) => new HeadArray(builder, memory, access, headDim)) as [
    HeadArray,
    HeadArray,
  ];
  const target = records.bind(builder, true);
  const termsOf = readHeadTerms(builder, memory, kernel);
  const local = builtin("localIndex");
  const unit = builder.let(linearWorkgroup(grid));
  builder.if(lt(unit, u(units)), () => {
    const first = builder.let(mul(rem(unit, u(granules)), u(granule)));
    const head = builder.let(rem(div(unit, u(granules)), u(heads)));
    const batch = builder.let(div(unit, u(granules * heads)));
    const parts = builder.shared(f32, threads);
    const [firsts, ends] = [builder.shared(u32, granule), builder.shared(u32, granule)];
    const row = builder.let(div(local, u(lanes)));
    const query = builder.let(add(first, row));
    const known = builder.let(min(query, u(queries - 1)));
    const sum = builder.var(f(0));
    const [outBase, doutBase] = [out.base(batch, head), dout.base(batch, head)];
    builder.for(rem(local, u(lanes)), u(chunksOf(headDim)), u(lanes), (chunk) => {
      const product = call("dot", out.load(outBase, known, chunk), dout.load(doutBase, known, chunk));
      builder.assign(sum, add(sum.value, product));
    });
    builder.set(parts, local, sum.value);
    builder.barrier();
    builder.if(eq(rem(local, u(lanes)), u(0)), () => {
      const delta = Array.from({ length: lanes }, (_, i) => builder.get(parts, add(local, u(i)))).reduce(add);
      const lse = memory.load(kernel.lse.buffer, indexOf(kernel.lse, [batch, head, known]));
      const range = keyRangeOf(builder, kernel, termsOf(head), query, firstKeysOf(memory, kernel, batch, head));
      const isEmpty = eq(bitcast(lse, "u32"), u(negativeInfinityBits));
      const seesSome = builder.let(and(lt(range.first, range.end), ne(bitcast(lse, "u32"), u(negativeInfinityBits))));
      const from = builder.let(select(seesSome, range.first, noKey));
      const to = builder.let(select(seesSome, range.end, u(0)));
      builder.set(firsts, row, from);
      builder.set(ends, row, to);
      const scaled = select(isEmpty, f(0), mul(lse, f(log2e)));
      builder.if(lt(query, u(queries)), () =>
        builder.store(
          target,
          records.rowAt(batch, head, query),
          compose([from, to, bitcast(scaled, "u32"), bitcast(builder.let(delta), "u32")]),
        ),
      );
    });
    builder.barrier();
    builder.if(eq(local, u(0)), () => {
      const [least, most] = [builder.var(builder.get(firsts, 0)), builder.var(builder.get(ends, 0))];
      builder.for(u(1), u(granule), u(1), (i) => {
        builder.assign(least, min(least.value, builder.get(firsts, i)));
        builder.assign(most, max(most.value, builder.get(ends, i)));
      });
      const at = records.granuleAt(batch, head, rem(unit, u(granules)));
      builder.store(target, at, compose([least.value, most.value, u(0), u(0)]));
    });
    builder.if(eq(unit, u(0)), () => writeHeadRecords(builder, target, records.headsAt, heads, termsOf));
  });
  return { ...builder.finish(), grid };
}

/** Per head the sum over batches and tiles, each thread its share in order, then the threads. */
function emitSlopes(kernel: AttentionBackwardKernel, context: ScheduleContext, slopeParts: number): Dispatch {
  const { batch: batches, heads } = kernel.dims;
  const dslopes = kernel.dslopes as NonNullable<typeof kernel.dslopes>;
  const threads = Math.min(64, context.target.limits.invocations);
  const tiles = Math.max(1, Math.ceil(slopeParts / (batches * heads)));
  const grid = gridOf(heads, context.target.limits.workgroups);
  const builder = new KernelBuilder(threads);
  const memory = bindAttention(builder, context, kernel, {
    reads: [],
    writes: [],
    others: [],
    otherWrites: [dslopes.buffer],
  });
  const parts: BoundArray = builder.bind({ kind: "scratch", index: 1 }, f32, {
    isWritten: false,
    length: Math.max(1, slopeParts),
  });
  const local = builtin("localIndex");
  const head = builder.let(linearWorkgroup(grid));
  builder.if(lt(head, u(heads)), () => {
    const shares = builder.shared(f32, threads);
    const sum = builder.var(f(0));
    builder.for(local, u(slopeParts / heads), u(threads), (item) => {
      const at = add(mul(add(mul(div(item, u(tiles)), u(heads)), head), u(tiles)), rem(item, u(tiles)));
      builder.assign(sum, add(sum.value, builder.load(parts, at)));
    });
    const total = sumOverThreads(builder, shares, sum.value);
    builder.if(eq(local, u(0)), () => memory.store(dslopes.buffer, indexOf(dslopes, [head]), total()));
  });
  return { ...builder.finish(), grid };
}
