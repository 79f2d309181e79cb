/**
 * @file Arguments that upstream's configs set and this trainer does not act on. A run that asks for one is told so, since a setting that silently does nothing
 * is a lie. What cannot change a result or is always so here (compilation, pinned memory, safetensors) is not worth a word and stands in no table.
 */
import { defaultSettings, type TrainingSettings } from "./arguments.ts";

/** Why nothing happens. */
const reasons: Partial<Readonly<Record<keyof TrainingSettings, string>>> = {
  activationMemoryBudget:
    "what to recompute is not planned by a budget; gradient_checkpointing recomputes whole layers",
  detectAnomaly: "values inside a step are not checked; stop_on_nan checks the loss",
  dataloaderNumWorkers: "batches are read in the training thread: the tokens are in memory already",
  sdpaBackend: "attention has one kernel; the model's attn_implementation: eager picks the plain formula",
  nMicrobatches: "there is no pipeline: one process trains the whole model",
  stagesPerRank: "there is no pipeline: one process trains the whole model",
  isMultistage: "there is no pipeline: one process trains the whole model",
  saveSafetensors: "weights are always written as safetensors",
  saveOnEachNode: "one process trains, on one node",
  debugModelParams: "no such listing is printed; info_callback with verbose: true prints the model",
  debugModelInit: "no such listing is printed",
};

/** A line for each setting that differs from its default and changes nothing. */
export function settingsWithoutEffect(settings: TrainingSettings): readonly string[] {
  return Object.entries(reasons).flatMap(([name, reason]) => {
    const value = settings[name as keyof TrainingSettings];
    if (value === defaultSettings[name as keyof TrainingSettings]) return [];
    return [`warning: ${name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)} has no effect: ${reason}`];
  });
}
