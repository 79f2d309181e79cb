/** @file `fgc build`: a config as a folder that runs with plain Node. */
import type { BuildReport, BuildRequest } from "../../driver/build.ts";
import { choice, defineCommand, text, toggle } from "../command.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";

const passes = ["link", "boundaries", "overrides", "prune", "resolve", "types", "names", "all"] as const;

export const buildCommand = defineCommand({
  name: "build",
  group: "Building",
  summary: "emit a standalone program for a config",
  example: "fgc build big.yaml trainer_args.max_steps=200",
  positionals: "config",
  hasConfigFlags: true,
  canWatch: true,
  options: {
    out: text("--out <dir>", "where to write; default: the config's own output folder"),
    target: text("--target <name>", "the target to emit; default: main"),
    emit: choice("--emit <what>", "sources, bundles, or both", ["ts", "mjs", "both"], "both"),
    minify: toggle("--minify", "minify the bundles"),
    sourcemap: { flags: "--no-sourcemap", description: "no source maps", fallback: true },
    platform: choice("--platform <name>", "where the bundles are to run", ["node", "browser", "deno"], "node"),
    force: toggle("--force", "build even if nothing changed, and over files that were edited by hand"),
    dumpIr: {
      flags: "--dump-ir [pass]",
      choices: passes,
      description: "print the graph after a pass, or after each",
    },
  },
  async run(host, { options, session }) {
    const started = performance.now();
    const { build } = await import("../../driver/build.ts");
    const note = (line: string) => {
      if (!session.globals.quiet) host.stderr.write(`${line}\n`);
    };
    const dumpIr = options.dumpIr === true ? "all" : passes.find((pass) => pass === options.dumpIr);
    const request: BuildRequest = {
      ...session.request,
      target: options.target,
      outDir: options.out,
      emit: options.emit,
      minify: options.minify,
      sourcemap: options.sourcemap !== false,
      platform: options.platform,
      force: options.force,
      dumpIr,
      progress: (line) => note(`  ${line}`),
    };
    const report = await build(host, request);
    for (const line of describeReport(host, report, performance.now() - started)) note(line);
    const dumps = Object.entries(report.dumps);
    const printed =
      dumps.length === 1
        ? (dumps[0] as [string, string])[1]
        : dumps.map(([pass, dump]) => `# after ${pass}\n${dump}`).join("\n");
    const { outDir, upToDate, files, programs, inputs } = report;
    const stages = report.stages.map(({ name, detail, ms }) => ({ name, detail, ms: Math.round(ms) }));
    return {
      text: printed,
      json: { ok: true, outDir, upToDate, files, programs, stages, dumps: report.dumps },
      diagnostics: report.diagnostics,
      inputs,
    };
  },
});

/** What was done and how long it took, and how to run the result. */
export function describeReport(host: CliHost, report: BuildReport, ms: number): string[] {
  const where = showPath(host, report.outDir);
  if (report.upToDate) return [`${where} is up to date`];
  const width = Math.max(...report.stages.map(({ detail }) => detail.length), 0);
  const stages = report.stages.map(
    ({ name, detail, ms: taken }) =>
      `  ${name.padEnd(10)}  ${detail.padEnd(width)}  ${String(Math.round(taken)).padStart(6)} ms`,
  );
  const run = report.programs.map((program) => `run it: node ${where}/${program}`).slice(0, 1);
  return [...stages, `wrote ${where}   (${(ms / 1000).toFixed(1)} s)`, ...run];
}
