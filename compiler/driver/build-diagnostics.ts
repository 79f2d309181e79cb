/** @file The catalogue of a build: assets, emitted files, bundles. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

export const buildDiagnostics = defineDiagnostics("build", {
  notBuilt: {
    severity: "error",
    message: (p: { missing: string }) => `this copy of fgc is not built: ${p.missing} is missing`,
    hint: () => "run `npm run build` in its folder",
    doc: "fgc was started from its sources, and a part that is made when the package is built is missing. A package from a registry is complete.",
  },
  bundleFailed: {
    severity: "error",
    message: (p: { file: string; problem: string }) => `${p.file}: ${p.problem}`,
    doc: "The emitted TypeScript could not be bundled, mostly because one of the project's own modules imports something that is not there.",
  },
  constructFailed: {
    severity: "error",
    message: (p: { target: string; problem: string; help?: string | undefined }) =>
      `constructing '${p.target}' failed: ${p.problem}`,
    hint: (p) => p.help,
    doc: "`fgc construct` makes a target for real, and something that it makes refused: the message is its own, the place is where the config names it.",
  },
  noTrainer: {
    severity: "error",
    message: () => "a page trains, and this config has no training script",
    hint: () => "build a config whose main target is a training script, or leave out --target web",
    doc: "`--target web` makes a page that trains; the config's main target is no training script.",
  },
  unknownPlatform: {
    severity: "error",
    message: (p: { platform: string }) => `there is no platform '${p.platform}'`,
    hint: () => "platforms are node, browser, deno",
    doc: "Bundles are made for Node, browsers or Deno.",
  },
});

export const assetDiagnostics = defineDiagnostics("asset", {
  missingPart: {
    severity: "error",
    message: (p: { part: string }) => `a build rule needs '${p.part}'`,
    hint: () => "write fgc/build:asset { target: NAME, recipe: !partial:…, loader: !partial:… }",
    doc: "`fgc/build:asset` makes something once, while building. It needs the name of the result, the recipe that makes it, and the loader that reads it when the program runs.",
  },
  recipeFailed: {
    severity: "error",
    message: (p: { target: string; problem: string; help?: string | undefined }) =>
      `the recipe of '${p.target}' failed: ${p.problem}`,
    hint: (p) => p.help,
    doc: "An asset is made while building by running its recipe in a process of its own, and the recipe failed. The message is the recipe's own.",
  },
  cannotPlace: {
    severity: "error",
    message: (p: { target: string }) =>
      `the recipe of '${p.target}' leaves several arguments open, so the place of its result is not clear`,
    hint: () => "leave at most one argument to the build: the path that the result is written to",
    doc: "A recipe that writes files is given the place of its result as its one open argument. With several arguments left open, which one that is cannot be told.",
  },
});

export const emitDiagnostics = defineDiagnostics("emit", {
  wouldOverwrite: {
    severity: "error",
    message: (p: { files: readonly string[] }) =>
      `${p.files.join(", ")} ${p.files.length === 1 ? "was" : "were"} edited since the last build`,
    hint: () => "build with --force to overwrite, or with --out DIR to keep both",
    doc: "A file of the output folder is no longer as fgc wrote it. The build stops so that your edits are not lost.",
  },
  machinePath: {
    severity: "warning",
    message: (p: { path: string }) => `'${p.path}' is a path of this machine and goes into the bundle as it is`,
    hint: () => "paths below the project or its workspace become relative ones",
    doc: "A path that exists on this machine only would be a part of the bundle, which would then work nowhere else. Paths below the project or its workspace become relative ones by themselves.",
  },
});
