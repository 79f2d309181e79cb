/** @file The state of a run in a checkpoint: everything that a resumed run needs to go on bit for bit. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { encodeSafetensors, type HostTensor, type Session } from "fgc/runtime";
import type { DataPosition } from "../../data/index.ts";
import { UserError } from "../../faults.ts";
import type { AnyOptimizer, OptimizerState, Schedule } from "../../optim/index.ts";
import type { TrainingSettings } from "../arguments.ts";
import type { TrainerCallback } from "../callback.ts";
import type { LossScaler, LossScalerState } from "../loss-scaler.ts";
import type { TrainableModel } from "../model.ts";
import type { LogRecord, TrainerState } from "../state.ts";
import { type WriteFile, writeFolder } from "./files.ts";
import { loadWeights, readJsonFile, readTensorFile, writeWeights } from "./weights.ts";

/** The parts of a run that a checkpoint holds. */
export interface RunParts {
  readonly session: Session;
  readonly model: TrainableModel;
  readonly optimizer: AnyOptimizer;
  readonly lrScheduler: Schedule;
  readonly callbacks: readonly TrainerCallback[];
  /** float16: what scales the loss. */
  readonly lossScaler: LossScaler | undefined;
}

/** What `trainer_state.json` keeps. */
export interface SavedTrainerState {
  readonly global_step: number;
  readonly batches_seen: number;
  readonly micro_steps: number;
  readonly num_input_tokens_seen: number;
  readonly best_metric: number | null;
  /** Name of the best checkpoint's folder, so that a run may be moved. */
  readonly best_model_checkpoint: string | null;
  readonly callbacks: Readonly<Record<string, unknown>>;
  /** Sums since the last log. */
  readonly log_window: unknown;
}

/** Everything restored from a checkpoint; absent where its flag is off or its file is missing. */
export interface RestoredState {
  readonly trainer?: SavedTrainerState;
  readonly data?: DataPosition;
}

/** Write a checkpoint folder. */
export async function writeCheckpoint(
  path: string,
  parts: RunParts,
  saved: {
    trainer: Omit<SavedTrainerState, "callbacks">;
    data: DataPosition;
    seed: number;
    metrics?: LogRecord | undefined;
  },
  settings: TrainingSettings,
  write?: Parameters<typeof writeFolder>[2],
): Promise<void> {
  const { session, model, optimizer, lrScheduler, lossScaler } = parts;
  const fill = async (writeFile: WriteFile): Promise<void> => {
    const json = (name: string, value: unknown) => writeFile(name, [`${JSON.stringify(value, null, 2)}\n`]);
    await writeWeights(model, session, writeFile);
    if (settings.saveOptimizerState) {
      const tensors = new Map<string, HostTensor>();
      for (const [name, tensor] of optimizer.stateTensors()) tensors.set(name, await session.read(tensor));
      writeFile("optimizer_state.safetensors", encodeSafetensors(tensors));
      json("optimizer_state.json", optimizer.stateDict());
      if (lossScaler !== undefined) json("loss_scaler_state.json", await lossScaler.stateDict(session));
    }
    if (settings.saveSchedulerState) json("scheduler_state.json", lrScheduler.stateDict());
    if (settings.saveDatasetState) json("dataset_state.json", saved.data);
    if (settings.saveRngState) json("rng_state.json", { seed: saved.seed, micro_steps: saved.trainer.micro_steps });
    if (saved.metrics !== undefined) json("eval_metrics.json", saved.metrics);
    json("trainer_state.json", { ...saved.trainer, callbacks: callbackStates(parts.callbacks) });
  };
  await writeFolder(path, fill, write);
}

