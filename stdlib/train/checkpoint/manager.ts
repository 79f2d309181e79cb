/**
 * @file Checkpoints of a run: where they lie, which are valid, which is the newest, which are removed.
 *
 *     OUTPUT_DIR/checkpoints/checkpoint-STEP/
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { completeMarker } from "./files.ts";
import { hasWeights } from "./weights.ts";

export interface CheckpointInfo {
  readonly path: string;
  readonly step: number;
  readonly modifiedMs: number;
}

export const checkpointFolder = (outputDir: string, step: number) =>
  join(outputDir, "checkpoints", `checkpoint-${step}`);

/**
 * Whether a folder can be loaded: it has weights and, if it is ours, was written to the end. Ours has a trainer state.
 */
export function isValidCheckpoint(path: string): boolean {
  const isOurs = existsSync(join(path, "trainer_state.json"));
  return hasWeights(path) && (!isOurs || existsSync(join(path, completeMarker)));
}

/** All valid checkpoints, newest first: by time, then by step. */
export function listCheckpoints(outputDir: string): CheckpointInfo[] {
  const folder = join(outputDir, "checkpoints");
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name): CheckpointInfo[] => {
    const step = /^checkpoint-(\d+)$/.exec(name)?.[1];
    const path = join(folder, name);
    if (step === undefined || !isValidCheckpoint(path)) return [];
    return [{ path, step: Number(step), modifiedMs: statSync(path).mtimeMs }];
  });
  return found.sort((a, b) => b.modifiedMs - a.modifiedMs || b.step - a.step);
}

/** The newest valid checkpoint; without a `checkpoints` folder the model folder itself, if it has weights. */
export function findNewestCheckpoint(outputDir: string): string | undefined {
  const newest = listCheckpoints(outputDir)[0];
  if (newest !== undefined) return newest.path;
  return !existsSync(join(outputDir, "checkpoints")) && hasWeights(outputDir) ? outputDir : undefined;
}

/**
 * Remove all but the `limit` newest. The best is never removed, and counts towards the limit; so does the one just written.
 */
export function pruneCheckpoints(outputDir: string, limit: number | null, keep: readonly (string | null)[]): void {
  removeLeftovers(outputDir);
  if (limit === null || limit < 1) return;
  const all = listCheckpoints(outputDir);
  const kept = new Set(all.filter((c) => keep.includes(c.path)).map((c) => c.path));
  for (const { path } of all) if (kept.size < limit) kept.add(path);
  for (const { path } of all) if (!kept.has(path)) rmSync(path, { recursive: true, force: true });
}

/** Temporary folders of processes that are gone. */
function removeLeftovers(outputDir: string): void {
  const folder = join(outputDir, "checkpoints");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const pid = /^\.checkpoint-\d+\.tmp-(\d+)/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
