/** @file Normalization over the last axis. */
import { layerNorm, type Parameter, rmsNorm, type Tensor } from "fgc/runtime";
import { initializedParameter } from "./init/rule.ts";
import { ones, zeros } from "./init/rules.ts";
import { Module } from "./module.ts";

/** The distance from 1 to the next float32: what PyTorch's RMSNorm adds where no eps is given. */
const float32Epsilon = 2 ** -23;

/** Options of `RMSNorm`. */
export interface RMSNormOptions {
  /** Added to the mean square under the root, in units of x². Default: float32's epsilon, 2⁻²³. */
  readonly eps?: number | null | undefined;
  /** Multiply by a learned gain [C]. Default true. */
  readonly elementwiseAffine?: boolean;
}

/**
 * RMS normalization, `y = x / √(mean(x²) + eps) · weight` over the last axis, f32 [..., C] → f32 [..., C]; the gain [C] starts at 1.
 *
 * @source Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", eq. 4 (which has no eps); torch.nn.RMSNorm
 */
export class RMSNorm extends Module {
  readonly weight: Parameter | undefined;
  readonly normalizedShape: number;
  readonly eps: number;

  constructor(normalizedShape: number, { eps, elementwiseAffine = true }: RMSNormOptions = {}) {
    super();
    this.normalizedShape = normalizedShape;
    this.eps = eps ?? float32Epsilon;
    this.weight = elementwiseAffine ? initializedParameter([normalizedShape], ones, { label: "weight" }) : undefined;
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.eps);
  }

  protected override describe(): string {
    return `${this.normalizedShape}, eps=${this.eps}`;
  }
}

/** Options of `LayerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance under the root, in units of x². Default 1e-5. */
  readonly eps?: number;
  /** Multiply by a learned gain and add a learned bias. Default true. */
  readonly elementwiseAffine?: boolean;
  /** With `elementwiseAffine`: whether there is a bias. Default true. */
  readonly bias?: boolean;
}

/**
 * Layer normalization, `y = (x − μ) / √(σ² + eps) · weight + bias` over the last axis, with the biased variance σ² = mean((x − μ)²).
 * The gain [C] starts at 1, the bias [C] at 0.
 *
 * @source Ba, Kiros and Hinton 2016, "Layer Normalization"; torch.nn.LayerNorm
 */
export class LayerNorm extends Module {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly normalizedShape: number;
  readonly eps: number;

  constructor(normalizedShape: number, { eps = 1e-5, elementwiseAffine = true, bias = true }: LayerNormOptions = {}) {
    super();
    this.normalizedShape = normalizedShape;
    this.eps = eps;
    this.weight = elementwiseAffine ? initializedParameter([normalizedShape], ones, { label: "weight" }) : undefined;
    this.bias =
      elementwiseAffine && bias ? initializedParameter([normalizedShape], zeros, { label: "bias" }) : undefined;
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }

  protected override describe(): string {
    return `${this.normalizedShape}, eps=${this.eps}`;
  }
}
