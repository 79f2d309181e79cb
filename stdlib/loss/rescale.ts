/** @file RescaleLoss: a loss times a factor, for gradient accumulation. */
import type { Tensor } from "fgc/runtime";
import type { LossFunction, OutputEmbeddings } from "./causal.ts";

/** `fn` times `scaleFactor`; inside `noRescale` the factor is 1. */
export class RescaleLoss implements LossFunction {
  readonly fn: LossFunction;
  readonly scaleFactor: number;
  #active = true;
  readonly forwardHidden?: (hiddenStates: Tensor, outputEmbeddings: OutputEmbeddings, labels: Tensor) => Tensor;

  /**
   * @param fn           the loss
   * @param scaleFactor  1 / gradient_accumulation_steps
   */
  constructor(fn: LossFunction, scaleFactor: number) {
    this.fn = fn;
    this.scaleFactor = scaleFactor;
    if (fn.forwardHidden !== undefined) {
      this.forwardHidden = (hidden, head, labels) => this.#scaled(fn.forwardHidden!(hidden, head, labels));
    }
  }

  forward(logits: Tensor, labels: Tensor): Tensor {
    return this.#scaled(this.fn.forward(logits, labels));
  }

  /** Run `body` with the factor at 1: for evaluation. */
  noRescale<T>(body: () => T): T {
    const before = this.#active;
    this.#active = false;
    try {
      return body();
    } finally {
      this.#active = before;
    }
  }

  #scaled(loss: Tensor): Tensor {
    return this.#active ? loss.mul(this.scaleFactor) : loss;
  }
}
