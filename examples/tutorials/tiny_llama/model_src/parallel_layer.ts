/**
 * @file A layer of your own: attention and feed-forward read the same normalized input and are added together, as in GPT-J and PaLM.
 *
 * Named in `templates/configs/my_layer.yaml`; the compiler bundles it into `model.mjs`.
 */
import { Module } from "fgc/nn";
import type { Tensor } from "fgc/runtime";

export interface ParallelLayerOptions {
  /** Makes the feed-forward part. */
  feedforwardFactory: (late: { layerIdx: number }) => Module;
  /** Makes the attention part. */
  attentionFactory: (late: { layerIdx: number }) => Module;
  /** Makes the norm in front of both. */
  normFactory: () => Module;
  /** Position in the stack, from 0. */
  layerIdx: number;
}

/** `y = x + attention(norm(x)) + feedforward(norm(x))` (Wang and Komatsuzaki 2021, GPT-J). */
export class ParallelLayer extends Module {
  readonly feedforward: Module;
  readonly attention: Module;
  readonly norm: Module;

  constructor({ feedforwardFactory, attentionFactory, normFactory, layerIdx }: ParallelLayerOptions) {
    super();
    this.feedforward = feedforwardFactory({ layerIdx });
    this.attention = attentionFactory({ layerIdx });
    this.norm = normFactory();
  }

  /** x [B, T, D] to [B, T, D]. */
  override forward(x: Tensor, ...context: unknown[]): Tensor {
    const normed = this.norm.forward(x);
    return x.add(this.attention.forward(normed, ...context)).add(this.feedforward.forward(normed));
  }
}
