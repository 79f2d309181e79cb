/**
 * @file What the attention kernels share: block sizes, copies of blocks of q, k, v in the layouts that the tile kernel reads, and which
 * keys a query may see.
 */

import { bytesPerElement, type DType } from "../../../program/dtype.ts";
import type { Access, AttentionBackwardKernel, AttentionKernel } from "../../../program/kernel.ts";
import { type Code, f32x4, i32, i32x4, type Local, type Operand, select, v128 } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";
import { elements } from "./element.ts";
import { transpose4 } from "./pack.ts";
import type { EmitContext, KernelFunction } from "./stage.ts";
import { countingLanes } from "./traversal.ts";

type AnyAttention = AttentionKernel | AttentionBackwardKernel;

export interface Blocks {
  /** Queries and keys per block. */
  readonly queries: number;
  readonly keys: number;
  /** Head dimension rounded up to whole tiles. */
  readonly depth: number;
}

export function blockSizes(kernel: AnyAttention, context: EmitContext): Blocks {
  const { mr, nv } = context.micro.attention;
  const grain = Math.max(mr, nv * 4);
  const roundUp = (n: number): number => Math.ceil(n / grain) * grain;
  const { queries, keys, headDim } = kernel.dims;
  // Small blocks waste less of a causal triangle, large ones spend less time between tiles.
  const block = Math.max(queries, keys) >= 256 ? 64 : 32;
  return { queries: Math.min(roundUp(queries), block), keys: Math.min(roundUp(keys), 64), depth: roundUp(headDim) };
}

/** An access of domain [B, heads, positions, headDim], with the address of its first element. */
export class HeadAccess {
  readonly bytes: number;
  private readonly access: Access;
  private readonly base: Local;
  private readonly dtype: DType;

  constructor(target: KernelFunction, context: EmitContext, access: Access) {
    this.access = access;
    this.dtype = context.dtypes[access.buffer] as DType;
    this.bytes = bytesPerElement[this.dtype];
    this.base = target.bind(access.buffer, access.offset * this.bytes);
  }

  stride(axis: number): number {
    return (this.access.strides[axis] as number) * this.bytes;
  }

  /** The address of element (…coordinates, 0 …). */
  at(...coordinates: readonly Operand[]): Code {
    let address: Operand = this.base;
    coordinates.forEach((coordinate, axis) => {
      if (this.stride(axis) !== 0) address = i32.add(address, i32.mul(coordinate, this.stride(axis)));
    });
    return i32.add(address, 0);
  }

  /** Four neighbours along the last axis as f32x4; `count` of them are there, the other lanes become 0. */
  load(f: FunctionBuilder, address: Local, at: number, count: number): Local {
    const element = elements[this.dtype];
    const stride = this.stride(this.access.strides.length - 1);
    const decode = (raw: Code): Local => {
      const local = f.let("v128", raw);
      return element.decode === undefined ? local : f.let("v128", element.decode(f, local));
    };
    if (count === 4 && stride === this.bytes) return decode(element.loadFour(address, at * this.bytes));
    const raw = f.let("v128", f.i32x4(0));
    for (let lane = 0; lane < count; lane++) {
      const where = (at + lane) * stride;
      const one = where >= 0 ? element.loadOne(address, where) : element.loadOne(i32.add(address, where), 0);
      f.set(raw, i32x4.replace_lane(raw, lane, one));
    }
    return element.decode === undefined ? raw : f.let("v128", element.decode(f, raw));
  }

  store(f: FunctionBuilder, address: Local, at: number, count: number, value: Local): void {
    const element = elements[this.dtype];
    const stride = this.stride(this.access.strides.length - 1);
    const raw = element.encode === undefined ? value : f.let("v128", element.encode(f, value));
    if (count === 4 && stride === this.bytes) {
      f.emit(element.storeFour(address, raw, at * this.bytes));
      return;
    }
    for (let lane = 0; lane < count; lane++) {
      const where = (at + lane) * stride;
      f.emit(element.storeLane(where >= 0 ? address : i32.add(address, where), raw, lane, Math.max(0, where)));
    }
  }
}

/** A copy of `rows` positions from `position` on (positions past `available` give zeros), of `total` rows in all. */
export interface BlockCopy {
  readonly source: HeadAccess;
  readonly batch: Local;
  readonly head: Local;
  readonly position: Operand;
  readonly available: Operand;
  readonly total: number;
  readonly headDim: number;
  readonly depth: number;
  /** Multiplied into every element of the transposed copy. */
  readonly scale?: number;
  /** [total][depth], or absent. */
  readonly plain?: Operand;
  /** [depth][total], or absent. */
  readonly transposed?: Operand;
}

