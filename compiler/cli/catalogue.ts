/** @file Every diagnostic that fgc can print. */
import { stages as pipelineStages, type Stage, stage } from "../driver/catalogue.ts";
import { lintDiagnostics } from "../lint/diagnostics.ts";
import { cliDiagnostics } from "./diagnostics.ts";

export const stages: readonly Stage[] = [
  ...pipelineStages,
  stage("lint", "what does nothing, found by fgc lint", lintDiagnostics),
  stage("cli", "the command line", cliDiagnostics),
];
