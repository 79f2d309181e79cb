/** @file Forgather's own AdamW, which differs from PyTorch's in where eps stands. */
import type { Shape, StateTensor, Tensor } from "fgc/runtime";
import { Optimizer, type OptimizerParameters, type ScalarTensors, type ScalarValues } from "./optimizer.ts";

/** Options of `ForgatherAdamW`. */
export interface ForgatherAdamWOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Decay of the first and of the second moment, per step. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the uncorrected second moment. Default 1e-6. */
  readonly eps?: number;
  /** The share of a weight that a step removes is lr · weightDecay. Default 0. */
  readonly weightDecay?: number;
  /** Accepted for upstream's configs: everything is compiled here. */
  readonly torchCompile?: boolean;
}

type ResolvedOptions = Required<ForgatherAdamWOptions>;

/**
 * Moments as in `AdamW`, then `p ← p − lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + eps)`: eps joins the uncorrected root, so it weighs more in the
 * first steps. State per parameter: `m`, `v`.
 *
 * @source the form that closes section 2 of Kingma and Ba 2015 (arXiv 1412.6980); decay as in arXiv 1711.05101
 */
export class ForgatherAdamW extends Optimizer<ResolvedOptions> {
  constructor(parameters: OptimizerParameters, options: ForgatherAdamWOptions = {}) {
    super(parameters, { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-6, weightDecay: 0, torchCompile: false, ...options });
  }

  protected override stateShapes(shape: Shape): Record<string, Shape> {
    return { m: shape, v: shape };
  }

  protected override stepScalars(t: number, lr: number, { betas, weightDecay }: ResolvedOptions): ScalarValues {
    // Upstream counts steps in float32, so its powers are float32 too; at t = 1 that is 6e-6 of the rate.
    const power = (beta: number): number => Math.fround(Math.fround(beta) ** t);
    return { keep: 1 - lr * weightDecay, stepSize: (lr * Math.sqrt(1 - power(betas[1]))) / (1 - power(betas[0])) };
  }

  protected override update(
    parameter: Tensor,
    gradient: Tensor,
    state: Readonly<Record<string, StateTensor>>,
    scalars: ScalarTensors,
    { betas, eps }: ResolvedOptions,
  ): Tensor {
    const { m, v } = state as Record<"m" | "v", StateTensor>;
    const { keep, stepSize } = scalars as Record<"keep" | "stepSize", Tensor>;
    const newM = m.mul(betas[0]).add(gradient.mul(1 - betas[0]));
    const newV = v.mul(betas[1]).add(gradient.square().mul(1 - betas[1]));
    m.assign(newM);
    v.assign(newV);
    return parameter.mul(keep).sub(newM.div(newV.sqrt().add(eps)).mul(stepSize));
  }
}
