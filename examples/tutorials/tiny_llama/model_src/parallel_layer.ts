/**
 * @file A layer of your own: attention and feed-forward read the same normalized input and are added together, as in GPT-J and PaLM.
 *
 * Named in `templates/configs/my_layer.yaml`; the compiler bundles it into `model.mjs`.
 */
import { type Layer, type LayerContext, type LayerFactoryArguments, Module, type Norm } from "fgc/nn";
import type { Tensor } from "fgc/runtime";

type Feedforward = Module & { forward(x: Tensor): Tensor };

export interface ParallelLayerOptions {
  /** Makes the feed-forward part. */
  readonly feedforwardFactory: (args: LayerFactoryArguments) => Feedforward;
  /** Makes the attention part. */
  readonly attentionFactory: (args: LayerFactoryArguments) => Layer;
  /** Makes the norm in front of both. */
  readonly normFactory: () => Norm;
  /** Position in the stack, from 0. */
  readonly layerIdx: number;
}

/** `y = x + attention(norm(x)) + feedforward(norm(x))` (Wang and Komatsuzaki 2021, GPT-J). */
export class ParallelLayer extends Module implements Layer {
  readonly feedforward: Feedforward;
  readonly attention: Layer;
  readonly norm: Norm;

  constructor({ feedforwardFactory, attentionFactory, normFactory, layerIdx }: ParallelLayerOptions) {
    super();
    this.feedforward = feedforwardFactory({ layerIdx });
    this.attention = attentionFactory({ layerIdx });
    this.norm = normFactory();
  }

  /** x [B, T, C] to [B, T, C]. */
  forward(x: Tensor, context?: LayerContext): Tensor {
    const normed = this.norm.forward(x);
    return x.add(this.attention.forward(normed, context)).add(this.feedforward.forward(normed));
  }
}
