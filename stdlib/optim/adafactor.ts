/** @file Adafactor in Forgather's form: second moments of a matrix as one row and one column. */
import type { Shape, StateTensor, Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import { Optimizer, type OptimizerParameters, type ScalarTensors, type ScalarValues } from "./optimizer.ts";

/** Options of `Adafactor`. */
export interface AdafactorOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Exponent of the moments' decay: β = 1 − t^decayRate. Default −0.8. */
  readonly decayRate?: number;
  /** Largest root mean square of an update before lr. Default 1. */
  readonly clipThreshold?: number;
  /** The second caps β; the first plays no part, there is no first moment. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to g²; and the least RMS of a parameter that `relativeStep` counts with. Default [1e-30, 1e-3]. */
  readonly eps?: readonly [number, number];
  /** The share of a weight that a step removes is the rate · weightDecay. Default 0. */
  readonly weightDecay?: number;
  /** Multiply the rate by the parameter's RMS. Default false. */
  readonly relativeStep?: boolean;
  /** Accepted for upstream's configs: everything is compiled here. */
  readonly torchCompile?: boolean;
  /** Accepted for upstream's configs: rounding of bfloat16 parameters; ours are float32. */
  readonly bf16StochasticRound?: boolean;
  /** Accepted for upstream's configs: a GPU kernel with the same formula. */
  readonly useTriton?: boolean;
}

type ResolvedOptions = Required<AdafactorOptions>;

const adafactorDefaults: ResolvedOptions = {
  lr: 1e-3,
  decayRate: -0.8,
  clipThreshold: 1,
  betas: [0.9, 0.999],
  eps: [1e-30, 1e-3],
  weightDecay: 0,
  relativeStep: false,
  torchCompile: false,
  bf16StochasticRound: false,
  useTriton: true,
};

/**
 * Adafactor: the second moments of a matrix kept as one row and one column. With q = g² + eps₁ and β = min(1 − t^decayRate, β₂):
 *
 *     matrix:  r ← βr + (1−β)Σ_cols q,  c ← βc + (1−β)Σ_rows q,  u = g / √((r/Σr) cᵀ)      vector:  r ← βr + (1−β)q,  u = g/√r
 *     u ← u / max(1, RMS(u)/clipThreshold);  p ← p(1 − lr·wd) − lr·u
 *
 * State per parameter: `row` [rows] (or the vector's shape), `col` [columns]. Sums are kept, not means.
 *
 * @source Shazeer and Stern 2018 (arXiv 1804.04235)
 */
export class Adafactor extends Optimizer<ResolvedOptions> {
  constructor(parameters: OptimizerParameters, options: AdafactorOptions = {}) {
    super(parameters, { ...adafactorDefaults, ...options });
  }

  protected override stateShapes(shape: Shape): Record<string, Shape> {
    if (shape.length > 2)
      throw new UserError("optim/adafactor-rank", `Adafactor takes matrices and vectors, not [${shape}]`);
    return shape.length === 2 ? { row: [shape[0]!], col: [shape[1]!] } : { row: shape };
  }

  protected override stepScalars(t: number, lr: number, { decayRate, betas }: ResolvedOptions): ScalarValues {
    const beta = Math.min(1 - t ** decayRate, betas[1]);
    return { lr, beta, take: 1 - beta };
  }

  protected override update(
    parameter: Tensor,
    gradient: Tensor,
    state: Readonly<Record<string, StateTensor>>,
    scalars: ScalarTensors,
    { clipThreshold, eps, weightDecay, relativeStep }: ResolvedOptions,
  ): Tensor {
    const { lr, beta, take } = scalars as Record<"lr" | "beta" | "take", Tensor>;
    const { row, col } = state as { row: StateTensor; col?: StateTensor };
    const rate = relativeStep ? lr.mul(rootMeanSquare(parameter).maximum(eps[1])) : lr;
    const squared = gradient.square().add(eps[0]);
    const blend = (old: Tensor, now: Tensor): Tensor => old.mul(beta).add(now.mul(take));

    const newRow = blend(row, col === undefined ? squared : squared.sum(1));
    row.assign(newRow);
    let update: Tensor;
    if (col === undefined) {
      update = gradient.mul(newRow.rsqrt());
    } else {
      const newCol = blend(col, squared.sum(0));
      col.assign(newCol);
      // Two roots instead of the root of a product: the product of two tiny moments may vanish in f32.
      const rowRoot = newRow.div(newRow.sum()).rsqrt().unsqueeze(1);
      update = gradient.mul(rowRoot).mul(newCol.rsqrt().unsqueeze(0));
    }
    const clipped = update.div(rootMeanSquare(update).div(clipThreshold).maximum(1));
    const decayed = weightDecay === 0 ? parameter : parameter.mul(rate.mul(-weightDecay).add(1));
    return decayed.sub(clipped.mul(rate));
  }
}

function rootMeanSquare(x: Tensor): Tensor {
  return x.square().mean().sqrt();
}
