/**
 * @file How attention's modules reach q, k, v and what has their shape: four neighbours along the head dimension at a time, whatever the strides.
 *
 * Where the head dimension is contiguous and everything else a multiple of four elements, a chunk is one vector load. One memory is one binding of
 * one type, so q, k and v cut from one fused product are all vectors or none (`KernelMemory`).
 */
import type { Access, AttentionBackwardKernel, AttentionKernel, BufferId } from "../../../program/kernel.ts";
import { linearIndex, reachAlong } from "../access.ts";
import { add, compose, f, type KernelBuilder, lane, lt, min, mul, select, u } from "../build.ts";
import type { Expr } from "../ir.ts";
import { KernelMemory, type MemoryUse } from "../memory.ts";
import type { ScheduleContext } from "../target.ts";

export type AnyAttention = AttentionKernel | AttentionBackwardKernel;

export const chunkWidth = 4;
export const chunksOf = (headDim: number): number => Math.ceil(headDim / chunkWidth);

/** What a module reads and writes: accesses of domain [B, heads, positions, headDim], and others. */
export interface AttentionUses {
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
  readonly others: readonly (BufferId | undefined)[];
  readonly otherWrites?: readonly BufferId[];
}

export function bindAttention(
  builder: KernelBuilder,
  context: ScheduleContext,
  { dims }: AnyAttention,
  { reads, writes, others, otherWrites = [] }: AttentionUses,
): KernelMemory {
  const heads = (accesses: readonly Access[], isWritten: boolean): MemoryUse[] =>
    accesses.map((access) => ({ buffer: access.buffer, isWritten, isWide: isVector(access, dims.headDim) }));
  const plain = (buffers: readonly (BufferId | undefined)[], isWritten: boolean): MemoryUse[] =>
    buffers.flatMap((buffer) => (buffer === undefined ? [] : [{ buffer, isWritten, isWide: false }]));
  return new KernelMemory(builder, context, [
    ...heads(reads, false),
    ...heads(writes, true),
    ...plain(others, false),
    ...plain(otherWrites, true),
  ]);
}

const anyDomain = [0, 0, 0, 0];
const isVector = (access: Access, headDim: number): boolean =>
  headDim % chunkWidth === 0 && reachAlong(access, 3, anyDomain) === "vector";

/** The element of an access without run-time offsets, which attention's operands do not have. */
export function indexOf({ strides, offset, dynamic = [] }: Access, point: readonly Expr[]): Expr {
  if (dynamic.length > 0) throw new Error("attention's operands have no run-time offsets");
  return linearIndex(strides, point, offset);
}

/** An operand of domain [B, heads, positions, headDim], in chunks of four of the head dimension, as f32. */
export class HeadArray {
  private readonly builder: KernelBuilder;
  private readonly memory: KernelMemory;
  private readonly access: Access;
  private readonly headDim: number;

  constructor(builder: KernelBuilder, memory: KernelMemory, access: Access, headDim: number) {
    this.builder = builder;
    this.memory = memory;
    this.access = access;
    this.headDim = headDim;
  }

  /** Where a head begins: what `load` and `store` count from. */
  base(batch: Expr, head: Expr): Expr {
    return this.builder.let(indexOf(this.access, [batch, head, u(0), u(0)]));
  }

  /** Lanes beyond the head dimension are 0. */
  load(base: Expr, position: Expr, chunk: Expr): Expr {
    const { builder, memory, headDim } = this;
    const { buffer } = this.access;
    const row = builder.let(add(base, mul(position, this.stride(2))));
    const start = mul(chunk, u(chunkWidth));
    if (this.isVector) return memory.loadVector(buffer, add(row, start));
    return compose(
      [0, 1, 2, 3].map((i) => {
        const d = add(start, u(i));
        const at = this.isRagged ? min(d, u(headDim - 1)) : d;
        const value = memory.load(buffer, add(row, mul(at, this.stride(3))));
        return this.isRagged ? select(lt(d, u(headDim)), value, f(0)) : value;
      }),
    );
  }

  store(base: Expr, position: Expr, chunk: Expr, value: Expr): void {
    const { builder, memory, headDim } = this;
    const { buffer } = this.access;
    const row = builder.let(add(base, mul(position, this.stride(2))));
    const start = mul(chunk, u(chunkWidth));
    if (this.isVector) {
      memory.storeVector(buffer, add(row, start), value);
      return;
    }
    const named = builder.let(value);
    for (let i = 0; i < chunkWidth; i++) {
      const d = add(start, u(i));
      const put = (): void => memory.store(buffer, add(row, mul(d, this.stride(3))), lane(named, i));
      if (this.isRagged) builder.if(lt(d, u(headDim)), put);
      else put();
    }
  }

  private get isVector(): boolean {
    return isVector(this.access, this.headDim) && this.memory.isWide(this.access.buffer);
  }

  private get isRagged(): boolean {
    return this.headDim % chunkWidth !== 0;
  }

  private stride(axis: number): Expr {
    return u(this.access.strides[axis] as number);
  }
}
