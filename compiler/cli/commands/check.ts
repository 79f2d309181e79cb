/** @file `fgc check`: configs through every stage up to types; nothing is written. */
import { resolve } from "node:path";
import { type Diagnostic, DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { CheckItem } from "../../driver/check-many.ts";
import { projectsBelow } from "../../driver/projects-below.ts";
import { choice, defineCommand, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { reportDiagnostics, showPath } from "../output.ts";
import type { Session } from "../session.ts";

export const checkCommand = defineCommand({
  name: "check",
  group: "Building",
  summary: "find the faults of configs; nothing is written",
  example: "fgc check --all",
  positionals: "configs",
  hasConfigFlags: true,
  manyConfigs: ["--all", "-r", "--recursive"],
  canWatch: true,
  options: {
    all: toggle("--all", "every config of the project, or of the projects below where the folder is none"),
    recursive: toggle("-r, --recursive", "every config of every project below the folder"),
    format: choice(
      "--format <form>",
      "for people, for programs, or as annotations in a GitHub workflow",
      ["text", "json", "github"],
      "text",
    ),
  },
  async run(host, { options, names, session }) {
    const started = performance.now();
    const { globals } = session;
    const isMany = options.all || options.recursive;
    if (isMany || names.length > 1) refuseSingleOnly(session, names, isMany);
    const items = isMany ? await checkAll(host, session, options.recursive) : await checkNamed(host, session, names);
    const report = await import("../check-report.ts");
    const shared = report.shareFaults(items);
    const summary = report.summarize(items, shared);
    const notes = new Map(shared.map((fault) => [fault.diagnostic, report.hitConfigs(fault)]));
    const ok = summary.errors === 0 && !(globals.werror && summary.warnings > 0);
    const isGithub = options.format === "github";
    const isJson = globals.json || options.format === "json";
    if (!isGithub)
      reportDiagnostics(
        host,
        globals,
        shared.map(({ diagnostic }) => diagnostic),
        (diagnostic) => notes.get(diagnostic),
      );
    const annotations = shared
      .filter(({ diagnostic }) => diagnostic.severity !== "info" || globals.verbose)
      .map((fault) => `${report.githubAnnotation(fault, (path) => showPath(host, path))}\n`);
    const time = host.stdout.isTerminal ? `   (${seconds(performance.now() - started)})` : "";
    const json = report.checkJson(items, summary, ok);
    const text = isJson
      ? `${JSON.stringify(json, null, 2)}\n`
      : `${isGithub ? annotations.join("") : ""}${report.summaryLine(summary)}${time}\n`;
    return {
      text,
      json,
      exitCode: ok ? ExitCode.Ok : ExitCode.InvalidInput,
      inputs: [...new Set(items.flatMap(({ inputs }) => inputs))],
    };
  },
});

/** What is said of one config is not true of many. */
function refuseSingleOnly({ globals, overrides, hasFlags }: Session, names: readonly string[], isMany: boolean): void {
  if (isMany && names.length > 0) throw new DiagnosticError(faults.allOrSome({}, { name: names[0] as string }));
  const what =
    overrides[0] !== undefined
      ? `'${overrides[0]}'`
      : globals.set.length > 0
        ? "--set"
        : hasFlags
          ? "a flag of a config"
          : isMany && globals.configTemplate !== undefined
            ? "--config-template"
            : undefined;
  if (what !== undefined) throw new DiagnosticError(faults.singleOnly({}, { what }));
}

async function checkNamed(host: CliHost, session: Session, names: readonly string[]): Promise<readonly CheckItem[]> {
  const { checkConfig } = await import("../../driver/check.ts");
  const items: CheckItem[] = [];
  const sessions = names.length > 1 ? names.map((name) => session.withConfig(name)) : [session];
  const seen = new Set<string>();
  for (const each of sessions) {
    const { project } = each;
    if (!seen.has(project.dir)) items.push(...projectRemarks(project.dir, project.diagnostics));
    seen.add(project.dir);
    const { config, diagnostics, inputs } = await checkConfig(host, each.request);
    items.push({ project: project.dir, config, diagnostics, inputs: [...project.meta.inputs, ...inputs] });
  }
  session.claimProjectDiagnostics();
  return items;
}

function projectRemarks(project: string, diagnostics: readonly Diagnostic[]): readonly CheckItem[] {
  return diagnostics.length === 0 ? [] : [{ project, config: undefined, diagnostics, inputs: [] }];
}

async function checkAll(host: CliHost, session: Session, recursive: boolean): Promise<readonly CheckItem[]> {
  const { Checker, planChecks } = await import("../../driver/check-many.ts");
  const start = resolve(host.cwd(), session.globals.projectDir ?? ".");
  const { clock } = session;
  const below = projectsBelow(host.files, start);
  const isProject = below[0] === start;
  // Within a project's folders `--all` means that project, as every command does.
  const folders = (isProject && !recursive) || below.length === 0 ? [start] : below;
  const plan = planChecks(host, folders, clock);
  const checker = new Checker(host);
  const items: CheckItem[] = [...plan.projects];
  for (const job of plan.jobs) items.push(...(await checker.check(job)));
  return items.sort(byPlace);
}

/** Whatever came first: projects by folder, a project's own faults before those of its configs. */
function byPlace(a: CheckItem, b: CheckItem): number {
  const key = (item: CheckItem) => `${item.project}\0${item.config ?? ""}`;
  return key(a) < key(b) ? -1 : 1;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
