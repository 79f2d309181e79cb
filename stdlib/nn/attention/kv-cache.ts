/** @file The cache of keys and values: what makes the next token cost one token's work instead of the whole sequence's. */
import { StateTensor, sizeOf, type Tensor, updateSlice } from "fgc/runtime";
import { UserError } from "../../faults.ts";

/** What an attention layer needs in the cache. */
export interface CacheSlot {
  readonly layerIdx: number;
  readonly numKvHeads: number;
  readonly headDim: number;
}

/** Options of `KVCache`. */
export interface KVCacheOptions {
  /** One per attention layer, as `CausalLM.cacheSlots()` lists them. */
  readonly slots: readonly CacheSlot[];
  /** Sequences decoded side by side. Default 1. */
  readonly batchSize?: number;
  /** The longest sequence, prompt and continuation, in tokens. Fixed, so that one Program serves every step. */
  readonly capacity: number;
}

/**
 * Keys and values f32 [B, K, capacity, d] of each layer, kept on the device between runs. Keys are stored after norm and rotation.
 * What lies beyond the length that a view states is never read, so a cache needs no clearing between sequences.
 */
export class KVCache {
  readonly batchSize: number;
  readonly capacity: number;
  readonly #slots: ReadonlyMap<number, { readonly key: StateTensor; readonly value: StateTensor }>;

  constructor({ slots, batchSize = 1, capacity }: KVCacheOptions) {
    this.batchSize = batchSize;
    this.capacity = capacity;
    this.#slots = new Map(
      slots.map(({ layerIdx, numKvHeads, headDim }) => {
        const shape = [batchSize, numKvHeads, capacity, headDim];
        const zeros = (): Float32Array => new Float32Array(sizeOf(shape));
        const key = new StateTensor(shape, zeros, { label: `cache.${layerIdx}.key` });
        return [layerIdx, { key, value: new StateTensor(shape, zeros, { label: `cache.${layerIdx}.value` }) }];
      }),
    );
  }

  /** The tensors of one layer, for tests and dumps. */
  layer(layerIdx: number): { readonly key: StateTensor; readonly value: StateTensor } {
    const slot = this.#slots.get(layerIdx);
    if (slot === undefined) {
      throw new UserError("nn/cache-slot", `the cache has no slot for layer ${layerIdx}`, {
        hint: `layers with a slot: ${[...this.#slots.keys()].join(", ")}; is layer_idx passed on to the attention?`,
      });
    }
    return slot;
  }

  /** The cache as a traced function sees it, with `start` (i32 []) tokens in it. */
  at(start: Tensor): CacheView {
    return {
      start,
      append: (layerIdx, key, value) => {
        const slot = this.layer(layerIdx);
        const length = key.shape[2] ?? 0;
        const keys = updateSlice(slot.key, key, 2, start);
        const values = updateSlice(slot.value, value, 2, start);
        slot.key.assign(keys);
        slot.value.assign(values);
        return { key: keys, value: values, length: start.add(length) };
      },
    };
  }
}

/** A cache while a function is traced. */
export interface CacheView {
  /** i32 []: how many tokens lie in the cache before this call. */
  readonly start: Tensor;
  /** Put the new keys and values [B, K, T, d] behind the others; returns all of them and their number (i32 []). */
  append(
    layerIdx: number,
    key: Tensor,
    value: Tensor,
  ): { readonly key: Tensor; readonly value: Tensor; readonly length: Tensor };
}
