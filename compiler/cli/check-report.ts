/** @file What `fgc check` found, for people, for programs, and as annotations of a GitHub workflow. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { type DiagnosticJson, diagnosticJson } from "../diagnostics/render.ts";
import type { CheckItem } from "../driver/check-many.ts";
import { positionAt, startOf } from "../source/span.ts";

/** One fault, and every config that it hits. */
export interface SharedFault {
  readonly diagnostic: Diagnostic;
  /** In the order in which they were checked; a project's own faults have none. */
  readonly configs: readonly string[];
}

export interface CheckSummary {
  readonly configs: number;
  readonly errors: number;
  readonly warnings: number;
}

/** One and the same fault of a template is found in each config that reaches it. */
export function shareFaults(items: readonly CheckItem[]): readonly SharedFault[] {
  const found = new Map<string, { diagnostic: Diagnostic; configs: Set<string> }>();
  for (const { config, diagnostics } of items)
    for (const diagnostic of diagnostics) {
      const key = keyOf(diagnostic);
      const known = found.get(key) ?? { diagnostic, configs: new Set() };
      found.set(key, known);
      if (config !== undefined) known.configs.add(config);
    }
  return [...found.values()].map(({ diagnostic, configs }) => ({ diagnostic, configs: [...configs] }));
}

function keyOf({ code, message, span }: Diagnostic): string {
  return JSON.stringify([code, message, span?.file.path, span?.start, span?.end]);
}

export function summarize(items: readonly CheckItem[], faults: readonly SharedFault[]): CheckSummary {
  const count = (severity: string) => faults.filter(({ diagnostic }) => diagnostic.severity === severity).length;
  const configs = items.filter(({ config }) => config !== undefined).length;
  return { configs, errors: count("error"), warnings: count("warning") };
}

/** `12 configs, 1 error, 2 warnings` */
export function summaryLine({ configs, errors, warnings }: CheckSummary): string {
  const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
  return [counted(configs, "config"), counted(errors, "error"), counted(warnings, "warning")].join(", ");
}

const shownConfigs = 3;

/** `in 12 configs: a.yaml, b.yaml, c.yaml and 9 more`; nothing where only one is hit. */
export function hitConfigs({ configs }: SharedFault): string | undefined {
  if (configs.length < 2) return undefined;
  const shown = configs.slice(0, shownConfigs + 1 === configs.length ? configs.length : shownConfigs);
  const more = configs.length - shown.length;
  return `in ${configs.length} configs: ${shown.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}

export interface CheckJson {
  readonly ok: boolean;
  readonly summary: CheckSummary;
  readonly configs: readonly {
    readonly project: string;
    readonly config: string | null;
    readonly ok: boolean;
    readonly diagnostics: readonly DiagnosticJson[];
  }[];
}

export function checkJson(items: readonly CheckItem[], summary: CheckSummary, ok: boolean): CheckJson {
  return {
    ok,
    summary,
    configs: items.map(({ project, config, diagnostics }) => ({
      project,
      config: config ?? null,
      ok: diagnostics.every(({ severity }) => severity !== "error"),
      diagnostics: diagnostics.map(diagnosticJson),
    })),
  };
}

const githubCommands = { error: "error", warning: "warning", info: "notice" } as const;

/**
 * A workflow command, which GitHub shows beside the line of the file.
 *
 *     ::error file=templates/a.yaml,line=3,endLine=3,col=5,endColumn=8,title=template/undefined-variable::message%0Ahelp
 */
export function githubAnnotation(fault: SharedFault, showPath: (path: string) => string): string {
  const { code, severity, message, span, hint } = fault.diagnostic;
  const properties: [string, string | number][] = [];
  if (span !== undefined) {
    const start = startOf(span);
    const end = positionAt(span.file, Math.max(span.end, span.start));
    properties.push(["file", showPath(span.file.path)], ["line", start.line], ["endLine", end.line]);
    // GitHub takes columns of one line only.
    properties.push(["col", start.column]);
    if (end.line === start.line) properties.push(["endColumn", end.column]);
  }
  properties.push(["title", code]);
  const text = [message, ...(hint === undefined ? [] : [`help: ${hint}`]), hitConfigs(fault)];
  const written = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${githubCommands[severity]} ${written.join(",")}::${escapeData(text.filter((line) => line !== undefined).join("\n"))}`;
}

/** As @actions/core writes them. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
