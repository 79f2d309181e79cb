/** @file Stochastic gradient descent: PyTorch's with momentum, and Forgather's plain one. */
import type { Shape, StateTensor, Tensor } from "fgc/runtime";
import { Optimizer, type OptimizerParameters, type ScalarTensors, type ScalarValues } from "./optimizer.ts";

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Share of the last step's direction that is kept. Default 0: none, and no state. */
  readonly momentum?: number;
  /** Share of the gradient that momentum leaves out, from the second step on. Default 0. */
  readonly dampening?: number;
  /** Added to the gradient times the weight. Default 0. */
  readonly weightDecay?: number;
  /** Look ahead along the momentum. Default false. */
  readonly nesterov?: boolean;
  /** Climb instead of descend. Default false. */
  readonly maximize?: boolean;
}

type ResolvedSGDOptions = Required<SGDOptions>;

const sgdDefaults = { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false } as const;

/**
 * Gradient descent, with momentum where it is asked for.
 *
 *     g ← ±g + wd·p; with momentum μ: b ← g at the first step, μb + (1−dampening)g later; d = g + μb (nesterov) or b; p ← p − lr·d.
 *
 * State per parameter: `momentum_buffer` (b), where there is momentum.
 *
 * @source Sutskever et al. 2013; torch.optim.SGD
 */
export class SGD extends Optimizer<ResolvedSGDOptions> {
  constructor(parameters: OptimizerParameters, options: SGDOptions = {}) {
    super(parameters, { ...sgdDefaults, ...options });
  }

  protected override stateShapes(shape: Shape, { momentum }: ResolvedSGDOptions): Record<string, Shape> {
    return momentum === 0 ? {} : { momentum_buffer: shape };
  }

  protected override stepScalars(t: number, lr: number, { momentum, dampening }: ResolvedSGDOptions): ScalarValues {
    if (momentum === 0) return { lr };
    // The first step takes the gradient as it is: the same Program with other numbers.
    return t === 1 ? { lr, keep: 0, take: 1 } : { lr, keep: momentum, take: 1 - dampening };
  }

  protected override update(
    parameter: Tensor,
    gradient: Tensor,
    state: Readonly<Record<string, StateTensor>>,
    scalars: ScalarTensors,
    { momentum, weightDecay, nesterov, maximize }: ResolvedSGDOptions,
  ): Tensor {
    const { lr, keep, take } = scalars as Record<string, Tensor>;
    let direction = maximize ? gradient.neg() : gradient;
    if (weightDecay !== 0) direction = direction.add(parameter.mul(weightDecay));
    const buffer = state["momentum_buffer"];
    if (buffer !== undefined) {
      const moved = buffer.mul(keep!).add(direction.mul(take!));
      buffer.assign(moved);
      direction = nesterov ? direction.add(moved.mul(momentum)) : moved;
    }
    return parameter.sub(direction.mul(lr!));
  }
}

/** Options of `ForgatherSGD`. */
export interface ForgatherSGDOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
}

/** Plain gradient descent, p ← p − lr·g: `SGD` without its options. */
export class ForgatherSGD extends SGD {
  constructor(parameters: OptimizerParameters, { lr = 1e-3 }: ForgatherSGDOptions = {}) {
    super(parameters, { lr });
  }
}
