/** @file The trainer: prepares a run (device, model, data, optimizer, schedule, resume), trains, evaluates, saves. */
import type { Session } from "fgc/runtime";
import { type BlockSource, type DataCollator, DataLoader } from "../data/index.ts";
import { describeDevice, narrowTypeNotice, openChosenSession } from "../device-choice.ts";
import { describeDeviceFault } from "../device-faults.ts";
import { UserError } from "../faults.ts";
import type { LossFunction } from "../loss/index.ts";
import { seedWeights } from "../nn/index.ts";
import { AdamW, type AnyOptimizer, getScheduler, type OptimizerFactory, type Schedule } from "../optim/index.ts";
import { hashName } from "../random.ts";
import type { Tokenizer } from "../tokenizers/index.ts";
import type { TrainingArguments, TrainingArgumentsOptions } from "./arguments.ts";
import type { CallbackContext, TrainerCallback } from "./callback.ts";
import { findNewestCheckpoint, listCheckpoints } from "./checkpoint/manager.ts";
import { writeModelFolder } from "./checkpoint/model-folder.ts";
import { type RunParts, restoreCheckpoint, savedSeed } from "./checkpoint/run-state.ts";
import { hasWeights, loadWeights } from "./checkpoint/weights.ts";
import type { DistributedEnvironment } from "./distributed-environment.ts";
import { trainLoop } from "./loop.ts";
import type { TrainableModel } from "./model.ts";
import { resolvePrecision } from "./precision.ts";
import { Run } from "./run.ts";
import { planSteps } from "./schedule-of-steps.ts";
import { SpeedMeter } from "./speed.ts";
import type { LogRecord, TrainerState } from "./state.ts";
import { EvalRunner, StepRunner } from "./step.ts";
import type { FinishedStep } from "./unread-steps.ts";
import { settingsWithoutEffect } from "./without-effect.ts";

/** A data set, or a loader that is used as it is. */
export type DataSource = BlockSource | DataLoader;

export interface TrainerOptions {
  args: TrainingArguments;
  /** Makes the model. */
  modelInit: () => TrainableModel;
  /** Blocks → batch; needed where a data set is not a loader already. */
  dataCollator?: DataCollator | null | undefined;
  trainDataset?: DataSource | null | undefined;
  /** One set, or several by name. */
  evalDataset?: DataSource | Readonly<Record<string, DataSource>> | null | undefined;
  /** The tokenizer. */
  processingClass?: Tokenizer | null | undefined;
  callbacks?: readonly (TrainerCallback | null | undefined)[] | null | undefined;
  /** Default: the model's own loss. */
  computeLossFunc?: LossFunction | null | undefined;
  /** Default: AdamW from the arguments. */
  optimizerFactory?: OptimizerFactory | null | undefined;
  /** Default: the schedule that the arguments name. */
  lrSchedulerFactory?: ((optimizer: AnyOptimizer) => Schedule) | null | undefined;
  distributedEnv?: DistributedEnvironment | null | undefined;
  /** A session to use; default: one is opened for the arguments' device, and closed at the end. */
  session?: Session | undefined;
  /** Where warnings go. Default stderr. */
  warn?: (line: string) => void;
}

export interface TrainResult {
  readonly state: TrainerState;
  /** End metrics, see `speedMetrics`. */
  readonly metrics: LogRecord;
  /** `requested`: stopped by `stop`, and saved; `aborted`: a callback ended the run without a save. */
  readonly reason: "done" | "requested" | "aborted";
  /** The last checkpoint of the run. */
  readonly checkpoint: string | undefined;
}

