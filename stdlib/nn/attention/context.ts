/** @file What travels down the layers beside the activations: positions, masking, and the cache of keys and values. */
import type { Tensor } from "fgc/runtime";
import type { CacheView } from "./kv-cache.ts";

/** Which keys a query may see. All conditions hold at once. */
export interface AttentionMasking {
  /** A query sees no key after its own position. */
  readonly causal: boolean;
  /** A query sees the last `window` positions, its own included. */
  readonly window?: number | undefined;
  /** i32 [B or 1, T]: the first key that each query sees; what packed documents need instead of a [T, T′] mask. */
  readonly firstKey?: Tensor | undefined;
  /** bool (true = attend) or f32 (added to the scores), broadcastable to [B, H, T, T′]. */
  readonly mask?: Tensor | undefined;
}

/** Passed through a layer stack to the attention of every layer. */
export interface LayerContext {
  /** i32 [B or 1, T]; without them positions count 0 … T−1. */
  readonly positionIds?: Tensor | undefined;
  /** Without it attention is causal. */
  readonly masking?: AttentionMasking | undefined;
  /** Keys and values of earlier tokens. */
  readonly cache?: CacheView | undefined;
}
