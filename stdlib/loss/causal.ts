/** @file Causal losses: position t predicts the label at t + 1. */
import { concat, crossEntropy, full, linearCrossEntropy, type Tensor } from "fgc/runtime";

/** The label that does not count. */
export const ignoredLabel = -100;

/** A loss of logits, f32 []. */
export interface LossFunction {
  /**
   * @param logits  f32 [B, T, V]
   * @param labels  i32 [B, T]; −100 does not count
   */
  forward(logits: Tensor, labels: Tensor): Tensor;
  /** The same from hidden states, where the loss can do without the logits. A model prefers it. */
  forwardHidden?(hiddenStates: Tensor, outputEmbeddings: OutputEmbeddings, labels: Tensor): Tensor;
}

/** The output head: a linear map from hidden states to logits. */
export interface OutputEmbeddings {
  /** f32 [V, C]. */
  readonly weight: Tensor;
  /** f32 [V]. */
  readonly bias?: Tensor | undefined;
}

/** Options of `CausalLoss`. */
export interface CausalLossOptions {
  /** The share ε of the target that is spread evenly over the vocabulary. Default 0. */
  readonly labelSmoothing?: number;
  /** Weight ζ of (log Σ_v e^(z_v))² per position, which keeps the logits near 0; PaLM has 1e-4. Default 0. */
  readonly zLoss?: number;
  /** Accepted for upstream's configs: everything is compiled here. */
  readonly compile?: boolean;
}

/**
 * Mean cross-entropy of the next token: `(1/|N|) Σ_N (log Σ_v e^(z_v) − z_label)` over the positions N whose next label counts.
 * Where none counts the loss is 0, without a gradient (upstream's is NaN). Label smoothing and the z-loss add to each position's loss;
 * an evaluation has them too, as PyTorch's does.
 *
 * Given hidden states and the output head it never holds the logits as a whole.
 */
export class CausalLoss implements LossFunction {
  readonly #terms: LossTerms;

  constructor({ labelSmoothing = 0, zLoss = 0 }: CausalLossOptions = {}) {
    this.#terms = { labelSmoothing, zLoss };
  }

  forward(logits: Tensor, labels: Tensor): Tensor {
    const next = shiftLabels(labels);
    const total = crossEntropy(logits, next, { ignoreIndex: ignoredLabel, reduction: "sum", ...this.#terms });
    return meanOver(next, total, ignoredLabel);
  }

  forwardHidden(hiddenStates: Tensor, outputEmbeddings: OutputEmbeddings, labels: Tensor): Tensor {
    return fusedCausalLoss(hiddenStates, outputEmbeddings, labels, ignoredLabel, this.#terms);
  }
}

/** What a loss adds to the plain cross-entropy. */
export type LossTerms = Pick<CausalLossOptions, "labelSmoothing" | "zLoss">;

/** Options of `ChunkedCausalLoss`. */
export interface ChunkedCausalLossOptions extends CausalLossOptions {
  /** Accepted for upstream's configs: entries of the vocabulary handled at a time there. The kernel here re-reads instead of storing. */
  readonly chunkSize?: number;
}

/** `CausalLoss` for large vocabularies. Its one kernel keeps nothing of the vocabulary's size beside the logits, chunks or not. */
export class ChunkedCausalLoss extends CausalLoss {
  constructor(options: ChunkedCausalLossOptions = {}) {
    super(options);
  }
}

/**
 * Labels moved one to the left, with "does not count" at the end: `next[b, t] = labels[b, t + 1]`. Moving the labels instead of cutting
 * the last position off the logits keeps the logits (or hidden states) in one piece.
 */
export function shiftLabels(labels: Tensor): Tensor {
  const batch = labels.shape[0] ?? 1;
  return concat([labels.slice([null, { start: 1 }]), full([batch, 1], ignoredLabel, "i32")], 1);
}

/** The causal loss from hidden states f32 [B, T, C]. */
export function fusedCausalLoss(
  hiddenStates: Tensor,
  { weight, bias }: OutputEmbeddings,
  labels: Tensor,
  ignoreIndex: number,
  terms: LossTerms = {},
): Tensor {
  const [batch, length, width] = hiddenStates.shape as [number, number, number];
  const next = shiftLabels(labels).reshape([batch * length]);
  const hidden = hiddenStates.reshape([batch * length, width]);
  const total = linearCrossEntropy(hidden, weight, next, { bias, ignoreIndex, reduction: "sum", ...terms });
  return meanOver(next, total, ignoreIndex);
}

function meanOver(labels: Tensor, total: Tensor, ignoreIndex: number): Tensor {
  return total.div(labels.ne(ignoreIndex).cast("f32").sum().maximum(1));
}
