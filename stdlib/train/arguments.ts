/**
 * @file TrainingArguments: every setting of a run, with upstream's names and defaults.
 *
 * `settings` is the one table that knows a setting's type, default and meaning: defaults, command-line flags and help come from it.
 */
import { hostname } from "node:os";
import { isAbsolute, join, relative } from "node:path";
import { type DeviceChoice, resolveDevice } from "../device-choice.ts";
import { nearestName, UserError } from "../faults.ts";
import { type DTypeName, resolvePrecision } from "./precision.ts";

export type Strategy = "no" | "steps" | "epoch";
export type SchedulerName =
  | "linear"
  | "cosine"
  | "cosine_with_restarts"
  | "cosine_with_min_lr"
  | "polynomial"
  | "constant"
  | "constant_with_warmup"
  | "inverse_sqrt"
  | "warmup_stable_decay";

/** All settings of a run, complete. */
export interface TrainingSettings {
  /** Model folder. */
  outputDir: string;
  /** Run folder; default OUTPUT_DIR/runs/TIME_HOST. */
  loggingDir: string | null;
  /** Let `saveModel` replace weights. */
  overwriteOutputDir: boolean;
  /** Sequences per rank and micro step. */
  perDeviceTrainBatchSize: number;
  /** The same for evaluation. */
  perDeviceEvalBatchSize: number;
  numTrainEpochs: number;
  /** 0 and above caps the optimizer steps. */
  maxSteps: number;
  /** Batches per epoch when the data cannot say. */
  epochTrainSteps: number;
  gradientAccumulationSteps: number;
  /** 0 or null: the norm is only measured. */
  maxGradNorm: number | null;
  learningRate: number;
  weightDecay: number;
  adamBeta1: number;
  adamBeta2: number;
  adamEpsilon: number;
  lrSchedulerType: SchedulerName;
  lrSchedulerKwargs: Readonly<Record<string, unknown>>;
  warmupSteps: number;
  /** −1: a new one for each run. */
  seed: number;
  /** auto: the fastest that opens here. */
  device: DeviceChoice;
  /** Which of a device's adapters: a part of its name, or `software`; null: the best one. */
  adapter: string | null;
  useCpu: boolean;
  /** Worker threads of the device; null: all cores. */
  threads: number | null;
  /** What products and attention multiply in; weights stay float32. null: what the three below say. */
  dtype: DTypeName | null;
  /** Hugging Face's names for dtype: float16 and bfloat16. */
  fp16: boolean;
  bf16: boolean;
  /** Forgather's name for it. There it is the type of the weights too; here these are float32 in any case. */
  defaultDtype: DTypeName | null;
  float32MatmulPrecision: "highest" | "high" | "medium" | null;
  constructModelOn: "default" | "device" | "meta";
  /** Recompute each layer's activations in the backward pass. */
  gradientCheckpointing: boolean;
  activationMemoryBudget: number | null;
  enableActivationOffloading: boolean;
  /** Update as soon as a gradient is complete: what the memory plan does anyway when nothing needs all gradients at once. */
  fuseOptimWithBackward: boolean;
  gcThreshold: number;
  detectAnomaly: boolean;
  torchCompile: boolean;
  torchCompileBackend: string;
  torchCompileMode: string | null;
  torchCompileDynamic: boolean;
  torchCompileFullGraph: boolean;
  dynamoRecompileLimit: number | null;
  sdpaBackend: string | null;
  sdpaSetPriority: boolean;
  dataloaderNumWorkers: number;
  dataloaderPrefetchFactor: number | null;
  dataloaderPinMemory: boolean;
  dataloaderPersistentWorkers: boolean;
  /** Leave out the last batch of an epoch if it is not full. */
  dataloaderDropLast: boolean;
  loggingStrategy: Strategy;
  loggingSteps: number;
  loggingFirstStep: boolean;
  evalStrategy: Strategy;
  evalSteps: number;
  /** No evaluation before this step. */
  evalDelay: number;
  /** Above 0: at most this many batches. */
  maxEvalSteps: number;
  saveStrategy: Strategy;
  saveSteps: number;
  /** Checkpoints to keep; null keeps all. */
  saveTotalLimit: number | null;
  saveSafetensors: boolean;
  saveOnEachNode: boolean;
  saveOptimizerState: boolean;
  saveSchedulerState: boolean;
  saveDatasetState: boolean;
  saveRngState: boolean;
  restoreOptimizerState: boolean;
  restoreSchedulerState: boolean;
  restoreDatasetState: boolean;
  restoreRngState: boolean;
  /** true: the newest checkpoint; or a path. */
  resumeFromCheckpoint: boolean | string;
  loadBestModelAtEnd: boolean;
  metricForBestModel: string;
  greaterIsBetter: boolean | null;
  speedMetricsStartStep: number;
  nMicrobatches: number;
  stagesPerRank: number;
  ppStageType: "loop" | "v";
  isMultistage: boolean;
  debugPipeline: boolean;
  debugSplitModel: boolean;
  debugModelParams: boolean;
  debugModelInit: boolean;
  /** `token` weighs evaluation batches by their counted tokens. */
  evalReduction: "batch" | "token";
  /** A part of a checkpoint that is missing is an error. */
  strictResume: boolean;
  /** End the run, without a save, when the loss is not a number. */
  stopOnNan: boolean;
}

