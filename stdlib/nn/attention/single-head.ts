/** @file Attention with one head, which needs two matrices instead of four. */
import { arange, full, type Parameter, type Tensor, where } from "fgc/runtime";
import { applyDropout } from "../dropout.ts";
import { initializedParameter } from "../init/rule.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";

/** Options of `SingleHeadAttn`. */
export interface SingleHeadAttnOptions {
  /** Width C of the residual stream. */
  readonly dModel: number;
  /** Add a learned vector to the values. Default true. */
  readonly bias?: boolean;
  /** Probability of dropping an attention weight in training. Default 0. */
  readonly dropout?: number;
}

/** Weights below it are raised to it. */
const leastWeight = 1e-10;

abstract class SingleHead extends Module {
  /** Used as it stands: scores are `x W xᵀ/√C`. Its bias is a parameter that takes no part, as upstream's (quirk 1). */
  readonly queryKeyLinear: Linear;
  readonly valueLinear: Linear;
  readonly dropout: number;

  constructor({ dModel, bias = true, dropout = 0 }: SingleHeadAttnOptions) {
    super();
    this.queryKeyLinear = new Linear(dModel, dModel, { bias });
    this.valueLinear = new Linear(dModel, dModel, { bias });
    this.dropout = dropout;
  }

  /** Scores [B, T, T], −∞ after the query's position. */
  protected maskedScores(x: Tensor, distancePenalty?: Tensor | number): Tensor {
    const [, length, width] = x.shape as [number, number, number];
    const query = arange(length).unsqueeze(1);
    const key = arange(length).unsqueeze(0);
    let scores = x
      .matmul(this.queryKeyLinear.weight)
      .matmul(x.transpose(1, 2))
      .mul(1 / Math.sqrt(width));
    if (distancePenalty !== undefined) scores = scores.add(key.sub(query).cast("f32").mul(distancePenalty));
    return where(key.le(query), scores, full([], Number.NEGATIVE_INFINITY));
  }

  protected mix(weights: Tensor, x: Tensor): Tensor {
    return applyDropout(weights, this.training ? this.dropout : 0).matmul(this.valueLinear.forward(x));
  }
}

/**
 * Attention with one head and no value map: `P = softmax(x W xᵀ/√C)` over keys up to the query, then every weight below 1e-10, masked ones included, is raised to 1e-10 (upstream's
 * behaviour: the future leaks by that much); `y = P(x W_vᵀ + b_v)`. Knows no position ids, mask or cache.
 *
 * @source Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"
 */
export class SingleHeadAttn extends SingleHead {
  forward(x: Tensor): Tensor {
    return this.mix(this.maskedScores(x).softmax(-1).maximum(leastWeight), x);
  }
}

/** Options of `SingleHeadAlibiAttn`. */
export interface SingleHeadAlibiAttnOptions extends SingleHeadAttnOptions {
  /** The penalty per token of distance. Default 0.5. */
  readonly slopeInit?: number;
  /** Whether the slope is a parameter. Default false. */
  readonly trainableAlibi?: boolean;
}

/** `SingleHeadAttn` with slope·(k − q) added to the scores, and no raising of weights. @source arXiv 2108.12409 */
export class SingleHeadAlibiAttn extends SingleHead {
  readonly alibiSlope: Parameter | undefined;
  readonly #slope: number;

  constructor({ slopeInit = 0.5, trainableAlibi = false, ...options }: SingleHeadAlibiAttnOptions) {
    super(options);
    this.#slope = slopeInit;
    this.alibiSlope = trainableAlibi
      ? initializedParameter([], ({ values }) => values.fill(slopeInit), { label: "alibi_slope" })
      : undefined;
  }

  forward(x: Tensor): Tensor {
    return this.mix(this.maskedScores(x, this.alibiSlope ?? this.#slope).softmax(-1), x);
  }
}
