/** @file LinearCrossEntropyLoss: the causal loss with the output head inside. */
import { linear, type Tensor } from "fgc/runtime";
import { fusedCausalLoss, ignoredLabel, type LossTerms, type OutputEmbeddings } from "./causal.ts";

/** Options of `LinearCrossEntropyLoss`. */
export interface LinearCrossEntropyLossOptions extends LossTerms {
  /** Which of upstream's kernels: all name the same one here. Default "auto". */
  readonly impl?: "auto" | "cce" | "liger" | "pytorch";
  /** Accepted for upstream's configs; here rows are sliced by bytes. */
  readonly chunkSize?: number;
  /** The label that does not count. Default −100. */
  readonly ignoreIndex?: number;
  /** Accepted for upstream's configs: everything is compiled here. */
  readonly compile?: boolean;
}

/**
 * `CausalLoss` of `hidden weightᵀ + bias`, slice by slice, without ever holding all logits. Gradients of hidden states, weight and bias
 * are those of the unfused loss.
 *
 * @source Hsu et al. 2024, "Liger Kernel" (arXiv 2410.10989); Wijmans et al. 2024, "Cut Your Losses" (arXiv 2411.09009)
 */
export class LinearCrossEntropyLoss {
  readonly outputEmbeddings: OutputEmbeddings;
  readonly ignoreIndex: number;
  readonly #terms: LossTerms;

  /** @param outputEmbeddings  the model's output head, shared with it */
  constructor(
    outputEmbeddings: OutputEmbeddings,
    { ignoreIndex = ignoredLabel, labelSmoothing = 0, zLoss = 0 }: LinearCrossEntropyLossOptions = {},
  ) {
    this.outputEmbeddings = outputEmbeddings;
    this.ignoreIndex = ignoreIndex;
    this.#terms = { labelSmoothing, zLoss };
  }

  /**
   * @param hiddenStates  f32 [B, T, C]
   * @param labels        i32 [B, T]
   */
  forward(hiddenStates: Tensor, labels: Tensor): Tensor {
    return fusedCausalLoss(hiddenStates, this.outputEmbeddings, labels, this.ignoreIndex, this.#terms);
  }

  /** The plain logits f32 [..., V]. A trainer knows a fused loss by this method. */
  forwardLogits(hiddenStates: Tensor): Tensor {
    return linear(hiddenStates, this.outputEmbeddings.weight, this.outputEmbeddings.bias);
  }
}
