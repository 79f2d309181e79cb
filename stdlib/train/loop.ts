/**
 * @file The loop: epochs, windows of batches, what is due after each step, and how a run ends.
 */
import type { CausalBatch } from "../data/index.ts";
import { nextTurn, type Run } from "./run.ts";
import { isDue } from "./schedule-of-steps.ts";

export type StopReason = "done" | "requested" | "aborted";

/** Train until the last step, or until somebody stops it. Always ends between two steps, with none under way. */
export async function trainLoop(run: Run): Promise<StopReason> {
  const { state } = run;
  await run.fire("onTrainBegin");
  while (state.globalStep < state.maxSteps && !isStopped(run)) {
    await run.fire("onEpochBegin");
    run.control.shouldEpochStop = false;
    await trainEpoch(run);
    await run.collect();
    if (isStopped(run) || state.globalStep >= state.maxSteps) {
      if (isEpochOver(run)) await run.fire("onEpochEnd");
      break;
    }
    run.position = { ...run.position, epoch: run.position.epoch + 1, batch: 0 };
    await run.fire("onEpochEnd");
  }
  if (run.control.shouldAbortWithoutSave) return "aborted";
  return run.options.stopRequested() ? "requested" : "done";
}

async function trainEpoch(run: Run): Promise<void> {
  const { gradientAccumulationSteps: A, dataloaderDropLast } = run.settings;
  let window: CausalBatch[] = [];
  const loader = run.options.trainLoader!;
  const first = run.position.batch;
  const remaining = loader.length - first;
  let read = 0;
  for (const batch of loader.batches(run.position.epoch, first)) {
    window.push(batch);
    read++;
    const isLast = read === remaining;
    // The end of the data cuts the last window short: a step of its own, unless such rests are to be dropped.
    if (window.length < A && !(isLast && !dataloaderDropLast)) continue;
    await run.step(window);
    window = [];
    const endsEpoch = isLast || remaining - read < (dataloaderDropLast ? A : 1);
    await doWhatIsDue(run, endsEpoch);
    await nextTurn();
    if (isStopped(run) || run.control.shouldEpochStop || run.state.globalStep >= run.state.maxSteps) return;
  }
}

/** Log, evaluate, save: in this order. */
async function doWhatIsDue(run: Run, endsEpoch: boolean): Promise<void> {
  const { settings, state } = run;
  const step = state.globalStep;
  const { shouldLog, shouldEvaluate, shouldSave } = run.control;
  Object.assign(run.control, { shouldLog: false, shouldEvaluate: false, shouldSave: false });
  const logs =
    isDue(settings.loggingStrategy, settings.loggingSteps, step, endsEpoch) ||
    (settings.loggingFirstStep && step === 1);
  if (logs || shouldLog) await run.log();
  if (isStoppedAtOnce(run)) return;
  const evaluates = step >= settings.evalDelay && isDue(settings.evalStrategy, settings.evalSteps, step, endsEpoch);
  if ((evaluates || shouldEvaluate) && run.options.evalLoaders.size > 0) await run.evaluate();
  if (isStoppedAtOnce(run)) return;
  if (!isDue(settings.saveStrategy, settings.saveSteps, step, endsEpoch) && !shouldSave) return;
  // What a callback hears of the last steps may be that they are not to be kept.
  await run.collect();
  if (!isStoppedAtOnce(run)) await run.save();
}

/** The final save of a run that is stopped is the caller's; an aborted one has none. */
const isStoppedAtOnce = (run: Run): boolean => run.options.stopRequested() || run.control.shouldAbortWithoutSave;

const isStopped = (run: Run): boolean =>
  run.control.shouldTrainingStop || run.control.shouldAbortWithoutSave || run.options.stopRequested();

const isEpochOver = (run: Run): boolean => run.position.batch >= run.options.trainLoader!.length;