/** Trains a model: batches, steps, logs, evaluations, checkpoints and resuming, with the arguments and callbacks of Hugging Face's trainer. */
export class Trainer {
  args: TrainingArguments;
  #options: TrainerOptions;
  #run: Run | undefined;
  #session: Session | undefined;
  #stopRequested = false;
  #onFinished: (step: FinishedStep) => void = () => {};

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.args = options.args;
  }

  /** Change arguments before the run is prepared (the command line does). */
  override(changes: TrainingArgumentsOptions): void {
    if (this.#run !== undefined) throw new Error("override: the run is prepared already");
    this.args = this.args.with(changes);
  }

  /**
   * What a host adds to the config's own: a session that it has opened, callbacks that hear the run after the config's, where warnings go. Before
   * the run is prepared.
   */
  attach({ callbacks = [], ...others }: Pick<TrainerOptions, "session" | "callbacks" | "warn">): void {
    if (this.#run !== undefined) throw new Error("attach: the run is prepared already");
    const all = [...(this.#options.callbacks ?? []), ...(callbacks ?? [])];
    this.#options = { ...this.#options, ...others, callbacks: all };
  }

  /** Ask for the end: the step in progress is finished, a checkpoint is saved. May be called from a signal handler. */
  stop(): void {
    this.#stopRequested = true;
  }

  /** Opens the device, which may take a moment, and says what it is: `webgpu, NVIDIA H100 PCIe, float16`. */
  async open(): Promise<string> {
    const { device } = await this.#onDevice(() => this.#openSession());
    const { name, compute } = resolvePrecision(this.args.settings);
    const notice = narrowTypeNotice(device, compute);
    if (notice !== undefined) this.#warn(`note: ${notice}`);
    return `${describeDevice(device)}, ${name}`;
  }

  train(): Promise<TrainResult> {
    return this.#onDevice(() => this.#train());
  }

  async #train(): Promise<TrainResult> {
    const run = await this.#prepare();
    const { settings } = run;
    if (run.options.trainLoader === undefined) {
      throw new UserError("train/no-dataset", "there is no training set", {
        hint: "give train_dataset, or set do_train: false",
      });
    }
    const speed = new SpeedMeter(settings.speedMetricsStartStep);
    this.#onFinished = ({ samples }) => speed.add(samples);
    const reason = await trainLoop(run);
    let checkpoint: string | undefined;
    const saves = reason === "requested" || (reason === "done" && settings.saveStrategy !== "no");
    if (saves && !run.isSaved && run.state.globalStep > 0) checkpoint = await run.save();
    if (reason === "done" && settings.loadBestModelAtEnd && run.state.bestModelCheckpoint !== null) {
      loadWeights(run.options.parts.model, run.state.bestModelCheckpoint, run.options.parts.session);
    }
    if (reason === "done" && settings.loggingStrategy !== "no") await run.log(); // steps since the last log point would otherwise never show
    const ranks = this.#options.distributedEnv?.worldSize ?? 1;
    const metrics = {
      ...speed.metrics(run.state),
      effective_batch_size: settings.perDeviceTrainBatchSize * settings.gradientAccumulationSteps * ranks,
    };
    await run.emitLog(metrics);
    await run.fire("onTrainEnd");
    return {
      state: run.state,
      metrics,
      reason,
      checkpoint: checkpoint ?? listCheckpoints(settings.outputDir)[0]?.path,
    };
  }

  evaluate(): Promise<LogRecord> {
    return this.#onDevice(() => this.#evaluate());
  }

  async #evaluate(): Promise<LogRecord> {
    const run = await this.#prepare();
    if (run.options.evalLoaders.size === 0) {
      throw new UserError("train/no-dataset", "there is no evaluation set", {
        hint: "give eval_dataset, or set do_eval: false",
      });
    }
    return run.evaluate();
  }

  /** Write config, tokenizer and weights into the model folder. Weights that are there are replaced only if the arguments allow it. */
  saveModel(folder = this.args.settings.outputDir): Promise<void> {
    return this.#onDevice(() => this.#saveModel(folder));
  }

  async #saveModel(folder: string): Promise<void> {
    const { model, session } = (await this.#prepare()).options.parts;
    const { overwriteOutputDir: mayOverwrite } = this.args.settings;
    await writeModelFolder(folder, { model, session, tokenizer: this.#options.processingClass, mayOverwrite });
  }

  /** Close what the trainer opened. */
  async close(): Promise<void> {
    if (this.#options.session === undefined) await this.#session?.close();
    this.#session = undefined;
    this.#run = undefined;
  }

  async #prepare(): Promise<Run> {
    this.#run ??= await this.#makeRun();
    return this.#run;
  }

  async #makeRun(): Promise<Run> {
    const { settings } = this.args;
    const { computeLossFunc } = this.#options;
    const warn = (line: string): void => this.#warn(line);
    for (const line of settingsWithoutEffect(settings)) warn(line);
    const checkpoints = this.#checkpointsToTry(warn);
    const seed = this.#seed(checkpoints[0]);
    const session = await this.#openSession();
    const trainLoader = this.#loader(this.#options.trainDataset, "train", seed);
    const evalLoaders = this.#evalLoaders(seed);
    const plan = trainLoader === undefined ? undefined : planSteps(trainLoader.length, settings);

    const model = this.#options.modelInit();
    seedWeights(model, seed);
    if (settings.gradientCheckpointing && !enableGradientCheckpointing(model)) {
      warn("warning: gradient_checkpointing has no effect: the model has no layer stack that can recompute");
    }
    const optimizer = this.#makeOptimizer(model);
    const lrScheduler = this.#makeScheduler(optimizer, plan?.totalSteps ?? 0);
    const callbacks = (this.#options.callbacks ?? []).filter((c) => c !== null && c !== undefined);

    const lossFunction = computeLossFunc ?? undefined;
    const precision = resolvePrecision(settings);
    const stepOptions = { session, model, optimizer, lossFunction, maxGradNorm: settings.maxGradNorm, seed, precision };
    const steps = new StepRunner(stepOptions);
    const parts: RunParts = { session, model, optimizer, lrScheduler, callbacks, lossScaler: steps.scaler };
    const context: CallbackContext = {
      model,
      session,
      processingClass: this.#options.processingClass ?? undefined,
      optimizer,
      lrScheduler,
      trainDataloader: trainLoader,
      evalDataloader: evalLoaders.values().next().value,
    };
    const run = new Run({
      args: this.args,
      parts,
      seed,
      trainLoader,
      evalLoaders,
      plan,
      steps,
      evals: new EvalRunner(stepOptions),
      state: this.#newState(plan),
      context,
      stopRequested: () => this.#stopRequested,
      warn,
      onFinished: (step) => this.#onFinished(step),
    });
    this.#resume(run, checkpoints, warn);
    await run.fire("onInitEnd");
    return run;
  }

  /** Checkpoints to resume from, the preferred one first. */
  #checkpointsToTry(warn: (line: string) => void): string[] {
    const { resumeFromCheckpoint, outputDir, constructModelOn } = this.args.settings;
    if (resumeFromCheckpoint === false) return [];
    if (typeof resumeFromCheckpoint === "string") {
      if (hasWeights(resumeFromCheckpoint)) return [resumeFromCheckpoint];
      throw new UserError("train/no-checkpoint", `${resumeFromCheckpoint} is not a checkpoint: it has no weights`, {
        kind: "outside",
      });
    }
    const newest = findNewestCheckpoint(outputDir);
    if (newest === undefined && constructModelOn === "meta") {
      throw new UserError(
        "train/no-checkpoint",
        `no checkpoint in ${outputDir}, and construct_model_on: meta needs one`,
        { kind: "outside" },
      );
    }
    if (newest === undefined) warn(`no checkpoint in ${outputDir}: starting from the beginning`);
    const others = listCheckpoints(outputDir).map((c) => c.path);
    return newest === undefined ? [] : [...new Set([newest, ...others])];
  }

  /** Restore the first checkpoint that is whole. A damaged one that the user named is an error; otherwise an older one is taken. */
  #resume(run: Run, checkpoints: readonly string[], warn: (line: string) => void): void {
    for (const [i, checkpoint] of checkpoints.entries()) {
      try {
        run.restore(restoreCheckpoint(checkpoint, run.options.parts, this.args.settings, warn), checkpoint);
        warn(`resumed from ${checkpoint} at step ${run.state.globalStep}`);
        return;
      } catch (error) {
        const isDamage = error instanceof UserError && error.code === "train/damaged-checkpoint";
        if (!isDamage || i + 1 === checkpoints.length) throw error;
        warn(`warning: ${error.message}; trying ${checkpoints[i + 1]}`);
      }
    }
  }

  #seed(checkpoint: string | undefined): number {
    const { seed, restoreRngState } = this.args.settings;
    const saved = checkpoint === undefined || !restoreRngState ? undefined : savedSeed(checkpoint);
    return saved ?? (seed >= 0 ? seed : Math.floor(Math.random() * 2 ** 31));
  }

  async #openSession(): Promise<Session> {
    const { device, useCpu, adapter, threads } = this.args.settings;
    const wanted = useCpu && device === "auto" ? "wasm" : (this.#options.distributedEnv?.device ?? device);
    this.#session ??=
      this.#options.session ??
      (await openChosenSession({
        device: wanted,
        adapter,
        threads,
        onNotice: (notice) => this.#warn(`note: ${notice}`),
      }));
    return this.#session;
  }

  #warn(line: string): void {
    const { warn = (text: string) => process.stderr.write(`${text}\n`) } = this.#options;
    warn(line);
  }

  /** Runs a phase; a device's fault is told in the user's terms, with the checkpoint to go on from. */
  async #onDevice<T>(phase: () => Promise<T>): Promise<T> {
    try {
      return await phase();
    } catch (error) {
      this.#run?.abandon();
      throw describeDeviceFault(error, listCheckpoints(this.args.settings.outputDir)[0]?.path);
    }
  }

  #loader(source: DataSource | null | undefined, use: "train" | "eval", seed: number): DataLoader | undefined {
    if (source === null || source === undefined) return undefined;
    if (source instanceof DataLoader) return source;
    const { perDeviceTrainBatchSize, perDeviceEvalBatchSize, dataloaderDropLast } = this.args.settings;
    if (source.length === 0)
      throw new UserError("train/empty-dataset", `the ${use} set is empty`, {
        hint: "check the dataset and its select_range",
      });
    const collator = this.#options.dataCollator;
    if (!collator) throw new UserError("train/no-collator", "there is no data_collator to make batches with");
    return use === "train"
      ? new DataLoader(source, {
          batchSize: perDeviceTrainBatchSize,
          collator,
          shuffle: true,
          seed: hashName("data") ^ seed,
          dropLast: dataloaderDropLast,
        })
      : new DataLoader(source, { batchSize: perDeviceEvalBatchSize, collator });
  }

  #evalLoaders(seed: number): Map<string, DataLoader> {
    const { evalDataset } = this.#options;
    if (evalDataset === null || evalDataset === undefined) return new Map();
    const named = isSource(evalDataset) ? { "": evalDataset } : evalDataset;
    return new Map(Object.entries(named).map(([name, source]) => [name, this.#loader(source, "eval", seed)!]));
  }

  #makeOptimizer(model: TrainableModel): AnyOptimizer {
    const { learningRate: lr, adamBeta1, adamBeta2, adamEpsilon: eps, weightDecay } = this.args.settings;
    const named = model.namedParameters();
    return (
      this.#options.optimizerFactory?.(named) ??
      new AdamW(named, { lr, betas: [adamBeta1, adamBeta2], eps, weightDecay })
    );
  }

  #makeScheduler(optimizer: AnyOptimizer, totalSteps: number): Schedule {
    const { lrSchedulerType, lrSchedulerKwargs: kwargs, warmupSteps: numWarmupSteps } = this.args.settings;
    const factory = this.#options.lrSchedulerFactory;
    const schedule =
      factory?.(optimizer) ??
      getScheduler(lrSchedulerType, optimizer, { numWarmupSteps, numTrainingSteps: totalSteps, kwargs });
    schedule.setRunLength(totalSteps);
    return schedule;
  }

  #newState(plan: ReturnType<typeof planSteps> | undefined): TrainerState {
    const { settings } = this.args;
    const { rank = 0, localRank = 0, worldSize = 1 } = this.#options.distributedEnv ?? {};
    return {
      globalStep: 0,
      epoch: 0,
      maxSteps: plan?.totalSteps ?? 0,
      numTrainEpochs: settings.numTrainEpochs,
      loggingSteps: settings.loggingSteps,
      evalSteps: settings.evalSteps,
      saveSteps: settings.saveSteps,
      trainBatchSize: settings.perDeviceTrainBatchSize,
      epochTrainSteps: plan?.batchesPerEpoch ?? 0,
      maxEvalSteps: settings.maxEvalSteps,
      numProcesses: worldSize,
      isLocalProcessZero: localRank === 0,
      isWorldProcessZero: rank === 0,
      logHistory: [],
      bestMetric: null,
      bestModelCheckpoint: null,
      numInputTokensSeen: 0,
      totalFlos: 0,
    };
  }
}

/** Let the layer stacks of a model recompute; false where there is none. */
function enableGradientCheckpointing(model: TrainableModel): boolean {
  const { enableGradientCheckpointing: enable } = model as { enableGradientCheckpointing?: () => boolean };
  return enable?.call(model) ?? false;
}

const isSource = (source: DataSource | Readonly<Record<string, DataSource>>): source is DataSource =>
  source instanceof DataLoader || (typeof source["length"] === "number" && "row" in source);
