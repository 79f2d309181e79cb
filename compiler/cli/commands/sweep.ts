/** @file `fgc sweep`: one config with many settings, a training run each, a table at the end. What is done is not done again. */
import { basename, join, resolve } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { columns } from "../columns.ts";
import { type CommandResult, defineCommand, text, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";
import { readFile } from "../projects/create-project.ts";
import type { Session } from "../session.ts";
import { quoteWord } from "../shell/words.ts";
import { readSweep, type SweepPoint, type SweepSpec, showValue, yamlText } from "../sweep/spec.ts";
import { jsonSettings, SweepFolder } from "../sweep/state.ts";

export const sweepCommand = defineCommand({
  name: "sweep",
  group: "Training",
  summary: "train a config with many settings, and compare the losses",
  example: "fgc sweep learning-rates.yaml --dry-run",
  positionals: "names",
  arguments: [{ usage: "<spec>", description: "a YAML file: config, fixed, grid, points, train, scheduler" }],
  options: {
    out: text("--out <dir>", "where its runs go; default: sweeps/NAME OF THE FILE in the project"),
    dryRun: toggle("--dry-run", "print the lines that would run, and run nothing"),
    failFast: toggle("--fail-fast", "stop at the first run that fails"),
    keepGoing: toggle("--keep-going", "go on behind a run that fails, which is what happens anyway"),
  },
  async run(host, { options, names, rest, session, program }) {
    if (options.failFast && options.keepGoing)
      throw new DiagnosticError(
        faults.badFlag({}, { flag: "--fail-fast", value: "true", problem: "--keep-going is its opposite" }),
      );
    const [path = ""] = names;
    const { project, globals } = session;
    const spec = readSweep(readFile(host, host.cwd(), path), path, project.yamlFloats, globals.configTemplate);
    const config = spec.config ?? project.defaultConfig ?? "";
    const name = basename(path).replace(/\.ya?ml$/, "");
    const folder = new SweepFolder(
      host,
      resolve(host.cwd(), options.out ?? join(project.dir, "sweeps", name)),
      config,
      spec.points,
    );
    const lines = new Map(
      spec.points.map((point) => [point.id, trainWords(session, config, point, folder, [...spec.train, ...rest])]),
    );
    if (options.dryRun) return dryRun(host, spec, folder, lines);
    const note = (line: string) => {
      if (!globals.quiet) host.stderr.write(`${line}\n`);
    };
    let stopped: number | undefined;
    for (const [i, point] of spec.points.entries()) {
      const state = folder.state(point.id);
      const label = `[${i + 1}/${spec.points.length}] ${point.id}  ${settingsText(point)}`;
      if (state === "done" || state === "submitted") {
        note(`${label}: ${state === "done" ? "done before" : "submitted before"}`);
        continue;
      }
      note(label);
      const words = lines.get(point.id) as readonly string[];
      folder.set(point, "running");
      const code =
        spec.scheduler === undefined
          ? await program.run(withResume(host, folder, point, words), host)
          : await host.run("sh", ["-c", scheduled(spec.scheduler, host, words)]);
      const passed = spec.scheduler === undefined ? "done" : "submitted";
      folder.set(point, code === 0 ? passed : isStop(code) ? "waiting" : "failed", code);
      if (isStop(code) || (code !== 0 && options.failFast)) {
        stopped = code;
        break;
      }
    }
    return report(host, spec, folder, stopped);
  },
});

/** Ctrl-C, a terminated process, and an abort on request are no faults of the point. */
const isStop = (code: number): boolean => [ExitCode.Interrupted, ExitCode.Terminated, 5].includes(code);

function trainWords(
  { project, globals }: Session,
  config: string,
  { id, settings }: SweepPoint,
  folder: SweepFolder,
  trainer: readonly string[],
): readonly string[] {
  const entries = Object.entries(settings);
  const isPath = ([name]: readonly [string, unknown]) => /[.@[]/.test(name);
  const variables = entries.filter((entry) => !isPath(entry)).map(([name, value]) => `${name}=${yamlText(value)}`);
  const set = [...globals.set, ...variables];
  const overrides = entries.filter(isPath).map(([name, value]) => `${name}=${yamlText(value)}`);
  return [
    ...(globals.quiet ? ["-q"] : []),
    ...["-p", project.dir, "-t", config, "train", "--out", folder.output(id)],
    ...set.flatMap((text) => ["--set", text]),
    ...overrides,
    ...(trainer.length === 0 ? [] : ["--", ...trainer]),
  ];
}

/** A run that was cut off goes on from its newest checkpoint. */
function withResume(
  host: CliHost,
  folder: SweepFolder,
  { id }: SweepPoint,
  words: readonly string[],
): readonly string[] {
  if (host.files.list(join(folder.output(id), "checkpoints")).length === 0) return words;
  const at = words.indexOf("train") + 1;
  return [...words.slice(0, at), "--resume", ...words.slice(at)];
}

function scheduled(template: string, host: CliHost, words: readonly string[]): string {
  const command = ["node", join(host.packageRoot, "bin", "fgc.mjs"), ...words].map(quoteWord).join(" ");
  // As one word where the scheduler wants one: sbatch --wrap {command}
  return template.includes("{command}")
    ? template.replaceAll("{command}", () => quoteWord(command))
    : `${template} ${command}`;
}

function dryRun(
  host: CliHost,
  spec: SweepSpec,
  folder: SweepFolder,
  lines: ReadonlyMap<string, readonly string[]>,
): CommandResult {
  const rows = spec.points.map(({ id }) => {
    const words = lines.get(id) ?? [];
    const line =
      spec.scheduler === undefined
        ? ["fgc", ...words].map(quoteWord).join(" ")
        : scheduled(spec.scheduler, host, words);
    return { id, state: folder.state(id), line };
  });
  return {
    text: rows.map(({ id, state, line }) => `${id}  ${state.padEnd(9)}  ${line}\n`).join(""),
    json: { ok: true, folder: folder.path, points: rows },
  };
}

const settingsText = ({ settings }: SweepPoint): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${showValue(value)}`)
    .join(" ");

/** Best first; a column for each setting that is not the same everywhere. */
function report(host: CliHost, spec: SweepSpec, folder: SweepFolder, stopped: number | undefined): CommandResult {
  const names = [...new Set(spec.points.flatMap(({ settings }) => Object.keys(settings)))].filter(
    (name) => new Set(spec.points.map(({ settings }) => showValue(settings[name]))).size > 1,
  );
  const points = spec.points
    .map((point) => ({ ...point, state: folder.state(point.id), ...folder.result(point.id) }))
    .sort((a, b) => (a.loss ?? Number.POSITIVE_INFINITY) - (b.loss ?? Number.POSITIVE_INFINITY));
  const rows = points.map(({ id, settings, state, loss, step }) => [
    loss === undefined ? "-" : loss.toFixed(5),
    step === undefined ? "-" : String(step),
    state,
    id,
    ...names.map((name) => showValue(settings[name])),
  ]);
  const failed = points.some(({ state }) => state === "failed");
  return {
    text: `${columns([["loss", "steps", "state", "point", ...names], ...rows])}in ${showPath(host, folder.path)}\n`,
    json: {
      ok: !failed && stopped === undefined,
      folder: folder.path,
      points: points.map(({ id, settings, state, loss, step }) => ({
        id,
        settings: jsonSettings(settings),
        state,
        loss: loss ?? null,
        step: step ?? null,
      })),
    },
    exitCode: stopped ?? (failed ? ExitCode.RunFailed : ExitCode.Ok),
  };
}
