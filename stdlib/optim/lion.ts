/** @file Lion: the sign of an average of past and present gradients. */
import type { Shape, StateTensor, Tensor } from "fgc/runtime";
import { Optimizer, type OptimizerParameters, type ScalarTensors, type ScalarValues } from "./optimizer.ts";

/** Options of `Lion`. */
export interface LionOptions {
  /** Learning rate; every weight moves by it, so it is set three to ten times lower than AdamW's. Default 1e-4. */
  readonly lr?: number;
  /** Share of the momentum in the step's direction, and in the momentum that is kept. Default [0.9, 0.99]. */
  readonly betas?: readonly [number, number];
  /** The share of a weight that a step removes is lr · weightDecay. Default 0. */
  readonly weightDecay?: number;
}

type ResolvedLionOptions = Required<LionOptions>;

const lionDefaults: ResolvedLionOptions = { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0 };

/**
 * Lion: every weight moves by lr along the sign of an average of gradients.
 *
 *     c = β₁m + (1−β₁)g;  p ← p (1 − lr·wd) − lr · sign(c);  m ← β₂m + (1−β₂)g.
 *
 * State per parameter: `exp_avg` (m), half of what Adam keeps.
 *
 * @source Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms" (arXiv 2302.06675), Program 2
 */
export class Lion extends Optimizer<ResolvedLionOptions> {
  constructor(parameters: OptimizerParameters, options: LionOptions = {}) {
    super(parameters, { ...lionDefaults, ...options });
  }

  protected override stateShapes(shape: Shape): Record<string, Shape> {
    return { exp_avg: shape };
  }

  protected override stepScalars(_t: number, lr: number, { weightDecay }: ResolvedLionOptions): ScalarValues {
    return { lr, keep: 1 - lr * weightDecay };
  }

  protected override update(
    parameter: Tensor,
    gradient: Tensor,
    state: Readonly<Record<string, StateTensor>>,
    scalars: ScalarTensors,
    { betas: [inDirection, inMomentum] }: ResolvedLionOptions,
  ): Tensor {
    const { lr, keep } = scalars as Record<"lr" | "keep", Tensor>;
    const momentum = state["exp_avg"] as StateTensor;
    const direction = momentum
      .mul(inDirection)
      .add(gradient.mul(1 - inDirection))
      .sign();
    momentum.assign(momentum.mul(inMomentum).add(gradient.mul(1 - inMomentum)));
    return parameter.mul(keep).sub(direction.mul(lr));
  }
}
