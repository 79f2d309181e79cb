/**
 * @file The compiler's times as its users have them: cold commands, projects of growing size, and the time from a changed template to a new bundle.
 *
 *     npm run bench -- compile [--only=cold,scale,watch] [--runs=9] [--sizes=250,500,1000] [--node=PATH_TO_ANOTHER_NODE]
 *
 * Beside the reference: with FORGATHER=CHECKOUT upstream's own Python (../shared/bench/compile/forgather_pp.py); without one `jinja2_pp.py`, which does the same
 * with nothing but Python's jinja2 and PyYAML, and is a lower bound for it. Compared things run in turns. `ratio` is our time to that of the reference.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startWatching, timeInTurns } from "./lib/processes.mjs";
import { emit, median, options } from "./lib/report.mjs";
import { configName, writeSynthetic } from "./lib/synthetic.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { runs = "9", only = "cold,scale,watch", sizes = "250,500,1000", node = process.env.BENCH_NODE } = options();
const rounds = Number(runs);
const project = join(root, "examples/tutorials/tiny_llama");
const config = "train_tiny_llama.yaml";
const { FORGATHER: checkout } = process.env;
const scratch = mkdtempSync(join(tmpdir(), "fgc-bench-"));
// Assets are made in the first round, which does not count; the memory of checked modules is wiped where a case says so.
process.env.FGC_CACHE = join(scratch, "cache");
const forgetChecks = () => rmSync(join(scratch, "cache/checked"), { recursive: true, force: true });
const skip = (name, reason) => emit({ bench: "compile", case: name, skipped: reason });

const fgc = (...words) => [process.execPath, join(root, "bin/fgc.mjs"), ...words];
const python = (...words) => ["python3", join(root, "bench/jinja2_pp.py"), ...words];
const upstream = (...words) => [
  "python3",
  join(root, "../shared/bench/compile/forgather_pp.py"),
  "--forgather",
  checkout,
  ...words,
];
const referenceName = checkout === undefined ? "python jinja2 + PyYAML (lower bound of the reference)" : "reference";

/** @param compared the cases that do what the reference does */
function report(samples, reference, extra = {}, compared = /pp|ls|all/) {
  const times = new Map([...samples].filter(([, ms]) => ms.length > 0).map(([name, ms]) => [name, median(ms)]));
  const bare = times.get("bare node");
  const base = times.get(reference);
  for (const [name, ms] of times)
    emit({
      bench: "compile",
      case: name,
      ...extra,
      ms,
      ms_best: Math.min(...samples.get(name)),
      ...(bare !== undefined && name !== "bare node" ? { above_node_ms: ms - bare } : {}),
      ...(base !== undefined && name !== reference && compared.test(name)
        ? { ratio: ms / base, beside: reference }
        : {}),
      runs: samples.get(name).length,
    });
  return times;
}

/** Commands as whole processes, on the tutorial and on all examples. */
function cold() {
  const here = ["-p", project, "-t", config];
  const out = join(scratch, "bundle");
  const cases = {
    "bare node": { command: [process.execPath, "-e", "0"] },
    "fgc --version": { command: fgc("--version") },
    "fgc pp": { command: fgc(...here, "pp") },
    [referenceName]: { command: checkout === undefined ? python(project, config) : upstream("--reps", "1") },
    "fgc graph": { command: fgc(...here, "graph", "--format", "json") },
    "fgc ls -r, all examples": { command: fgc("-p", join(root, "examples"), "ls", "-r") },
    "fgc check": { command: fgc(...here, "check"), before: forgetChecks },
    "fgc check --all, all examples": {
      command: fgc("-p", join(root, "examples"), "check", "--all"),
      before: forgetChecks,
    },
    "fgc check --all, all examples, nothing new": { command: fgc("-p", join(root, "examples"), "check", "--all") },
    "fgc build, assets cached, new text to check": {
      command: fgc(...here, "build", "--out", out, "--force"),
      before: forgetChecks,
    },
    "fgc build, up to date": { command: fgc(...here, "build", "--out", out) },
  };
  report(timeInTurns(cases, rounds, skip), referenceName, {}, /^fgc (pp|graph)$/);
  if (node === undefined || !existsSync(node)) return;
  const other = (command) => [node, ...command.slice(1)];
  const engine = `node ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim().slice(1)}`;
  const pair = {
    "bare node": { command: other(cases["bare node"].command) },
    "fgc --version": { command: other(cases["fgc --version"].command) },
    "fgc pp": { command: other(cases["fgc pp"].command) },
    [referenceName]: cases[referenceName],
  };
  report(timeInTurns(pair, rounds, skip), referenceName, { on: engine }, /^fgc pp$/);
}

