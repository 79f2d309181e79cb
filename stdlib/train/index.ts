/** @file `fgc/train`: the trainer, its arguments, callbacks, checkpoints, and the main of emitted trainers. */
export {
  type SchedulerName,
  type Strategy,
  TrainingArguments,
  type TrainingArgumentsOptions,
  type TrainingSettings,
} from "./arguments.ts";
export type { CallbackContext, CallbackHandler, TrainerCallback } from "./callback.ts";
export { DivergenceWatch, type DivergenceWatchOptions } from "./callbacks/divergence-watch.ts";
export { InfoCallback, type InfoCallbackOptions } from "./callbacks/info.ts";
export { type ExperimentInfo, JsonLogger } from "./callbacks/json-logger.ts";
export { type OutputStream, ProgressCallback, type ProgressCallbackOptions } from "./callbacks/progress.ts";
export { TBLogger, type TBLoggerOptions } from "./callbacks/tb-logger.ts";
export { TextgenCallback, type TextgenCallbackOptions } from "./callbacks/textgen.ts";
export { findNewestCheckpoint, isValidCheckpoint, listCheckpoints } from "./checkpoint/manager.ts";
export { loadWeights, readWeights } from "./checkpoint/weights.ts";
export { DistributedEnvironment, type DistributedEnvironmentOptions } from "./distributed-environment.ts";
export type { ModelInputs, ModelOutputs, TrainableModel } from "./model.ts";
export { type LossCurves, renderLossPlot } from "./plot/loss-plot.ts";
export { runTrainer } from "./script/run-trainer.ts";
export { type ScriptResult, TrainingScript, type TrainingScriptOptions } from "./script/training-script.ts";
export type { LogRecord, TrainerControl, TrainerState } from "./state.ts";
export { SummaryWriter } from "./tensorboard/summary-writer.ts";
export { type DataSource, Trainer, Trainer as BaseTrainer, type TrainerOptions, type TrainResult } from "./trainer.ts";
