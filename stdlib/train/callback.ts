/** @file Callbacks: objects that hear what a run does, and may steer it. */
import type { Session } from "fgc/runtime";
import type { DataLoader } from "../data/index.ts";
import type { AnyOptimizer, Schedule } from "../optim/index.ts";
import type { Tokenizer } from "../tokenizers/index.ts";
import type { TrainingArguments } from "./arguments.ts";
import type { TrainableModel } from "./model.ts";
import type { LogRecord, TrainerControl, TrainerState } from "./state.ts";

/** What a callback may look at. Events add the last fields. */
export interface CallbackContext {
  readonly model: TrainableModel;
  readonly session: Session;
  readonly processingClass: Tokenizer | undefined;
  readonly optimizer: AnyOptimizer;
  readonly lrScheduler: Schedule;
  readonly trainDataloader: DataLoader | undefined;
  readonly evalDataloader: DataLoader | undefined;
  /** on_log */
  readonly logs?: LogRecord;
  /** on_evaluate, on_predict */
  readonly metrics?: LogRecord;
  /** on_pre_optimizer_step: the norm before clipping */
  readonly norm?: number;
  /** on_save: path of the checkpoint */
  readonly checkpoint?: string;
  /** on_step_end: loss of this step */
  readonly loss?: number;
}

export type CallbackHandler = (
  args: TrainingArguments,
  state: TrainerState,
  control: TrainerControl,
  context: CallbackContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler returns a control, or nothing at all
) => TrainerControl | void | Promise<TrainerControl | void>;

/** Any of these, in the order of a run. A returned control replaces the current one. */
export interface TrainerCallback {
  onInitEnd?: CallbackHandler;
  onTrainBegin?: CallbackHandler;
  onEpochBegin?: CallbackHandler;
  onStepBegin?: CallbackHandler;
  onSubstepEnd?: CallbackHandler;
  onPreOptimizerStep?: CallbackHandler;
  onOptimizerStep?: CallbackHandler;
  onStepEnd?: CallbackHandler;
  onLog?: CallbackHandler;
  onPredictionStep?: CallbackHandler;
  onEvaluate?: CallbackHandler;
  onPredict?: CallbackHandler;
  onSave?: CallbackHandler;
  onEpochEnd?: CallbackHandler;
  onTrainEnd?: CallbackHandler;
  /** What a resumed run needs, as JSON; saved with the trainer's state under the class's name. */
  stateDict?(): unknown;
  loadStateDict?(state: unknown): void;
}

export type CallbackEvent = Exclude<keyof TrainerCallback, "stateDict" | "loadStateDict">;
