/** @file Feed-forward layers: what a transformer does at each position by itself. */
import type { Tensor } from "fgc/runtime";
import { type Activation, ReLU, SiLU } from "./activations.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

/** Options of `FeedforwardLayer`. */
export interface FeedforwardLayerOptions {
  /** Width C of the residual stream. */
  readonly dModel: number;
  /** Width F between the two maps. */
  readonly dFeedforward: number;
  /** Makes the activation. Default ReLU. */
  readonly activationFactory?: () => Activation;
  /** Probability of dropping a value before the activation. Default 0. */
  readonly dropout?: number;
  /** Add learned vectors. Default true. */
  readonly bias?: boolean;
}

/** Two linear maps with an activation between: `y = act(drop(x W₁ᵀ + b₁)) W₂ᵀ + b₂`, f32 [..., C] → f32 [..., C]. @source Vaswani et al. 2017, section 3.3 */
export class FeedforwardLayer extends Module {
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly activation: Activation;
  readonly linear2: Linear;

  constructor({
    dModel,
    dFeedforward,
    activationFactory = () => new ReLU(),
    dropout = 0,
    bias = true,
  }: FeedforwardLayerOptions) {
    super();
    this.linear1 = new Linear(dModel, dFeedforward, { bias });
    this.dropout = new Dropout(dropout);
    this.activation = activationFactory();
    this.linear2 = new Linear(dFeedforward, dModel, { bias });
  }

  forward(x: Tensor): Tensor {
    return this.linear2.forward(this.activation.forward(this.dropout.forward(this.linear1.forward(x))));
  }
}

/** Options of `GLUFeedforwardLayer`. */
export interface GLUFeedforwardLayerOptions {
  /** Width C of the residual stream. */
  readonly dModel: number;
  /** Width F of gate and values. */
  readonly dFeedforward: number;
  /** Makes the gate's activation. Default SiLU, which gives SwiGLU. */
  readonly activationFactory?: () => Activation;
  /** Probability of dropping a value of the product. Default 0.1. */
  readonly dropout?: number;
}

/**
 * A gated feed-forward, SwiGLU with SiLU: `y = drop((x W_upᵀ) ⊙ act(x W_gateᵀ)) W_downᵀ`, f32 [..., C] → f32 [..., C], without biases.
 *
 * @source Shazeer 2020, "GLU Variants Improve Transformer" (arXiv 2002.05202)
 */
export class GLUFeedforwardLayer extends Module {
  readonly upProj: Linear;
  readonly gateProj: Linear;
  readonly downProj: Linear;
  readonly activation: Activation;
  readonly dropout: Dropout;

  constructor({
    dModel,
    dFeedforward,
    activationFactory = () => new SiLU(),
    dropout = 0.1,
  }: GLUFeedforwardLayerOptions) {
    super();
    this.upProj = new Linear(dModel, dFeedforward, { bias: false });
    this.gateProj = new Linear(dModel, dFeedforward, { bias: false });
    this.downProj = new Linear(dFeedforward, dModel, { bias: false });
    this.activation = activationFactory();
    this.dropout = new Dropout(dropout);
  }

  forward(x: Tensor): Tensor {
    const gated = this.upProj.forward(x).mul(this.activation.forward(this.gateProj.forward(x)));
    return this.downProj.forward(this.dropout.forward(gated));
  }
}
