/** @file `fgc check`: configs through every stage up to types; nothing is written. */
import { resolve } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { CheckItem } from "../../driver/check-many.ts";
import type { CachedHost } from "../cached-host.ts";
import type { CheckAllResult } from "../check-all.ts";
import { choice, defineCommand, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { reportDiagnostics, showPath } from "../output.ts";
import type { Session } from "../session.ts";
import type { WatchRound } from "../watch.ts";

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
  async run(host, { options, names, session, watch }) {
    const started = performance.now();
    const { globals } = session;
    const isMany = options.all || options.recursive;
    if (isMany || names.length > 1) refuseSingleOnly(session, names, isMany);
    const { items, checked, configs, notes } = isMany
      ? await checkAll(host as CachedHost, session, options.recursive, watch)
      : await checkNamed(host, session, names, watch);
    const report = await import("../check-report.ts");
    const shared = report.shareFaults(items);
    const summary = report.summarize(items, shared);
    const remarks = new Map(shared.map((fault) => [fault.diagnostic, report.hitConfigs(fault)]));
    const ok = summary.errors === 0 && !(globals.werror && summary.warnings > 0);
    const isGithub = options.format === "github";
    const isJson = globals.json || options.format === "json";
    if (!isGithub)
      reportDiagnostics(
        host,
        globals,
        shared.map(({ diagnostic }) => diagnostic),
        (diagnostic) => remarks.get(diagnostic),
      );
    const annotations = shared
      .filter(({ diagnostic }) => diagnostic.severity !== "info" || globals.verbose)
      .map((fault) => `${report.githubAnnotation(fault, (path) => showPath(host, path))}\n`);
    const time = host.stdout.isTerminal ? `   (${seconds(performance.now() - started)})` : "";
    const json = report.checkJson(items, summary, ok);
    const text = isJson
      ? `${JSON.stringify(json, null, 2)}\n`
      : `${isGithub ? annotations.join("") : ""}${report.summaryLine(summary)}${time}\n`;
    const isOurs = shared.some(({ diagnostic }) => diagnostic.code === "driver/check-failed");
    return {
      text,
      json,
      exitCode: ok ? ExitCode.Ok : isOurs ? ExitCode.Internal : ExitCode.InvalidInput,
      notes,
      did: `checked ${checked === configs ? "" : `${checked} of `}${configs} config${configs === 1 ? "" : "s"}`,
    };
  },
});

/** What is said of one config is not true of many. */
function refuseSingleOnly({ globals, overrides, hasFlags }: Session, names: readonly string[], isMany: boolean): void {
  if (isMany && names.length > 0) throw new DiagnosticError(faults.allOrSome({}, { name: names[0] as string }));
  let what: string | undefined;
  if (isMany && globals.configTemplate !== undefined) what = "--config-template";
  if (hasFlags) what = "a flag of a config";
  if (globals.set.length > 0) what = "--set";
  if (overrides[0] !== undefined) what = `'${overrides[0]}'`;
  if (what !== undefined) throw new DiagnosticError(faults.singleOnly({}, { what }));
}

async function checkNamed(
  host: CliHost,
  session: Session,
  names: readonly string[],
  watch: WatchRound | undefined,
): Promise<CheckAllResult> {
  const { checkConfig } = await import("../../driver/check.ts");
  const { TypeCheck } = await import("../../driver/type-check.ts");
  const stays = watch?.keep(
    "type-check",
    () => new TypeCheck(host, "resident"),
    (kept) => kept.close(),
  );
  const items: CheckItem[] = [];
  const notes = new Set<string>();
  const sessions = names.length > 1 ? names.map((name) => session.withConfig(name)) : [session];
  const seen = new Set<string>();
  for (const each of sessions) {
    const { dir, diagnostics: remarks } = each.project;
    if (!seen.has(dir) && remarks.length > 0) items.push({ project: dir, config: undefined, diagnostics: remarks });
    seen.add(dir);
    const { config, diagnostics, inputs } = await checkConfig(
      host,
      each.request,
      stays === undefined ? {} : { checker: stays },
    );
    items.push({ project: dir, config, diagnostics });
    for (const path of inputs) notes.add(path);
  }
  session.claimProjectDiagnostics();
  return { items, checked: sessions.length, configs: sessions.length, notes };
}

async function checkAll(
  host: CachedHost,
  session: Session,
  recursive: boolean,
  watch: WatchRound | undefined,
): Promise<CheckAllResult> {
  const { CheckAll } = await import("../check-all.ts");
  const { globals, clock } = session;
  const make = () => new CheckAll(host);
  const all = watch?.keep("check", make, (kept) => kept.close()) ?? make();
  const isShown = host.stderr.isTerminal && !globals.quiet;
  const progress = (done: number, of: number): void => {
    if (isShown) host.stderr.write(`\r\u001b[Kchecked ${done} of ${of} configs`);
  };
  try {
    const start = resolve(host.cwd(), globals.projectDir ?? ".");
    return await all.run({ start, recursive, clock, withNotes: watch !== undefined, progress }, watch?.changed);
  } finally {
    if (isShown) host.stderr.write("\r\u001b[K");
    if (watch === undefined) all.close();
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