/** Restore a run from a checkpoint, each part by its flag. Weights always. */
export function restoreCheckpoint(
  path: string,
  parts: RunParts,
  settings: TrainingSettings,
  warn: (line: string) => void,
): RestoredState {
  const { session, model, optimizer, lrScheduler, callbacks, lossScaler } = parts;
  /** The file of a part, or nothing where the part is not wanted or not there. */
  const part = (name: string, wanted: boolean): string | undefined => {
    const file = join(path, name);
    if (!wanted) return undefined;
    if (existsSync(file)) return file;
    if (settings.strictResume) {
      throw new UserError("train/incomplete-checkpoint", `${path} has no ${name}`, {
        hint: "leave out strict_resume to go on without it",
      });
    }
    warn(`warning: ${path} has no ${name}: that part starts afresh`);
    return undefined;
  };
  loadWeights(model, path, session);

  const moments = part("optimizer_state.safetensors", settings.restoreOptimizerState);
  const optimizerJson = part("optimizer_state.json", settings.restoreOptimizerState);
  if (moments !== undefined && optimizerJson !== undefined) {
    restoreMoments(optimizer, readTensorFile(moments), session, moments);
    optimizer.loadStateDict(readJsonFile(optimizerJson) as OptimizerState);
  }
  if (lossScaler !== undefined) {
    const file = part("loss_scaler_state.json", settings.restoreOptimizerState);
    if (file !== undefined) lossScaler.loadStateDict(readJsonFile(file) as LossScalerState, session);
  }
  const schedule = part("scheduler_state.json", settings.restoreSchedulerState);
  if (schedule !== undefined) lrScheduler.loadStateDict(readJsonFile(schedule) as ReturnType<Schedule["stateDict"]>);

  const trainerFile = part("trainer_state.json", settings.restoreDatasetState);
  const dataFile = part("dataset_state.json", settings.restoreDatasetState);
  part("rng_state.json", settings.restoreRngState); // read by `savedSeed` before anything was drawn
  const trainer = trainerFile === undefined ? undefined : (readJsonFile(trainerFile) as SavedTrainerState);
  for (const [name, callback] of namedCallbacks(callbacks)) {
    const state = trainer?.callbacks[name];
    if (state !== undefined) callback.loadStateDict?.(state);
  }
  return {
    ...(trainer === undefined ? {} : { trainer }),
    ...(dataFile === undefined ? {} : { data: readJsonFile(dataFile) as DataPosition }),
  };
}

function restoreMoments(
  optimizer: AnyOptimizer,
  values: ReadonlyMap<string, HostTensor>,
  session: Session,
  file: string,
): void {
  for (const [name, tensor] of optimizer.stateTensors()) {
    const value = values.get(name);
    if (value === undefined || value.data.length !== tensor.size) {
      throw new UserError("train/incomplete-checkpoint", `${file} has no "${name}" of ${tensor.size} values`, {
        hint: "resume with the optimizer that the run was started with, or with --restore-optimizer-state=false",
      });
    }
    session.write(tensor, value.data);
  }
}

function callbackStates(callbacks: readonly TrainerCallback[]): Record<string, unknown> {
  return Object.fromEntries(
    namedCallbacks(callbacks).flatMap(([name, c]) => (c.stateDict === undefined ? [] : [[name, c.stateDict()]])),
  );
}

/** Callbacks by class name; a second one of a class gets a number. */
function namedCallbacks(callbacks: readonly TrainerCallback[]): [string, TrainerCallback][] {
  const seen = new Map<string, number>();
  return callbacks.map((callback) => {
    const name = callback.constructor.name;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return [count === 1 ? name : `${name}#${count}`, callback];
  });
}

/** The seed of the run that wrote a checkpoint: data order and dropout masks follow from it. */
export function savedSeed(path: string): number | undefined {
  const file = join(path, "rng_state.json");
  return existsSync(file) ? (readJsonFile(file) as { seed: number }).seed : undefined;
}

/** Rebuild the state's path of the best checkpoint, which is stored by name. */
export function restoredBestPath(saved: SavedTrainerState, checkpoint: string): TrainerState["bestModelCheckpoint"] {
  return saved.best_model_checkpoint === null ? null : join(checkpoint, "..", saved.best_model_checkpoint);
}
