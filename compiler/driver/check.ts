/**
 * @file One config through every stage up to and including types; nothing is written. What `fgc check`, editors and the samples of `tests/diagnostics` call.
 *
 * All faults come back as data, whatever stage found them: a checked config never throws for a mistake of the user's.
 */
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import { type ConfigRequest, configName } from "./compile.ts";
import type { Host } from "./host.ts";
import { compileProgram } from "./program-graph.ts";

export interface CheckedConfig {
  /** The config's name, the default one filled in. */
  readonly config: string;
  /** Every fault and remark, in the order of the stages. */
  readonly diagnostics: readonly Diagnostic[];
  /** Files whose change can change the outcome; known as far as the stages came. */
  readonly inputs: readonly string[];
}

export async function checkConfig(host: Host, request: ConfigRequest): Promise<CheckedConfig> {
  let config = request.config ?? "";
  try {
    config = configName(host, request.project, request.config);
    const program = compileProgram(host, request);
    const inputs = [...program.templates.map(({ path }) => path), ...program.symbols.sources];
    return { config, diagnostics: program.diagnostics, inputs };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return { config, diagnostics: error.diagnostics, inputs: [] };
  }
}

export function isClean({ diagnostics }: CheckedConfig): boolean {
  return diagnostics.every(({ severity }) => severity !== "error");
}
