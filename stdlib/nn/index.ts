/** @file `fgc/nn`: the parts that models are made of. */

export { type Activation, GELU, type GELUOptions, Identity, ReLU, Sigmoid, SiLU, Tanh } from "./activations.ts";
export { alibiSlopes, CausalAlibiAttn, type CausalAlibiAttnOptions } from "./attention/causal-alibi-attn.ts";
export { CausalMultiheadAttn, type CausalMultiheadAttnOptions, type Norm } from "./attention/causal-multihead-attn.ts";
export type { AttentionMasking, LayerContext } from "./attention/context.ts";
export {
  type AttentionCall,
  type AttentionFunction,
  attentionFunctions,
  eagerAttention,
  flexAttention,
  sdpaAttention,
} from "./attention/functions.ts";
export { type CacheSlot, type CacheView, KVCache, type KVCacheOptions } from "./attention/kv-cache.ts";
export {
  type AttentionMaskFunction,
  type CausalMaskOptions,
  causalMask,
  documentStarts,
  type MaskRequest,
} from "./attention/mask.ts";
export {
  SingleHeadAlibiAttn,
  type SingleHeadAlibiAttnOptions,
  SingleHeadAttn,
  type SingleHeadAttnOptions,
} from "./attention/single-head.ts";
export { CausalLM, type CausalLMConfig, type CausalLMInputs, type CausalLMOptions } from "./causal-lm.ts";
export { applyDropout, Dropout, type DropoutStream, withDropoutStream } from "./dropout.ts";
export { Embedding, type EmbeddingOptions } from "./embedding.ts";
export {
  FeedforwardLayer,
  type FeedforwardLayerOptions,
  GLUFeedforwardLayer,
  type GLUFeedforwardLayerOptions,
} from "./feedforward.ts";
export {
  drawInitial,
  type InitRule,
  type InitTarget,
  initializedParameter,
  seedWeights,
  setInitRule,
} from "./init/rule.ts";
export {
  fillNormal,
  fillUniform,
  type GainOptions,
  type InitEmbeddingsOptions,
  type InitOutputLayerOptions,
  initEmbeddings,
  initOutputLayer,
  initPass,
  initTorchLinearDefault,
  llamaInitEmbeddings,
  llamaStd,
  llamaStdDepth,
  ones,
  type TruncNormalOptions,
  truncNormal,
  truncNormalMagic,
  xavierNormal,
  xavierUniform,
  zeros,
} from "./init/rules.ts";
export {
  type HfLlamaWeightInitOptions,
  hfLlamaWeightInit,
  type InitWeightsByRegexOptions,
  initWeightsByRegex,
  type SimpleWeightInitOptions,
  simpleWeightInit,
} from "./init/schemes.ts";
export { InputEncoder, type InputEncoderOptions } from "./input-encoder.ts";
export {
  CheckpointLayerStack,
  ExplicitLayerStack,
  type ExplicitLayerStackOptions,
  LayerStack,
  type LayerStackOptions,
} from "./layer-stack.ts";
export {
  DeepnetLayer,
  type DeepnetLayerOptions,
  type DeepnetSide,
  deepnetAlpha,
  deepnetBeta,
  type Layer,
  type LayerFactoryArguments,
  PostLNLayer,
  PreLNLayer,
  type TransformerLayerOptions,
} from "./layers.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { type LoadStateDictOptions, type LoadStateDictResult, Module } from "./module.ts";
export { LayerNorm, type LayerNormOptions, RMSNorm, type RMSNormOptions } from "./norms.ts";
export { type AbsolutePositionEncoder, NullPE, type RelativePositionEncoder } from "./position-encoder.ts";
export { type Llama3RopeScaling, type RopeScaling, RotaryPE, type RotaryPEOptions } from "./rotary.ts";
export { SinusoidalPE, type SinusoidalPEOptions } from "./sinusoidal.ts";
