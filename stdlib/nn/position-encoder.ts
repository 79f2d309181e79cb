/** @file The two places where a model learns about positions, as interfaces, and the encoder that adds nothing. */
import type { Tensor } from "fgc/runtime";
import { Module } from "./module.ts";

/** Encodes positions into queries and keys, inside attention. One instance serves all layers. */
export interface RelativePositionEncoder {
  /**
   * @param q            f32 [B, T, H, d]
   * @param k            f32 [B, T, K, d]
   * @param positionIds  i32 [B or 1, T]; without it positions count 0 … T−1
   */
  encode(q: Tensor, k: Tensor, positionIds?: Tensor): readonly [q: Tensor, k: Tensor];
}

/** Adds positions to the embeddings, f32 [B, T, C] → f32 [B, T, C]. */
export interface AbsolutePositionEncoder extends Module {
  forward(x: Tensor, positionIds?: Tensor): Tensor;
}

/** Returns its input: no position embeddings. */
export class NullPE extends Module implements AbsolutePositionEncoder {
  forward(x: Tensor): Tensor {
    return x;
  }
}
