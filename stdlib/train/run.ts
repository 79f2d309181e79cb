/**
 * @file One prepared run: everything that a step, a log, an evaluation or a save needs, and these four.
 *
 * The order in which they happen is the loop's (`loop.ts`); what is made before is the trainer's (`trainer.ts`).
 */
import { basename } from "node:path";
import type { CausalBatch, DataLoader, DataPosition } from "../data/index.ts";
import { UserError } from "../faults.ts";
import type { TrainingArguments } from "./arguments.ts";
import { guessGreaterIsBetter, isBetter, metricValue } from "./best-metric.ts";
import type { CallbackContext, CallbackEvent, TrainerCallback } from "./callback.ts";
import { checkpointFolder, pruneCheckpoints } from "./checkpoint/manager.ts";
import { type RestoredState, type RunParts, restoredBestPath, writeCheckpoint } from "./checkpoint/run-state.ts";
import { type EvalLoaders, evaluateLoaders } from "./evaluation.ts";
import { LogWindow, type LogWindowState } from "./log-window.ts";
import type { StepPlan } from "./schedule-of-steps.ts";
import { type LogRecord, newControl, type TrainerControl, type TrainerState } from "./state.ts";
import { countTokens, type EvalRunner, type StepRunner } from "./step.ts";
import { type FinishedStep, UnreadSteps } from "./unread-steps.ts";

export interface RunOptions {
  readonly args: TrainingArguments;
  readonly parts: RunParts;
  readonly seed: number;
  readonly trainLoader: DataLoader | undefined;
  readonly evalLoaders: EvalLoaders;
  readonly plan: StepPlan | undefined;
  readonly steps: StepRunner;
  readonly evals: EvalRunner;
  readonly state: TrainerState;
  readonly context: CallbackContext;
  /** True once the user has asked to stop. */
  readonly stopRequested: () => boolean;
  readonly warn: (line: string) => void;
  /** Hears of each step when it is known to be over. */
  readonly onFinished: (step: FinishedStep) => void;
}

export class Run {
  readonly options: RunOptions;
  readonly state: TrainerState;
  control: TrainerControl = newControl();
  /** The next batch to read. */
  position: DataPosition;
  batchesSeen = 0;
  /** Batches trained on in all: names the dropout masks. */
  #microSteps = 0;
  readonly #window = new LogWindow();
  readonly #unread = new UnreadSteps();
  /** Steps of this process. */
  #stepsHere = 0;
  #lastEvaluation: { step: number; metrics: LogRecord } | undefined;
  #lastSavedStep = -1;

  constructor(options: RunOptions) {
    this.options = options;
    this.state = options.state;
    this.position = { epoch: 0, batch: 0, seed: options.trainLoader?.seed ?? 0 };
  }

  get settings() {
    return this.options.args.settings;
  }

  /** Go on from a checkpoint. */
  restore({ trainer, data }: RestoredState, checkpoint: string): void {
    if (trainer !== undefined) {
      this.state.globalStep = trainer.global_step;
      this.state.numInputTokensSeen = trainer.num_input_tokens_seen;
      this.state.bestMetric = trainer.best_metric;
      this.state.bestModelCheckpoint = restoredBestPath(trainer, checkpoint);
      this.batchesSeen = trainer.batches_seen;
      this.#microSteps = trainer.micro_steps;
      this.#window.state = trainer.log_window as LogWindowState;
      this.#lastSavedStep = trainer.global_step;
    }
    if (data !== undefined) this.position = data;
    this.#setEpoch();
  }

  /** Tell the callbacks. */
  async fire(event: CallbackEvent, added: Partial<CallbackContext> = {}): Promise<void> {
    const context = { ...this.options.context, ...added };
    for (const callback of this.options.parts.callbacks as readonly TrainerCallback[]) {
      const changed = await callback[event]?.(this.options.args, this.state, this.control, context);
      if (changed) this.control = changed;
    }
  }

  /** One optimizer step over a window of batches: started, and read if it is time to. */
  async step(window: readonly CausalBatch[]): Promise<void> {
    const { optimizer, lrScheduler } = this.options.parts;
    await this.fire("onStepBegin");
    this.#unread.begin();
    const started = await this.options.steps.start(window, this.#microSteps, () => this.fire("onSubstepEnd"));
    const samples = window.reduce((sum, batch) => sum + batch.inputIds.shape[0], 0);
    const tokens = window.reduce((sum, batch) => sum + countTokens(batch), 0);
    const learningRate = optimizer.groups[0]?.lr ?? 0;
    this.#unread.add({ step: this.state.globalStep + 1, samples, tokens, learningRate }, started);
    this.#stepsHere++;
    const finished = this.#isTimeToRead ? await this.#read() : [];
    const own = finished.at(-1);
    await this.fire("onPreOptimizerStep", own && { norm: own.norm });
    await this.fire("onOptimizerStep");
    lrScheduler.step();

    this.#microSteps += window.length;
    this.batchesSeen += window.length;
    this.position = { ...this.position, batch: this.position.batch + window.length };
    this.state.globalStep += 1;
    this.state.numInputTokensSeen += tokens;
    this.#setEpoch();
    await this.#report(finished);
    await this.fire("onStepEnd", own && { loss: own.loss });
  }

  /** Reading at once where it costs nothing, where somebody asks for it, and until the speed is measured: its clock starts at the end of a step. */
  get #isTimeToRead(): boolean {
    const { session, callbacks } = this.options.parts;
    return (
      session.device.synchronous === true ||
      this.#unread.isFull ||
      this.#stepsHere <= this.settings.speedMetricsStartStep ||
      callbacks.some((callback) => callback.needsStepLoss)
    );
  }

