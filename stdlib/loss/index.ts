/** @file `fgc/loss`: losses of language models. */
export {
  CausalLoss,
  type CausalLossOptions,
  ChunkedCausalLoss,
  type ChunkedCausalLossOptions,
  ignoredLabel,
  type LossFunction,
  type OutputEmbeddings,
  shiftLabels,
} from "./causal.ts";
export { LinearCrossEntropyLoss, type LinearCrossEntropyLossOptions } from "./fused.ts";
export { RescaleLoss } from "./rescale.ts";