/** Copies a block, as rows, as columns, or both; four rows at a time. */
export function copyBlock(f: FunctionBuilder, copy: BlockCopy): void {
  const { source, total, headDim, depth } = copy;
  const first = f.let("i32", copy.position);
  const limit = f.let("i32", copy.available);
  const row = f.local("i32");
  const plain = copy.plain === undefined ? undefined : f.let("i32", copy.plain);
  const transposed = copy.transposed === undefined ? undefined : f.let("i32", copy.transposed);
  const home = f.let("i32", source.at(copy.batch, copy.head));
  f.for(row, 0, total, 4, () =>
    f.scope(() => {
      const valid: Local[] = [];
      const addresses = [0, 1, 2, 3].map((i) => {
        const position = f.let("i32", i32.add(first, i32.add(row, i)));
        valid.push(f.let("v128", i32x4.splat(i32.sub(0, i32.lt_s(position, limit)))));
        // A row that is not there reads the first, and is masked.
        const safe = select(position, 0, i32.lt_s(position, limit));
        return f.let("i32", i32.add(home, i32.mul(safe, source.stride(2))));
      });
      for (let d = 0; d < depth; d += 4) {
        const count = Math.max(0, Math.min(4, headDim - d));
        const rows = addresses.map((address, i) =>
          count === 0
            ? f.let("v128", f.i32x4(0))
            : f.let("v128", v128.and(source.load(f, address, d, count), valid[i] as Local)),
        );
        if (plain !== undefined) {
          rows.forEach((vector, i) => {
            f.emit(v128.store(plain, vector, (i * depth + d) * 4));
          });
        }
        if (transposed !== undefined) {
          const scaled =
            copy.scale === undefined
              ? rows
              : rows.map((vector) => f.let("v128", f32x4.mul(vector, f.f32x4(copy.scale as number))));
          transpose4(f, scaled).forEach((vector, i) => {
            f.emit(v128.store(transposed, vector, (d + i) * total * 4));
          });
        }
      }
      if (plain !== undefined) f.bump(plain, 4 * depth * 4);
      if (transposed !== undefined) f.bump(transposed, 16);
    }),
  );
}

/** How many keys are valid, and where the queries stand among them. */
export interface Visibility {
  /** Keys that exist: all, or what `kvLength` says. */
  readonly keys: Local;
  /** Position of query 0. */
  readonly shift: Local;
  readonly slopes: Local | undefined;
  readonly mask: HeadAccess | undefined;
  readonly maskIsBool: boolean;
  readonly firstKey: HeadAccess | undefined;
}

/** How many keys are valid. */
export function bindKeyCount(target: KernelFunction, kernel: AnyAttention): Local {
  const { f } = target;
  const total = kernel.dims.keys;
  const keys = f.let("i32", total);
  if ("kvLength" in kernel && kernel.kvLength !== undefined) {
    const given = f.let("i32", i32.load(target.bind(kernel.kvLength, 0)));
    f.set(keys, select(given, total, i32.lt_s(given, total)));
    f.if(i32.lt_s(keys, 0), () => f.set(keys, 0));
  }
  return keys;
}

export function bindVisibility(target: KernelFunction, context: EmitContext, kernel: AnyAttention): Visibility {
  const { f } = target;
  const { queries } = kernel.dims;
  const keys = bindKeyCount(target, kernel);
  return {
    keys,
    shift: f.let("i32", i32.sub(keys, queries)),
    slopes: kernel.slopes === undefined ? undefined : target.bind(kernel.slopes.buffer, kernel.slopes.offset * 4),
    mask: kernel.mask === undefined ? undefined : new HeadAccess(target, context, kernel.mask),
    maskIsBool: kernel.mask !== undefined && context.dtypes[kernel.mask.buffer] === "bool",
    firstKey: kernel.firstKey === undefined ? undefined : new HeadAccess(target, context, kernel.firstKey),
  };
}

/** ALiBi's slope of a head, in all lanes. */
export function slopeOf(
  f: FunctionBuilder,
  kernel: AnyAttention,
  visibility: Visibility,
  head: Local,
): Local | undefined {
  if (visibility.slopes === undefined || kernel.slopes === undefined) return undefined;
  return f.let(
    "v128",
    v128.load32_splat(i32.add(visibility.slopes, i32.mul(head, (kernel.slopes.strides[0] as number) * 4))),
  );
}