  /** Wait for the steps that are under way, and take in what they gave. Nothing that depends on the weights may be kept before. */
  async collect(): Promise<void> {
    await this.#report(await this.#read());
  }

  async #read(): Promise<readonly FinishedStep[]> {
    const finished = await this.#unread.read();
    for (const step of finished) {
      if (step.isSkipped === true && this.#window.skipped === 0) {
        this.options.warn(
          `warning: the gradients of step ${step.step} left the range of float16: its update was skipped, the loss scale is ${step.lossScale} now`,
        );
      }
      this.#window.add(step);
      this.options.onFinished(step);
    }
    return finished;
  }

  async #report(finished: readonly FinishedStep[]): Promise<void> {
    for (const { step, loss, norm, learningRate } of finished) {
      if (!Number.isFinite(loss) && this.settings.stopOnNan) {
        throw new UserError("train/loss-not-finite", `the loss of step ${step} is ${loss}`, {
          hint: `the rate was ${learningRate}; lower it, clip with max_grad_norm, or resume from a checkpoint`,
          kind: "failed",
        });
      }
      await this.fire("onStepRead", { step, loss, norm });
    }
  }

  /** Forget the steps that are under way: the run has failed. */
  abandon(): void {
    this.#unread.drop();
  }

  #setEpoch(): void {
    const { plan } = this.options;
    if (plan !== undefined) this.state.epoch = this.position.epoch + this.position.batch / plan.batchesPerEpoch;
  }

  /** Log the means since the last log. */
  async log(): Promise<void> {
    await this.collect();
    if (this.#window.isEmpty) return;
    const { loss, grad_norm, max_grad_norm, ...speed } = this.#window.take() as Record<string, number>;
    await this.emitLog({
      epoch: this.state.epoch,
      loss: loss!,
      grad_norm: grad_norm!,
      max_grad_norm: max_grad_norm!,
      learning_rate: this.options.parts.optimizer.groups[0]?.lr ?? 0,
      ...speed,
    });
  }

  async emitLog(logs: LogRecord): Promise<void> {
    this.state.logHistory.push({ ...logs, step: this.state.globalStep });
    await this.fire("onLog", { logs });
  }

  /** Evaluate, once per step. */
  async evaluate(): Promise<LogRecord> {
    const step = this.state.globalStep;
    if (this.#lastEvaluation?.step === step) return this.#lastEvaluation.metrics;
    await this.collect();
    const losses = await evaluateLoaders(this.options.evalLoaders, this.options.evals, this.settings, async () => {
      await this.fire("onPredictionStep");
      await nextTurn();
      return !this.options.stopRequested();
    });
    const metrics = { ...losses, epoch: this.state.epoch };
    // An evaluation that was cut short is no measure of anything.
    if (this.options.stopRequested()) return metrics;
    this.#lastEvaluation = { step, metrics };
    this.state.logHistory.push({ ...metrics, step });
    await this.fire("onEvaluate", { metrics });
    return metrics;
  }

  get isSaved(): boolean {
    return this.#lastSavedStep === this.state.globalStep;
  }

  /** Write a checkpoint of this step, update the best, remove old ones. Every step has been read before: none that must not be kept is. */
  async save(): Promise<string> {
    const { settings, state } = this;
    await this.collect();
    const path = checkpointFolder(settings.outputDir, state.globalStep);
    const mayEvaluate = this.options.evalLoaders.size > 0 && !this.options.stopRequested();
    if (settings.loadBestModelAtEnd && mayEvaluate) await this.evaluate();
    const metrics = this.#lastEvaluation?.step === state.globalStep ? this.#lastEvaluation.metrics : undefined;
    if (metrics !== undefined) this.#noteBest(metrics, path);
    const trainer = {
      global_step: state.globalStep,
      batches_seen: this.batchesSeen,
      micro_steps: this.#microSteps,
      num_input_tokens_seen: state.numInputTokensSeen,
      best_metric: state.bestMetric,
      best_model_checkpoint: state.bestModelCheckpoint === null ? null : basename(state.bestModelCheckpoint),
      log_window: this.#window.state,
    };
    await writeCheckpoint(
      path,
      this.options.parts,
      { trainer, data: this.position, seed: this.options.seed, metrics },
      settings,
    );
    this.#lastSavedStep = state.globalStep;
    // After the best is known, and after the new one is whole: nothing is removed before its successor exists.
    pruneCheckpoints(settings.outputDir, settings.saveTotalLimit, [path, state.bestModelCheckpoint]);
    await this.fire("onSave", { checkpoint: path });
    return path;
  }

  #noteBest(metrics: LogRecord, path: string): void {
    const { metricForBestModel, greaterIsBetter, loadBestModelAtEnd } = this.settings;
    // A metric that is not there matters only to those who asked for the best model.
    const known = metricForBestModel in metrics || `eval_${metricForBestModel}` in metrics;
    if (!known && !loadBestModelAtEnd) return;
    const value = metricValue(metrics, metricForBestModel);
    if (isBetter(value, this.state.bestMetric, greaterIsBetter ?? guessGreaterIsBetter(metricForBestModel))) {
      this.state.bestMetric = value;
      this.state.bestModelCheckpoint = path;
    }
  }
}

/** Let signals, timers and sockets have their turn: promises alone never give it up. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
