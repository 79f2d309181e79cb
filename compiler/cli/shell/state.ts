/** @file What the shell remembers from line to line. */
import { findProjectDir } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { Program } from "../command.ts";
import type { CliHost } from "../host.ts";
import type { LineSource } from "./line-source.ts";

/** What the built-ins work with. */
export interface ShellState {
  readonly host: CliHost;
  readonly program: Program;
  readonly lines: LineSource;
  /** The chosen config; absent: the project's default. */
  config: string | undefined;
  isTracing: boolean;
  isOver: boolean;
}

export function projectDir(host: CliHost): string | undefined {
  try {
    return findProjectDir(host.files, host.cwd());
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}
