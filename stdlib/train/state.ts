/** @file What a run knows of itself, and the switches that callbacks may set. */

/** One line of the log: metrics by name. */
export type LogRecord = Readonly<Record<string, number>>;

export interface TrainerState {
  /** Optimizer steps done. */
  globalStep: number;
  /** Epochs done, with the fraction of the current one. */
  epoch: number;
  /** Optimizer steps in all. */
  maxSteps: number;
  numTrainEpochs: number;
  loggingSteps: number;
  evalSteps: number;
  saveSteps: number;
  trainBatchSize: number;
  /** Batches per epoch. */
  epochTrainSteps: number;
  maxEvalSteps: number;
  numProcesses: number;
  isLocalProcessZero: boolean;
  isWorldProcessZero: boolean;
  logHistory: LogRecord[];
  bestMetric: number | null;
  bestModelCheckpoint: string | null;
  numInputTokensSeen: number;
  totalFlos: number;
}

export interface TrainerControl {
  /** End after this step, with the final save. */
  shouldTrainingStop: boolean;
  /** End the epoch after this step. */
  shouldEpochStop: boolean;
  /** Do it after this step, due or not. */
  shouldSave: boolean;
  shouldEvaluate: boolean;
  shouldLog: boolean;
  /** End at once, without a save. */
  shouldAbortWithoutSave: boolean;
}

export const newControl = (): TrainerControl => ({
  shouldTrainingStop: false,
  shouldEpochStop: false,
  shouldSave: false,
  shouldEvaluate: false,
  shouldLog: false,
  shouldAbortWithoutSave: false,
});