/** What a config gives: any of the settings. */
export type TrainingArgumentsOptions = { [K in keyof TrainingSettings]?: TrainingSettings[K] | undefined };

export const defaultSettings: Readonly<TrainingSettings> = {
  outputDir: "tmp_trainer",
  loggingDir: null,
  overwriteOutputDir: false,
  perDeviceTrainBatchSize: 16,
  perDeviceEvalBatchSize: 16,
  numTrainEpochs: 1,
  maxSteps: -1,
  epochTrainSteps: 100_000,
  gradientAccumulationSteps: 1,
  maxGradNorm: null,
  learningRate: 5e-5,
  weightDecay: 0,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  lrSchedulerType: "linear",
  lrSchedulerKwargs: {},
  warmupSteps: 0,
  seed: -1,
  device: "auto",
  adapter: null,
  useCpu: false,
  threads: null,
  dtype: null,
  fp16: false,
  bf16: false,
  defaultDtype: null,
  float32MatmulPrecision: null,
  constructModelOn: "default",
  gradientCheckpointing: false,
  activationMemoryBudget: null,
  enableActivationOffloading: false,
  fuseOptimWithBackward: false,
  gcThreshold: 0.5,
  detectAnomaly: false,
  torchCompile: false,
  torchCompileBackend: "inductor",
  torchCompileMode: "default",
  torchCompileDynamic: true,
  torchCompileFullGraph: false,
  dynamoRecompileLimit: null,
  sdpaBackend: null,
  sdpaSetPriority: false,
  dataloaderNumWorkers: 0,
  dataloaderPrefetchFactor: null,
  dataloaderPinMemory: true,
  dataloaderPersistentWorkers: false,
  dataloaderDropLast: false,
  loggingStrategy: "steps",
  loggingSteps: 50,
  loggingFirstStep: false,
  evalStrategy: "no",
  evalSteps: 100,
  evalDelay: 0,
  maxEvalSteps: -1,
  saveStrategy: "steps",
  saveSteps: 1000,
  saveTotalLimit: 2,
  saveSafetensors: true,
  saveOnEachNode: false,
  saveOptimizerState: true,
  saveSchedulerState: true,
  saveDatasetState: true,
  saveRngState: true,
  restoreOptimizerState: true,
  restoreSchedulerState: true,
  restoreDatasetState: true,
  restoreRngState: true,
  resumeFromCheckpoint: false,
  loadBestModelAtEnd: false,
  metricForBestModel: "loss",
  greaterIsBetter: null,
  speedMetricsStartStep: 1,
  nMicrobatches: 4,
  stagesPerRank: 1,
  ppStageType: "loop",
  isMultistage: false,
  debugPipeline: false,
  debugSplitModel: false,
  debugModelParams: false,
  debugModelInit: false,
  evalReduction: "batch",
  strictResume: false,
  stopOnNan: false,
};

