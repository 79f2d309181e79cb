/** @file `fgc build`: a config as a folder that runs with plain Node. */

import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { BuildReport, BuildRequest } from "../../driver/build.ts";
import { nearest } from "../../source/nearest.ts";
import { choice, defineCommand, text, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";

const passes = ["link", "boundaries", "overrides", "prune", "resolve", "types", "names", "all"] as const;

/** Compressed MiB of files that a page carries, unless told. */
const defaultEmbedMiB = 64;
/** Not a target of the config, but a page made of its main one. A target that is called so is `graph:web`. */
const webTarget = "web";
const graphPrefix = /^graph:/;

function readSize(text: string | undefined): number {
  const value = text === undefined ? defaultEmbedMiB : Number(text.trim() || Number.NaN);
  if (value >= 0) return value;
  const problem = "it wants a number of MiB";
  throw new DiagnosticError(faults.badFlag({}, { flag: "--embed-mib", value: text ?? "", problem }));
}

const deviceNames = ["webgpu", "wasm", "tfjs", "reference"] as const;

function readDevices(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(",").map((name) => name.trim());
  const unknown = names?.find((name) => !deviceNames.some((known) => known === name));
  if (unknown === undefined) return names;
  const guess = nearest(unknown, deviceNames);
  const problem = `there is no device '${unknown}': ${guess === undefined ? `there are ${deviceNames.join(", ")}` : `did you mean '${guess}'?`}`;
  throw new DiagnosticError(faults.badFlag({}, { flag: "--device", value: text ?? "", problem }));
}

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
    target: text(
      "--target <name>",
      "what to emit: 'web' for a page that trains in a browser, or a target of the config; default: main",
    ),
    embedMib: text("--embed-mib <n>", "with --target web: MiB of compressed data that go into the page; default: 64"),
    emit: choice("--emit <what>", "sources, bundles, or both", ["ts", "mjs", "both"], "both"),
    minify: toggle("--minify", "minify the bundles"),
    sourcemap: { flags: "--no-sourcemap", description: "no source maps", fallback: true },
    platform: choice("--platform <name>", "where the bundles are to run", ["node", "browser", "deno"], "node"),
    device: text("--device <names>", "only these devices' code in the bundles: wasm,webgpu; default: all"),
    force: toggle("--force", "build even if nothing changed, and over files that were edited by hand"),
    dumpIr: {
      flags: "--dump-ir [pass]",
      choices: passes,
      description: "print the graph after a pass, or after each",
    },
  },
  async run(host, { options, session, watch }) {
    const started = performance.now();
    const { createBuilder } = await import("../../driver/build.ts");
    const note = (line: string) => {
      if (!session.globals.quiet) host.stderr.write(`${line}\n`);
    };
    const dumpIr = options.dumpIr === true ? "all" : passes.find((pass) => pass === options.dumpIr);
    const isPage = options.target === webTarget;
    const request: BuildRequest = {
      ...session.request,
      target: isPage ? undefined : options.target?.replace(graphPrefix, ""),
      webPage: isPage ? { embedMiB: readSize(options.embedMib) } : undefined,
      outDir: options.out,
      emit: options.emit,
      minify: options.minify,
      sourcemap: options.sourcemap !== false,
      platform: options.platform,
      devices: readDevices(options.device),
      force: options.force,
      dumpIr,
      progress: (line) => note(`  ${line}`),
    };
    const make = () => createBuilder(host, watch === undefined ? undefined : "resident");
    const builder = watch?.keep("builder", make, (kept) => kept.dispose()) ?? make();
    const report = await builder.build(request).finally(() => (watch === undefined ? builder.dispose() : undefined));
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
  const run = report.programs
    .map((program) =>
      program.endsWith(".html")
        ? `open ${where}/${program} in a browser; it trains fastest from a server that isolates it (docs/web.md)`
        : `run it: node ${where}/${program}`,
    )
    .slice(0, 1);
  return [...stages, `wrote ${where}   (${(ms / 1000).toFixed(1)} s)`, ...run];
}
