/**
 * @file Many new files or none: what `fgc ws create`, `fgc project create` and their like write.
 *
 * All of it is written beside its place first and moved there last, so that a full disk or a folder without rights leaves nothing behind;
 * a file that is there already is never touched.
 */
import { dirname, join } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";

/** By path relative to the folder. */
export type NewFiles = ReadonlyMap<string, string>;

/** Writes `wanted` below `folder`; what it wrote, absolute and in order. */
export function writeNewFiles(host: CliHost, folder: string, wanted: NewFiles): readonly string[] {
  const { files } = host;
  const paths = [...wanted.keys()].map((name) => join(folder, name));
  const existing = paths.filter((path) => files.readText(path) !== undefined || files.isDirectory(path));
  if (existing.length > 0)
    throw new DiagnosticError(faults.exists({}, { paths: existing.map((path) => showPath(host, path)) }));
  const unique = Math.floor(host.random() * 2 ** 40).toString(36);
  const made = firstMissing(files, folder);
  const staging = join(made === undefined ? folder : dirname(made), `.fgc-${unique}.tmp`);
  const undo: string[] = [staging];
  try {
    for (const [name, text] of wanted) files.writeText(join(staging, name), text);
    if (made === folder) {
      undo.push(folder);
      // A folder that someone else makes meanwhile is theirs: then the move fails, and it stays.
      files.move(staging, folder);
      return paths;
    }
    for (const name of wanted.keys()) {
      const target = join(folder, name);
      const created = firstMissing(files, target) ?? target;
      files.move(join(staging, name), target);
      undo.push(created);
    }
    files.remove(staging);
    return paths;
  } catch (error) {
    for (const path of undo.reverse())
      if (path !== folder || made !== folder || !files.isDirectory(path)) files.remove(path);
    throw error;
  }
}

/** The uppermost of a path and the folders above it that does not exist yet. */
function firstMissing(files: CliHost["files"], path: string): string | undefined {
  if (files.isDirectory(path) || files.readText(path) !== undefined) return undefined;
  return firstMissing(files, dirname(path)) ?? path;
}
