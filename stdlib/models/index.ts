/** @file `fgc/models`: whole models, put together from `fgc/nn`. */

export { KVCache, type KVCacheOptions } from "../nn/attention/kv-cache.ts";
export {
  CausalLMModel,
  type CausalLMModelInputs,
  type CausalLMModelOptions,
  type CausalLMOutput,
} from "./causal-lm-model.ts";
export { type ModelConfig, readModelConfig, writeModelConfig } from "./config.ts";