/** One process for all configs of a project; how the time grows with it. */
function scale() {
  const counts = sizes.split(",").map(Number);
  const growth = new Map();
  for (const count of counts) {
    const { project: at, files, bytes } = writeSynthetic(join(scratch, `synthetic-${count}`), count);
    const name = (what) => `${what}, ${count} configs`;
    const one = configName(count - 1);
    const inside = (stdout) => JSON.parse(stdout).total_s * 1e3;
    const reference = `${name("all")}: python jinja2 + PyYAML, an environment each (lower bound of the reference)`;
    const cases = {
      [name("fgc ls: all preprocessed and graphed")]: { command: fgc("-p", at, "ls") },
      [name("fgc check --all")]: { command: fgc("-p", at, "check", "--all"), before: forgetChecks },
      [name("fgc check --all, nothing new")]: { command: fgc("-p", at, "check", "--all") },
      [name("fgc pp of one")]: { command: fgc("-p", at, "pp", one) },
      [name("fgc trefs of one")]: { command: fgc("-p", at, "trefs", one) },
      [name("fgc tlist")]: { command: fgc("-p", at, "tlist", "--format", "md") },
      [`${name("all")}: python jinja2 + PyYAML, one environment for all`]: {
        command: python(at, "--all-one-environment"),
        read: inside,
      },
    };
    const times = report(timeInTurns(cases, count > 500 ? Math.min(rounds, 7) : rounds, skip), undefined, {
      configs: count,
      files,
      bytes,
    });
    for (const [what, ms] of times) {
      const plain = what.replace(/,? \d+ configs/, "");
      growth.set(plain, [...(growth.get(plain) ?? []), [count, ms]]);
    }
    // It takes a minute for a thousand: measured on the smallest, beside ours once more.
    if (count === Math.min(...counts)) {
      const ours = name("fgc ls: all preprocessed and graphed");
      report(
        timeInTurns(
          { [ours]: cases[ours], [reference]: { command: python(at, "--all"), read: inside } },
          Math.min(rounds, 7),
          skip,
        ),
        reference,
      );
    }
  }
  if (counts.length > 1)
    for (const [what, points] of growth)
      emit({
        bench: "compile",
        case: `growth: ${what}`,
        exponent: exponentOf(points),
        ms: points.map(([, ms]) => Math.round(ms)),
        configs: counts,
      });
  if (checkout !== undefined) {
    const inside = (stdout) => JSON.parse(stdout.trim().split("\n").at(-1)).total_s * 1e3;
    const cases = {
      "fgc ls -r, all configs of the checkout": { command: fgc("-p", join(checkout, "examples"), "ls", "-r") },
      "reference, all configs of the checkout": { command: upstream("--all"), read: inside },
    };
    report(timeInTurns(cases, 7, skip), "reference, all configs of the checkout");
  }
}

/** The slope of log time over log size; 1 is linear. Starting the program is in the time, so that small sizes flatten it. */
function exponentOf(points) {
  const logs = points.map(([count, ms]) => [Math.log(count), Math.log(ms)]);
  const mean = (at) => logs.reduce((sum, log) => sum + log[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return over / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

/** From the moment in which a template is saved to the line that says that the work is done. */
async function watch() {
  const copy = join(scratch, "examples");
  cpSync(join(root, "examples"), copy, { recursive: true, filter: (path) => !path.includes("output_models") });
  // The texts that it trains on are packages.
  symlinkSync(join(root, "node_modules"), join(scratch, "node_modules"));
  const at = join(copy, "tutorials/tiny_llama");
  const template = join(at, "templates/project.yaml");
  const text = readFileSync(template, "utf8");
  const finished = /project\.yaml changed: .*\n/;
  const cases = {
    "fgc build --watch: template saved to bundle written": [
      fgc("-p", at, "-t", config, "build", "--watch"),
      /(^|\n)wrote .*\n/,
    ],
    "fgc pp --watch": [fgc("-p", at, "-t", config, "pp", "--watch"), finished],
    "fgc check --watch": [fgc("-p", at, "-t", config, "check", "--watch"), finished],
    "fgc check --all --watch, all examples": [fgc("-p", copy, "check", "--all", "--watch"), finished],
  };
  for (const [name, [command, done]] of Object.entries(cases)) {
    writeFileSync(template, text);
    const running = startWatching(command);
    try {
      await running.until(/waiting for changes\n/);
      const ms = [];
      for (let round = -2; round < rounds; round += 1) {
        // A value that was never there: everything behind the templates has to be done again, the check of types too.
        const edited = text.replace("intermediate_size: 768", `intermediate_size: ${800 + 8 * round}`);
        const saved = performance.now();
        writeFileSync(template, edited);
        const seen = await running.until(new RegExp(`${done.source}|failed in`));
        if (seen.includes("failed in")) throw new Error("the build failed");
        if (round >= 0) ms.push(performance.now() - saved);
        if (done !== finished) await running.until(finished);
      }
      emit({ bench: "compile", case: name, ms: median(ms), ms_best: Math.min(...ms), runs: ms.length });
    } catch (error) {
      skip(name, error.message);
    } finally {
      await running.stop();
    }
  }
}

const parts = { cold, scale, watch };
try {
  for (const part of only.split(",")) await parts[part]?.();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