/** The settings of one run. Immutable: `with` gives changed ones. */
export class TrainingArguments {
  readonly settings: Readonly<TrainingSettings>;
  /** Run folder. */
  readonly loggingDir: string;
  readonly #originalOutputDir: string;

  constructor(options: TrainingArgumentsOptions = {}, originalOutputDir?: string) {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    for (const [name] of given) {
      if (Object.hasOwn(defaultSettings, name)) continue;
      const nearest = nearestName(name, Object.keys(defaultSettings));
      throw new UserError("train/unknown-argument", `TrainingArguments has no argument "${name}"`, {
        hint: nearest === undefined ? undefined : `did you mean "${nearest}"?`,
      });
    }
    this.settings = { ...defaultSettings, ...(Object.fromEntries(given) as Partial<TrainingSettings>) };
    checkCombinations(this.settings);
    this.loggingDir =
      this.settings.loggingDir ?? join(this.settings.outputDir, "runs", `${fileTime(new Date())}_${hostname()}`);
    this.#originalOutputDir = originalOutputDir ?? this.settings.outputDir;
  }

  /** These settings with some replaced. A new output folder takes the run folder along. */
  with(changes: TrainingArgumentsOptions): TrainingArguments {
    const moved = changes.outputDir !== undefined && changes.loggingDir === undefined;
    const original = this.#originalOutputDir;
    const loggingDir = moved ? rebase(this.loggingDir, this.settings.outputDir, changes.outputDir!) : this.loggingDir;
    return new TrainingArguments({ ...this.settings, loggingDir, ...changes }, original);
  }

  /** Where a path below the config's output folder lies now. */
  relocate(path: string): string {
    return rebase(path, this.#originalOutputDir, this.settings.outputDir);
  }
}

function rebase(path: string, from: string, to: string): string {
  const inside = relative(from, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : join(to, inside);
}

/** `2026-11-23T20-01-07-250`: sorts by time, and is a file name everywhere; to the millisecond, so that two runs never share a folder. */
function fileTime(time: Date): string {
  return time.toISOString().slice(0, 23).replaceAll(/[:.]/g, "-");
}

function checkCombinations(s: TrainingSettings): void {
  resolvePrecision(s);
  resolveDevice(s.device);
  const refuse = (message: string, hint: string): never => {
    throw new UserError("train/refused-arguments", message, { hint });
  };
  const positive = [
    "perDeviceTrainBatchSize",
    "perDeviceEvalBatchSize",
    "gradientAccumulationSteps",
    "loggingSteps",
    "evalSteps",
    "saveSteps",
  ] as const;
  for (const name of positive) {
    if (!(Number.isInteger(s[name]) && s[name] >= 1)) refuse(`${name} is ${s[name]}`, "use a whole number from 1 on");
  }
  if (s.fuseOptimWithBackward && s.maxGradNorm) {
    refuse(
      "fuse_optim_with_backward cannot clip: the norm is known only after all gradients",
      "leave out max_grad_norm",
    );
  }
  if (s.fuseOptimWithBackward && s.gradientAccumulationSteps > 1) {
    refuse("fuse_optim_with_backward cannot accumulate gradients", "set gradient_accumulation_steps: 1");
  }
  if (s.loadBestModelAtEnd) {
    if (s.evalStrategy === "no" || s.evalStrategy !== s.saveStrategy) {
      refuse(
        `load_best_model_at_end with save_strategy ${s.saveStrategy} and eval_strategy ${s.evalStrategy}`,
        "set both to the same, not to no",
      );
    }
    if (s.evalStrategy === "steps" && s.saveSteps % s.evalSteps !== 0) {
      refuse(
        `save_steps ${s.saveSteps} is not a multiple of eval_steps ${s.evalSteps}`,
        "every saved step needs an evaluation",
      );
    }
  }
  if (s.constructModelOn === "meta" && s.resumeFromCheckpoint === false) {
    refuse("construct_model_on: meta builds shapes only", "give resume_from_checkpoint, where the weights come from");
  }
}
