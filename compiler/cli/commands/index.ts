/** @file All commands, in the order in which the help shows them. */
import type { CommandDefinition } from "../command.ts";
import { buildCommand } from "./build.ts";
import { checkCommand } from "./check.ts";
import { cleanCommand } from "./clean.ts";
import { codeCommand } from "./code.ts";
import { completeCommand, completionCommand } from "./completion.ts";
import { constructCommand } from "./construct.ts";
import { devicesCommand } from "./devices.ts";
import { diffCommand } from "./diff.ts";
import { docsCommand } from "./docs.ts";
import { doctorCommand } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { explainCodeCommand } from "./explain-code.ts";
import { fmtCommand } from "./fmt.ts";
import { graphCommand } from "./graph.ts";
import { highlightCommand } from "./highlight.ts";
import { indexCommand } from "./index-command.ts";
import { lintCommand } from "./lint.ts";
import { lsCommand } from "./ls.ts";
import { lspCommand } from "./lsp.ts";
import { metaCommand } from "./meta.ts";
import { newCommand } from "./new.ts";
import { ppCommand } from "./pp.ts";
import { projectCommand } from "./project.ts";
import { shellCommand } from "./shell.ts";
import { sweepCommand } from "./sweep.ts";
import { targetsCommand } from "./targets.ts";
import { tlistCommand } from "./tlist.ts";
import { trainCommand } from "./train.ts";
import { trefsCommand } from "./trefs.ts";
import { wsCommand } from "./ws.ts";

export const commands: readonly CommandDefinition[] = [
  lsCommand,
  indexCommand,
  metaCommand,
  devicesCommand,
  targetsCommand,
  docsCommand,
  tlistCommand,
  trefsCommand,
  ppCommand,
  explainCommand,
  explainCodeCommand,
  diffCommand,
  graphCommand,
  codeCommand,
  checkCommand,
  constructCommand,
  buildCommand,
  cleanCommand,
  trainCommand,
  sweepCommand,
  newCommand,
  fmtCommand,
  lintCommand,
  lspCommand,
  highlightCommand,
  wsCommand,
  projectCommand,
  doctorCommand,
  shellCommand,
  completionCommand,
  completeCommand,
];
