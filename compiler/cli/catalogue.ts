/** @file Every diagnostic that fgc can print. */
import { type Stage, stage, stages as pipelineStages } from "../driver/catalogue.ts";
import { cliDiagnostics } from "./diagnostics.ts";

export const stages: readonly Stage[] = [...pipelineStages, stage("cli", "the command line", cliDiagnostics)];
