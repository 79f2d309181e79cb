/** @file `fgc/generate`: text from a model. */
export { GenerationConfig, type GenerationConfigInput, type GenerationOptions } from "./config.ts";
export {
  applyTemperature,
  argmax,
  drawToken,
  filterLogits,
  keepMinP,
  keepTopK,
  keepTopP,
  penalizeRepetition,
  softmax,
} from "./filters.ts";
export { type GenerateHooks, TextGenerator, type TextGeneratorOptions } from "./generator.ts";
export { type RunModelOptions, runModel } from "./run-model.ts";
