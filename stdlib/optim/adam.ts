/** @file Adam and AdamW as PyTorch computes them. */
import type { Shape, StateTensor, Tensor } from "fgc/runtime";
import { Optimizer, type OptimizerParameters, type ScalarTensors, type ScalarValues } from "./optimizer.ts";

/** Options of `AdamW` and `Adam`. */
export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Decay of the first and of the second moment, per step. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the corrected second moment. Default 1e-8. */
  readonly eps?: number;
  /** AdamW: the share of a weight that a step removes is lr · weightDecay. Adam: added to the gradient. Default 0.01, Adam 0. */
  readonly weightDecay?: number;
  /** Use the largest second moment so far. Default false. */
  readonly amsgrad?: boolean;
  /** Climb instead of descend. Default false. */
  readonly maximize?: boolean;
}

type ResolvedAdamOptions = Required<AdamOptions>;

abstract class AdamFamily extends Optimizer<ResolvedAdamOptions> {
  protected abstract readonly decoupled: boolean;

  protected override stateShapes(shape: Shape, { amsgrad }: ResolvedAdamOptions): Record<string, Shape> {
    return { exp_avg: shape, exp_avg_sq: shape, ...(amsgrad && { max_exp_avg_sq: shape }) };
  }

  protected override stepScalars(t: number, lr: number, { betas, weightDecay }: ResolvedAdamOptions): ScalarValues {
    return {
      keep: 1 - lr * weightDecay,
      stepSize: lr / (1 - betas[0] ** t),
      rootCorrection: Math.sqrt(1 - betas[1] ** t),
    };
  }

  protected override update(
    parameter: Tensor,
    gradient: Tensor,
    state: Readonly<Record<string, StateTensor>>,
    scalars: ScalarTensors,
    { betas, eps, weightDecay, amsgrad, maximize }: ResolvedAdamOptions,
  ): Tensor {
    const { keep, stepSize, rootCorrection } = scalars as Record<"keep" | "stepSize" | "rootCorrection", Tensor>;
    const { exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: largest } = state as Record<string, StateTensor>;
    let g = maximize ? gradient.neg() : gradient;
    if (!this.decoupled && weightDecay !== 0) g = g.add(parameter.mul(weightDecay));

    const newM = m!.mul(betas[0]).add(g.mul(1 - betas[0]));
    const newV = v!.mul(betas[1]).add(g.square().mul(1 - betas[1]));
    m!.assign(newM);
    v!.assign(newV);
    let secondMoment: Tensor = newV;
    if (amsgrad) {
      secondMoment = largest!.maximum(newV);
      largest!.assign(secondMoment);
    }
    const denominator = secondMoment.sqrt().div(rootCorrection).add(eps);
    const decayed = this.decoupled ? parameter.mul(keep) : parameter;
    return decayed.sub(newM.div(denominator).mul(stepSize));
  }
}

const adamDefaults = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0.01,
  amsgrad: false,
  maximize: false,
} as const;

/**
 * Adam with decoupled weight decay:
 *
 *     p ← p (1 − lr·wd);  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  p ← p − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + eps)
 *
 * State per parameter: `exp_avg` (m), `exp_avg_sq` (v), with amsgrad `max_exp_avg_sq`.
 *
 * @source Loshchilov and Hutter 2019 (arXiv 1711.05101); torch.optim.AdamW
 */
export class AdamW extends AdamFamily {
  protected readonly decoupled = true;

  constructor(parameters: OptimizerParameters, options: AdamOptions = {}) {
    super(parameters, { ...adamDefaults, ...options });
  }
}

/**
 * Adam; `weightDecay` (default 0) is added to the gradient, so the moments see it.
 *
 * @source Kingma and Ba 2015 (arXiv 1412.6980); torch.optim.Adam
 */
export class Adam extends AdamFamily {
  protected readonly decoupled = false;

  constructor(parameters: OptimizerParameters, options: AdamOptions = {}) {
    super(parameters, { ...adamDefaults, weightDecay: 0, ...options });
  }
}
