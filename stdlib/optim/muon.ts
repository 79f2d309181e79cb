/** @file Muon: momentum whose directions are all made equally long, for weight matrices. */
import type { Shape, StateTensor, Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import { Optimizer, type OptimizerParameters, type ScalarTensors, type ScalarValues } from "./optimizer.ts";

/** Options of `Muon`. */
export interface MuonOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: number;
  /** The share of a weight that a step removes is lr · weightDecay. Default 0.1. */
  readonly weightDecay?: number;
  /** Share of the last momentum that is kept. Default 0.95. */
  readonly momentum?: number;
  /** Look ahead along the momentum. Default true. */
  readonly nesterov?: boolean;
  /** Steps of the Newton–Schulz iteration. Default 5. */
  readonly nsSteps?: number;
  /** Its coefficients a, b, c in aX + b(XXᵀ)X + c(XXᵀ)²X. Default [3.4445, −4.775, 2.0315], which converge fast to roughly one. */
  readonly nsCoefficients?: readonly [number, number, number];
  /** The least norm that a direction is divided by. Default 1e-7. */
  readonly eps?: number;
  /** `original`: lr · √max(1, rows/columns). `match_rms_adamw`: lr · 0.2√max(rows, columns), so that AdamW's rate and decay can be taken over. Default `original`. */
  readonly adjustLrFn?: "original" | "match_rms_adamw";
}

type ResolvedMuonOptions = Required<MuonOptions>;

const muonDefaults: ResolvedMuonOptions = {
  lr: 1e-3,
  weightDecay: 0.1,
  momentum: 0.95,
  nesterov: true,
  nsSteps: 5,
  nsCoefficients: [3.4445, -4.775, 2.0315],
  eps: 1e-7,
  adjustLrFn: "original",
};

/**
 * Muon: momentum whose directions are all made equally long.
 *
 *     b ← μb + (1−μ)g;  d = (1−μ)g + μb (nesterov) or b;  p ← p (1 − lr·wd) − lr·r·O(d), O(d) the nearest matrix with orthonormal rows or columns.
 *
 * For matrices alone: embeddings, norms, biases and the head belong to another optimizer (`makeReMultiopt`).
 * State per parameter: `momentum_buffer` (b). Unlike PyTorch's the iteration runs in float32.
 *
 * @throws UserError `optim/not-a-matrix`
 * @source Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; torch.optim.Muon
 */
export class Muon extends Optimizer<ResolvedMuonOptions> {
  constructor(parameters: OptimizerParameters, options: MuonOptions = {}) {
    super(parameters, { ...muonDefaults, ...options });
  }

  protected override stateShapes(shape: Shape): Record<string, Shape> {
    if (shape.length !== 2)
      throw new UserError("optim/not-a-matrix", `Muon trains matrices, and a parameter has the shape [${shape}]`, {
        hint: "give what is no matrix to AdamW: fgc/optim:makeReMultiopt makes one optimizer of both",
      });
    return { momentum_buffer: shape };
  }

  protected override stepScalars(_t: number, lr: number, { weightDecay }: ResolvedMuonOptions): ScalarValues {
    return { lr, keep: 1 - lr * weightDecay };
  }

  protected override update(
    parameter: Tensor,
    gradient: Tensor,
    state: Readonly<Record<string, StateTensor>>,
    scalars: ScalarTensors,
    options: ResolvedMuonOptions,
  ): Tensor {
    const { lr, keep } = scalars as Record<"lr" | "keep", Tensor>;
    const { momentum, nesterov, adjustLrFn } = options;
    const [rows, columns] = parameter.shape as [number, number];
    const buffer = state["momentum_buffer"] as StateTensor;
    const moved = buffer.mul(momentum).add(gradient.mul(1 - momentum));
    buffer.assign(moved);
    const direction = nesterov ? gradient.mul(1 - momentum).add(moved.mul(momentum)) : moved;
    const ratio =
      adjustLrFn === "original" ? Math.sqrt(Math.max(1, rows / columns)) : 0.2 * Math.sqrt(Math.max(rows, columns));
    return parameter.mul(keep).sub(orthogonalized(direction, options).mul(lr.mul(ratio)));
  }
}

/**
 * X ← aX + (bXXᵀ + c(XXᵀ)²)X from X / ‖X‖: drives every singular value towards one, without a decomposition.
 *
 * @param matrix f32 [rows, columns]
 * @returns      f32 [rows, columns]
 */
function orthogonalized(matrix: Tensor, { nsSteps, nsCoefficients: [a, b, c], eps }: ResolvedMuonOptions): Tensor {
  const [rows, columns] = matrix.shape as [number, number];
  // The products are with the shorter side, whichever it is.
  const isTall = rows > columns;
  const wide = isTall ? matrix.transpose(0, 1) : matrix;
  let x = wide.div(wide.norm().clamp({ min: eps }));
  for (let step = 0; step < nsSteps; step++) {
    const gram = x.matmul(x.transpose(0, 1));
    const polynomial = gram.mul(b).add(gram.matmul(gram).mul(c));
    x = x.mul(a).add(polynomial.matmul(x));
  }
  return isTall ? x.transpose(0, 1) : x;
}
