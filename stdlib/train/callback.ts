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
  /** on_step_read: the step that was read; `state` may be a few steps ahead of it */
  readonly step?: number;
  /** on_step_read: loss of that step. on_step_end: loss of this step, where it has been read */
  readonly loss?: number;
  /** on_step_read: norm of that step's gradients before clipping. on_pre_optimizer_step: of this step's, where it has been read */
  readonly norm?: number;
  /** on_save: path of the checkpoint */
  readonly checkpoint?: string;
}

export type CallbackHandler = (
  args: TrainingArguments,
  state: TrainerState,
  control: TrainerControl,
  context: CallbackContext,
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler returns a control, or nothing at all
) => TrainerControl | void | Promise<TrainerControl | void>;

/**
 * Any of these, in the order of a run. A returned control replaces the current one.
 *
 * A device that works on its own keeps several steps under way, and their results are read together: `onStepEnd` comes when a step has been started,
 * `onStepRead` once for each step, in order, when its loss is known (after at most 16 steps, and before every log, evaluation, save and end).
 */
export interface TrainerCallback {
  /** `onStepEnd` and `onPreOptimizerStep` are to have the step's loss and norm: then every step is waited for, which costs a GPU its lead. */
  readonly needsStepLoss?: boolean;
  onInitEnd?: CallbackHandler;
  onTrainBegin?: CallbackHandler;
  onEpochBegin?: CallbackHandler;
  onStepBegin?: CallbackHandler;
  onSubstepEnd?: CallbackHandler;
  onPreOptimizerStep?: CallbackHandler;
  onOptimizerStep?: CallbackHandler;
  onStepEnd?: CallbackHandler;
  onStepRead?: CallbackHandler;
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

export type CallbackEvent = Exclude<keyof TrainerCallback, "stateDict" | "loadStateDict" | "needsStepLoss">;
