/**
 * @file A folder that appears whole or not at all: written under a temporary name, synced, renamed.
 *
 * What stands at the target stays untouched until the new folder is complete. If anything fails the temporary folder is removed.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeChunks } from "../../data/write-file.ts";
import { UserError } from "../../faults.ts";

/** Writes one file of the folder. */
export type WriteFile = (name: string, chunks: Iterable<Uint8Array | string>) => void;

/** The marker that says a folder is whole; written last. */
export const completeMarker = "COMPLETE";

/** Fill a new folder and put it at `target`, replacing what is there. */
export async function writeFolder(
  target: string,
  fill: (write: WriteFile) => Promise<void>,
  write: typeof writeChunks = writeChunks,
): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target)}.tmp-${process.pid}`);
  try {
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true });
    await fill((name, chunks) => write(join(temporary, name), chunks));
    write(join(temporary, completeMarker), [""]);
    replaceFolder(temporary, target);
  } catch (cause) {
    removeQuietly(temporary);
    throw describeFailure(target, cause);
  }
}

/** Clean up after a failure, which is what the caller must hear of. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // What made the write fail keeps the removal from working too; the next run tries again.
  }
}

function replaceFolder(temporary: string, target: string): void {
  if (!existsSync(target)) {
    renameSync(temporary, target);
    return;
  }
  const old = `${temporary}-old`;
  renameSync(target, old);
  renameSync(temporary, target);
  rmSync(old, { recursive: true, force: true });
}

function describeFailure(target: string, cause: unknown): unknown {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UserError("train/disk-full", `the disk is full: could not save ${target}`, {
      hint: "earlier checkpoints are intact; make room and resume with --resume",
      kind: "outside",
      cause,
    });
  }
  if (code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOTDIR" || code === "EEXIST") {
    return new UserError("train/cannot-write", `cannot write ${target}: ${(cause as Error).message}`, {
      kind: "outside",
      cause,
    });
  }
  return cause;
}
