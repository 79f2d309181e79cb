/** @file `fgc train`: builds where that is needed, then runs the trainer. */
import { join, resolve } from "node:path";
import { plainData } from "../../driver/plain-data.ts";
import type { GraphValue } from "../../graph/node.ts";
import { defineCommand, text, toggle } from "../command.ts";
import { ExitCode } from "../exit-code.ts";
import { showPath } from "../output.ts";
import type { Session } from "../session.ts";
import { describeReport } from "./build.ts";

export const trainCommand = defineCommand({
  name: "train",
  group: "Training",
  summary: "build a config if needed, and train it",
  example: "fgc -t tiny.yaml train trainer_args.max_steps=200 -- --log-level debug",
  positionals: "config",
  hasConfigFlags: true,
  options: {
    device: text("--device <name>", "auto, webgpu, wasm, tfjs or reference; `fgc devices` lists them"),
    adapter: text("--adapter <name>", "which of a device's adapters: a part of its name, or software"),
    dtype: text("--dtype <name>", "what to multiply in: float32, float16 or bfloat16"),
    resume: {
      flags: "--resume [checkpoint]",
      description: "go on from the newest checkpoint, or from the one that is named",
    },
    nproc: text("--nproc <n>", "number of processes"),
    logLevel: text("--log-level <level>", "how much the trainer tells"),
    dryRun: toggle("--dry-run", "print the line that would run, and do nothing"),
    script: text("--script <file>", "write the line to a shell script instead of running it"),
    out: text("--out <dir>", "where to build and train; default: the config's own output_dir"),
    force: toggle("--force", "build even if nothing changed"),
  },
  async run(host, { options, rest, session }) {
    const given = [
      ...(options.device === undefined ? [] : ["--device", options.device]),
      ...(options.adapter === undefined ? [] : ["--adapter", options.adapter]),
      ...(options.dtype === undefined ? [] : ["--dtype", options.dtype]),
      ...(options.resume === true
        ? ["--resume"]
        : typeof options.resume === "string"
          ? [`--resume=${options.resume}`]
          : []),
      ...(options.nproc === undefined ? [] : ["--nproc", options.nproc]),
      ...(options.logLevel === undefined ? [] : ["--log-level", options.logLevel]),
      ...rest,
    ];
    const { graph, preprocessed } = session.buildGraph();
    const environment = environmentOf(graph);
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`);
    const lineFor = (program: string) => [...settings, "node", showPath(host, program), ...given.map(quote)].join(" ");
    if (options.dryRun) {
      const folder =
        options.out === undefined
          ? outputFolder(graph, session, preprocessed.config)
          : resolve(host.cwd(), options.out);
      const program = join(folder, "trainer.mjs");
      return { text: `${lineFor(program)}\n`, json: { ok: true, command: ["node", program, ...given], environment } };
    }
    const { build } = await import("../../driver/build.ts");
    const note = (line: string) => {
      if (!session.globals.quiet) host.stderr.write(`${line}\n`);
    };
    const started = performance.now();
    const report = await build(host, {
      ...session.request,
      outDir: options.out,
      force: options.force,
      progress: (line) => note(`  ${line}`),
    });
    for (const line of describeReport(host, report, performance.now() - started).filter(
      (line) => !line.startsWith("run it"),
    ))
      note(line);
    const { diagnostics, outDir } = report;
    const program = join(outDir, "trainer.mjs");
    const line = lineFor(program);
    const json = { ok: true, command: ["node", program, ...given], environment, outDir };
    if (options.script !== undefined) {
      const lines = [
        "#!/bin/sh",
        `cd ${quote(host.cwd())} || exit`,
        `exec ${settings.length > 0 ? "env " : ""}${line}`,
      ];
      host.files.writeText(options.script, `${lines.join("\n")}\n`);
      return { text: "", json, diagnostics };
    }
    note(`$ ${line}`);
    const code = await host.run(process.execPath, [program, ...given], environment);
    // A stop that was asked for keeps its code, and so does a fault of the outside (a device, the disk); whatever else the trainer ends with is a failed run.
    const passed = [0, ExitCode.Environment, 5, ExitCode.Interrupted, ExitCode.Terminated].includes(code);
    return {
      text: "",
      json: { ...json, ok: code === 0, exitCode: code },
      diagnostics,
      exitCode: passed ? code : ExitCode.RunFailed,
    };
  },
});

/** Where a build would write: the config's own `meta.output_dir`. */
function outputFolder(graph: GraphValue, session: Session, config: string): string {
  const meta = plainData(graph, "meta");
  const own =
    meta !== null && typeof meta === "object" && !Array.isArray(meta)
      ? (meta as Readonly<Record<string, unknown>>)["output_dir"]
      : undefined;
  return typeof own === "string" ? own : join(session.project.dir, "output_models", config.replace(/\.yaml$/, ""));
}

/** The config's target `env`: settings for the trainer's process. */
function environmentOf(graph: GraphValue): Readonly<Record<string, string>> {
  const declared = plainData(graph, "env");
  if (declared === null || typeof declared !== "object" || Array.isArray(declared)) return {};
  return Object.fromEntries(Object.entries(declared).map(([name, value]) => [name, String(value)]));
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
