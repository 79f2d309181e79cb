/** @file The catalogue of a build: assets, emitted files, bundles. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

export const buildDiagnostics = defineDiagnostics("build", {
  notBuilt: {
    severity: "error",
    message: (p: { missing: string }) => `this copy of fgc is not built: ${p.missing} is missing`,
    hint: () => "run `npm run build` in its folder",
  },
  nothingToBuild: {
    severity: "error",
    message: (p: { kind: string }) => `a config of class '${p.kind}' has neither a training script nor a model to emit`,
    hint: () => "name a target: fgc build --target NAME",
  },
  bundleFailed: {
    severity: "error",
    message: (p: { file: string; problem: string }) => `${p.file}: ${p.problem}`,
  },
  noTrainer: {
    severity: "error",
    message: () => "a page trains, and this config has no training script",
    hint: () => "build a config whose main target is a training script, or leave out --target web",
  },
  unknownPlatform: {
    severity: "error",
    message: (p: { platform: string }) => `there is no platform '${p.platform}'`,
    hint: () => "platforms are node, browser, deno",
  },
});

export const assetDiagnostics = defineDiagnostics("asset", {
  missingPart: {
    severity: "error",
    message: (p: { part: string }) => `a build rule needs '${p.part}'`,
    hint: () => "write fgc/build:asset { target: NAME, recipe: !partial:…, loader: !partial:… }",
  },
  recipeFailed: {
    severity: "error",
    message: (p: { target: string; problem: string; help?: string | undefined }) =>
      `the recipe of '${p.target}' failed: ${p.problem}`,
    hint: (p) => p.help,
  },
  cannotPlace: {
    severity: "error",
    message: (p: { target: string }) =>
      `the recipe of '${p.target}' leaves several arguments open, so the place of its result is not clear`,
    hint: () => "leave at most one argument to the build: the path that the result is written to",
  },
});

export const emitDiagnostics = defineDiagnostics("emit", {
  wouldOverwrite: {
    severity: "error",
    message: (p: { files: readonly string[] }) =>
      `${p.files.join(", ")} ${p.files.length === 1 ? "was" : "were"} edited since the last build`,
    hint: () => "build with --force to overwrite, or with --out DIR to keep both",
  },
  typeError: {
    severity: "error",
    message: (p: { file: string; problem: string }) => `${p.problem} (in the emitted ${p.file})`,
  },
  machinePath: {
    severity: "warning",
    message: (p: { path: string }) => `'${p.path}' is a path of this machine and goes into the bundle as it is`,
    hint: () => "paths below the project or its workspace become relative ones",
  },
});
