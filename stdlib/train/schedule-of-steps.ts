/** @file How many steps a run has, and what is due after one. */
import { UserError } from "../faults.ts";
import type { Strategy, TrainingSettings } from "./arguments.ts";

export interface StepPlan {
  readonly batchesPerEpoch: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/**
 * L batches and accumulation A make ⌈L / A⌉ steps per epoch, ⌊L / A⌋ with drop_last; the total is capped by max_steps.
 */
export function planSteps(batches: number, settings: TrainingSettings): StepPlan {
  const { gradientAccumulationSteps: A, dataloaderDropLast, numTrainEpochs, maxSteps } = settings;
  const stepsPerEpoch = dataloaderDropLast ? Math.floor(batches / A) : Math.ceil(batches / A);
  if (stepsPerEpoch === 0) {
    throw new UserError("train/empty-dataset", `the training set gives ${batches} batches: not one step`, {
      hint:
        batches === 0
          ? "check the dataset and its select_range"
          : "use smaller batches, less accumulation, or drop_last: false",
    });
  }
  const byEpochs = Math.ceil(numTrainEpochs * stepsPerEpoch);
  return {
    batchesPerEpoch: batches,
    stepsPerEpoch,
    totalSteps: maxSteps >= 0 ? Math.min(maxSteps, byEpochs) : byEpochs,
  };
}

/** Whether something with a period is due after a step. Periods count from step 0, so a resumed run keeps the grid. */
export function isDue(strategy: Strategy, period: number, step: number, endsEpoch: boolean): boolean {
  if (strategy === "no") return false;
  return strategy === "epoch" ? endsEpoch : step % period === 0;
}
