/** @file Whether a build is needed: what it was asked for and what it read, against the manifest of the last one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BuildRequest } from "./build-request.ts";
import { hashOf } from "./file-hashes.ts";
import type { Host } from "./host.ts";
import { buildKey, type Manifest, packageBuildId } from "./manifest.ts";
import { sha256 } from "./output.ts";
import { type Folders, inputName, inputPath, portableText } from "./places.ts";
import type { ProgramGraph } from "./program-graph.ts";

export type BuildIdentity = Pick<Manifest, "config" | "fgc" | "request">;

/** What was asked for, and of which compiler. */
export function identityOf(
  { versions }: Host,
  request: BuildRequest,
  { preprocessed }: ProgramGraph,
  folders: Folders,
): BuildIdentity {
  const {
    project,
    config,
    variables = {},
    overrides = [],
    target = "main",
    emit = "both",
    minify = false,
    sourcemap = true,
    platform = "node",
    devices,
    webPage,
    clock,
  } = request;
  const bound = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      JSON.parse(
        JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)),
      ) as unknown,
    ]),
  );
  return {
    config: config ?? project.defaultConfig ?? "",
    fgc: { version: versions.fgc, build: packageBuildId(folders.packageRoot) },
    request: {
      variables: bound,
      overrides,
      target,
      emit,
      minify,
      sourcemap,
      platform,
      ...(devices === undefined ? {} : { devices }),
      ...(webPage === undefined ? {} : { webPage }),
      clock: clock?.epochMs ?? null,
      // Templates may ask for more than files and variables: the host's name, what a launcher has set.
      text: sha256(portableText(preprocessed.text, folders)),
    },
  };
}

/** Whether a build would give what is there: the same request, over the same inputs, and all of it still in place. */
export function isUpToDate(
  previous: Manifest,
  identity: BuildIdentity,
  program: ProgramGraph,
  folders: Folders,
): boolean {
  const templates = new Set(program.templates.map((file) => inputName(file.path, folders)));
  const isKnown = [...templates].every((name) => name in previous.inputs);
  const paths = inputPaths(previous, folders);
  const inputs = Object.fromEntries(
    Object.keys(previous.inputs).map((name, index) => [name, hashOf(paths[index] as string)]),
  );
  if (!isKnown || buildKey({ ...identity, inputs }) !== buildKey(previous)) return false;
  const isWhole = Object.keys(previous.outputs).every((name) => existsSync(join(folders.outDir, name)));
  return (
    isWhole && Object.entries(previous.assets).every(([path, hash]) => hashOf(join(folders.outDir, path)) === hash)
  );
}

/** The files behind a manifest's names, in its order. */
export function inputPaths({ inputs }: Manifest, folders: Folders): readonly string[] {
  return Object.keys(inputs).map((name) => inputPath(name, folders));
}
