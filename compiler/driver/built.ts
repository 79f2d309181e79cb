/**
 * @file What builds wrote below a folder, told by their manifests: for `fgc clean`.
 *
 * Only files whose content is what the manifest says are a build's own; what a person has edited is theirs. Runs and checkpoints are
 * nobody's but the user's.
 */
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashOf } from "./file-hashes.ts";
import { type Manifest, manifestName, readManifest } from "./manifest.ts";
import { webManifestName } from "./web-page.ts";

/** What a training run leaves. */
export const runFolders = ["runs", "checkpoints"] as const;

export interface BuiltFolder {
  readonly dir: string;
  readonly config: string;
  /** Absolute: files that are as the build wrote them, the manifest last. */
  readonly files: readonly string[];
  /** Absolute: files that the build wrote and that were changed since. */
  readonly edited: readonly string[];
  /** Absolute: those of `runFolders` that are there. */
  readonly runs: readonly string[];
}

const skipped = new Set(["node_modules", ".git", ...runFolders]);
const maximumDepth = 12;

/** Folders with a manifest of ours, from `root` down. */
export function findBuilt(root: string, depth = 0): readonly BuiltFolder[] {
  const found = [manifestName, webManifestName].flatMap((name) => {
    const manifest = readManifest(root, name);
    return manifest === undefined ? [] : [describeBuilt(root, name, manifest)];
  });
  if (depth > maximumDepth) return found;
  const inner = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !skipped.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => findBuilt(join(root, entry.name), depth + 1));
  return [...found, ...inner];
}

function describeBuilt(dir: string, manifestFile: string, manifest: Manifest): BuiltFolder {
  const files: string[] = [];
  const edited: string[] = [];
  for (const [name, hash] of Object.entries({ ...manifest.outputs, ...manifest.assets })) {
    const path = join(dir, name);
    // A manifest is data: it may not lead elsewhere.
    if (!path.startsWith(`${dir}/`) || !existsSync(path)) continue;
    (hashOf(path) === hash ? files : edited).push(path);
  }
  // Without it a later build would not know that these were edited.
  if (edited.length === 0) files.push(join(dir, manifestFile));
  const runs = runFolders.map((name) => join(dir, name)).filter((path) => existsSync(path));
  return { dir, config: manifest.config, files, edited, runs };
}

/** Removes folders that are empty now, from `path` up to `root`, which stays. */
export function removeEmptyFolders(path: string, root: string): void {
  for (let folder = path; folder.startsWith(`${root}/`); folder = dirname(folder)) {
    if (existsSync(folder) && readdirSync(folder).length > 0) return;
    if (existsSync(folder)) rmdirSync(folder);
  }
}
