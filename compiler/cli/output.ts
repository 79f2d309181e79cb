/** @file The layer above the commands: results to stdout, a file or an editor; diagnostics and notes to stderr. */
import { join, relative } from "node:path";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import { diagnosticJson, renderDiagnostic } from "../diagnostics/render.ts";
import type { CommandDefinition, CommandResult } from "./command.ts";
import { openEditor } from "./editor.ts";
import { ExitCode, isUsageFault } from "./exit-code.ts";
import type { CliHost } from "./host.ts";
import type { GlobalOptions, Session } from "./session.ts";

export function usesColor(
  host: CliHost,
  mode: GlobalOptions["color"],
  stream: { readonly isTerminal: boolean },
): boolean {
  if (mode !== "auto") return mode === "always";
  return stream.isTerminal && (host.environment("NO_COLOR") ?? "") === "" && host.environment("TERM") !== "dumb";
}

/** A path as the user would write it from where they stand. */
export function showPath(host: CliHost, path: string): string {
  if (!path.startsWith("/")) return path;
  const near = relative(host.cwd(), path);
  return near.startsWith("../../") || near === "" ? path : near;
}

/** @param noteOn a line to stand below a diagnostic */
export function reportDiagnostics(
  host: CliHost,
  globals: GlobalOptions,
  diagnostics: readonly Diagnostic[],
  noteOn: (diagnostic: Diagnostic) => string | undefined = () => undefined,
): void {
  const color = usesColor(host, globals.color, host.stderr);
  const seenInfo = new Map<string, number>();
  const shown = unique(diagnostics).filter(({ severity, code }) => {
    if (severity === "error") return true;
    if (globals.quiet) return false;
    if (severity === "warning" || globals.verbose) return true;
    seenInfo.set(code, (seenInfo.get(code) ?? 0) + 1);
    return seenInfo.get(code) === 1;
  });
  for (const diagnostic of shown) {
    host.stderr.write(`${renderDiagnostic(diagnostic, { color, showPath: (path) => showPath(host, path) })}\n`);
    const note = noteOn(diagnostic);
    if (note !== undefined) host.stderr.write(`   = ${note}\n`);
    const more = diagnostic.severity === "info" && !globals.verbose ? (seenInfo.get(diagnostic.code) ?? 1) - 1 : 0;
    if (more > 0) host.stderr.write(`   = and ${more} more like it (-v shows all)\n`);
  }
}

/** One fault may be found by two passes over the same text. */
function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, message, span }) => {
    const key = `${code} ${span?.file.path}:${span?.start} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Prints what a command made, and says with which code the process ends. */
export async function printResult(
  host: CliHost,
  command: CommandDefinition,
  session: Session,
  result: CommandResult,
): Promise<number> {
  const { globals } = session;
  const diagnostics = [...session.projectDiagnostics, ...(result.diagnostics ?? [])];
  reportDiagnostics(host, globals, diagnostics);
  const document = globals.json ? `${JSON.stringify(result.json, null, 2)}\n` : result.text;
  if (globals.outputFile !== undefined || globals.edit)
    await writeDocument(host, command, session, document, result.extension ?? "txt");
  else host.stdout.write(await inColors(host, globals, result, document));
  const failed = diagnostics.some(({ severity }) => severity === "error" || (globals.werror && severity === "warning"));
  return result.exitCode ?? (failed ? ExitCode.InvalidInput : ExitCode.Ok);
}

/** In colours where a terminal shows them. Whatever goes to a pipe or a file is the text itself. */
async function inColors(
  host: CliHost,
  { json, color }: GlobalOptions,
  { language }: CommandResult,
  document: string,
): Promise<string> {
  if (language === undefined || json || !usesColor(host, color, host.stdout)) return document;
  const { loadHighlighter } = await import("./highlight/highlighter.ts");
  const { highlightAnsi } = await import("./highlight/print.ts");
  return highlightAnsi(await loadHighlighter(host.packageRoot, language), document);
}

async function writeDocument(
  host: CliHost,
  command: CommandDefinition,
  session: Session,
  document: string,
  extension: string,
): Promise<void> {
  const { globals } = session;
  // Only a name of our own asks for the config: some commands need no project.
  const config = () => (session.config ?? "default").replace(/\.yaml$/, "").replaceAll("/", "_");
  const path =
    globals.outputFile ?? join(host.cwd(), "tmp", `${config()}_${command.name}.${globals.json ? "json" : extension}`);
  host.files.writeText(path, document);
  host.stderr.write(`wrote ${showPath(host, path)}\n`);
  if (!globals.edit) return;
  await openEditor(host, [path]);
}

/** Errors of the user's, or of ours: printed, and turned into an exit code. A user's fault never shows a JavaScript stack. */
export function printFailure(
  host: CliHost,
  globals: Pick<GlobalOptions, "json"> & GlobalOptions,
  error: unknown,
): number {
  if (error instanceof DiagnosticError) {
    const { diagnostics } = error;
    reportDiagnostics(host, globals, diagnostics);
    if (globals.json)
      host.stdout.write(`${JSON.stringify({ ok: false, diagnostics: diagnostics.map(diagnosticJson) }, null, 2)}\n`);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    return errors.every(({ code }) => isUsageFault(code)) ? ExitCode.Usage : ExitCode.InvalidInput;
  }
  const isSystemError = error instanceof Error && "syscall" in error;
  if (isSystemError) {
    host.stderr.write(`error: ${error.message}\n`);
    if (globals.json) host.stdout.write(`${JSON.stringify({ ok: false, diagnostics: [], error: error.message })}\n`);
    return ExitCode.Environment;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  host.stderr.write(
    `fgc ${host.versions.fgc} has a fault: ${error instanceof Error ? error.message : detail}\n\n${detail}\n\n`,
  );
  host.stderr.write(
    "This is not your config's doing. Please report it with the lines above, the config (`fgc pp`) and `node --version`.\n",
  );
  return ExitCode.Internal;
}
