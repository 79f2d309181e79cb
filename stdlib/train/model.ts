/** @file What the trainer needs of a model. */
import type { Tensor } from "fgc/runtime";
import type { LossFunction } from "../loss/index.ts";
import type { Module } from "../nn/index.ts";

export interface ModelInputs {
  /** i32 [B, T] */
  readonly inputIds: Tensor;
  /** i32 [B, T], −100 where a position does not count; the model shifts them. */
  readonly labels?: Tensor;
  readonly positionIds?: Tensor;
}

export interface ModelOutputs {
  /** f32 [], where labels were given. */
  readonly loss?: Tensor | undefined;
  /** f32 [B, T, V] */
  readonly logits: Tensor;
}

/** A module that turns tokens into logits and, with labels, into a loss. */
export interface TrainableModel extends Module {
  /** The loss that `forward` computes from labels, where the model has one. */
  readonly lossFn?: LossFunction | null | undefined;
  forward(inputs: ModelInputs): ModelOutputs;
}