/** The first key that any query from `first` on may see, and one past the last that any before `end` may. */
export function keyRange(
  f: FunctionBuilder,
  kernel: AnyAttention,
  visibility: Visibility,
  first: Local,
  end: Operand,
): { from: Local; to: Local } {
  const { causal, window } = kernel.masking;
  const to = f.let("i32", visibility.keys);
  if (causal) {
    const limit = f.let("i32", i32.add(visibility.shift, end));
    f.if(i32.lt_s(limit, to), () => f.set(to, limit));
  }
  const from = f.let("i32", 0);
  if (window !== undefined) {
    f.set(from, i32.add(i32.add(visibility.shift, first), 1 - window));
    f.if(i32.lt_s(from, 0), () => f.set(from, 0));
  }
  return { from, to };
}

/**
 * Does block (queries from `first` to `end`, keys from `key` to `keyEnd`) need masking at all? 0 where every query sees every key and nothing is added.
 */
export function needsMask(
  f: FunctionBuilder,
  kernel: AnyAttention,
  visibility: Visibility,
  first: Local,
  end: Operand,
  key: Local,
  keyEnd: Operand,
): Code {
  if (kernel.mask !== undefined || kernel.firstKey !== undefined || kernel.slopes !== undefined) return i32.const(1);
  const { causal, window } = kernel.masking;
  let needed: Code = i32.gt_s(keyEnd, visibility.keys);
  if (causal) needed = i32.or(needed, i32.gt_s(keyEnd, i32.add(i32.add(first, visibility.shift), 1)));
  if (window !== undefined) needed = i32.or(needed, i32.lt_s(key, i32.add(i32.add(end, visibility.shift), -window)));
  return i32.or(f.let("i32", needed), 0);
}

/**
 * Scores with masks, slopes and the causal rule applied; −∞ where a query may not look. `query` and `key` are positions per lane, of which
 * one runs along the lanes.
 */
export function maskScores(
  f: FunctionBuilder,
  kernel: AnyAttention,
  visibility: Visibility,
  at: {
    readonly batch: Local;
    readonly head: Local;
    readonly query: Local;
    readonly key: Local;
    readonly slope: Local | undefined;
    readonly along: "query" | "key";
  },
  scores: Local,
): Local {
  const q = f.let("v128", at.along === "query" ? countingLanes(f, at.query) : i32x4.splat(at.query));
  const k = f.let("v128", at.along === "key" ? countingLanes(f, at.key) : i32x4.splat(at.key));
  const position = f.let("v128", i32x4.add(q, i32x4.splat(visibility.shift)));
  let visible: Code = i32x4.lt_s(k, i32x4.splat(visibility.keys));
  if (kernel.masking.causal) visible = v128.and(visible, i32x4.le_s(k, position));
  if (kernel.masking.window !== undefined)
    visible = v128.and(visible, i32x4.gt_s(k, i32x4.sub(position, f.i32x4(kernel.masking.window))));
  let value: Code | Local = scores;
  if (at.slope !== undefined)
    value = f32x4.add(value, f32x4.mul(at.slope, f32x4.convert_i32x4_s(i32x4.sub(k, position))));
  const { mask, firstKey } = visibility;
  const { queries, keys } = kernel.dims;
  // Lanes past the edge of a mask read its last row or column, and are invisible or never stored.
  const clamp = (x: Operand, extent: number): Code => {
    const local = f.let("i32", x);
    return select(local, extent - 1, i32.lt_s(local, extent));
  };
  if (firstKey !== undefined) {
    const first = (lane: number): Code =>
      i32.load(firstKey.at(at.batch, at.head, clamp(i32.add(at.query, lane), queries), i32.const(0)));
    const bounds = f.let("v128", i32x4.splat(first(0)));
    if (at.along === "query")
      for (let lane = 1; lane < 4; lane++) f.set(bounds, i32x4.replace_lane(bounds, lane, first(lane)));
    visible = v128.and(visible, i32x4.ge_s(k, bounds));
  }
  if (mask !== undefined) {
    const gathered = f.let("v128", f.i32x4(0));
    for (let lane = 0; lane < 4; lane++) {
      const query = clamp(at.along === "query" ? i32.add(at.query, lane) : at.query, queries);
      const key = clamp(at.along === "key" ? i32.add(at.key, lane) : at.key, keys);
      const address = mask.at(at.batch, at.head, query, key);
      const one = mask.bytes === 1 ? i32.load8_u(address) : i32.load(address);
      f.set(gathered, i32x4.replace_lane(gathered, lane, one));
    }
    if (visibility.maskIsBool) visible = v128.and(visible, i32x4.ne(gathered, f.i32x4(0)));
    else value = f32x4.add(value, gathered);
  }
  return f.let("v128", v128.bitselect(value, f.f32x4(Number.NEGATIVE_INFINITY), visible));
}
