/** @file All projects below a folder: where `ls -r` and `check --all` look. */
import { join } from "node:path";
import type { FileTree } from "../config/files.ts";
import { maximumDepth, metaFileName } from "../config/project.ts";

/** What builds write, what packages bring, and what workspaces share: no project of the user's lies there. */
const skipped = new Set(["node_modules", "output_models", "forgather_workspace", "fgc_workspace", "tmp"]);

/** Folders with a meta file, sorted; `folder` itself may be one. */
export function projectsBelow(files: FileTree, folder: string, depth = 0): readonly string[] {
  if (depth > maximumDepth) return [];
  const entries = files.list(folder);
  const here = entries.some(({ name, isDirectory }) => name === metaFileName && !isDirectory) ? [folder] : [];
  const below = entries
    .filter(({ name, isDirectory }) => isDirectory && !name.startsWith(".") && !skipped.has(name))
    .flatMap(({ name }) => projectsBelow(files, join(folder, name), depth + 1));
  return [...here, ...below];
}
