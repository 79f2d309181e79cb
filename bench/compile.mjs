/**
 * @file Cold compile times: `fgc pp`, `fgc graph`, `fgc build` as whole processes, beside bare Node and beside the reference.
 *
 *     node bench/compile.mjs [--runs=9] [--config=train_tiny_llama.yaml]
 *
 * The reference is upstream's Python: with FORGATHER=CHECKOUT its own preprocessor runs; without one, `jinja2_pp.py` runs the same config through Python's jinja2 and
 * PyYAML with the smallest front end that can read it, which is a lower bound for the reference. Commands alternate, so that noise hits all of them alike.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emit, median, options } from "./lib/report.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { runs = "9", config = "train_tiny_llama.yaml" } = options();
const project = join(root, "examples/tutorials/tiny_llama");
const fgc = [process.execPath, join(root, "bin/fgc.mjs"), "-p", project, "-t", config];
const out = mkdtempSync(join(tmpdir(), "fgc-bench-"));
// A cache of its own: assets are made in the first round, which does not count; the memory of checked modules is wiped where a case says so.
process.env.FGC_CACHE = join(out, "cache");
const forgetChecks = () => rmSync(join(out, "cache", "checked"), { recursive: true, force: true });

const cases = {
  "bare node": [process.execPath, "-e", "0"],
  "fgc --version": [process.execPath, join(root, "bin/fgc.mjs"), "--version"],
  "fgc pp": [...fgc, "pp"],
  "fgc graph": [...fgc, "graph", "--format", "json"],
  "fgc ls": [process.execPath, join(root, "bin/fgc.mjs"), "-p", project, "ls"],
  "fgc build (assets cached, new text to check)": [...fgc, "build", "--out", join(out, "bundle"), "--force"],
  "fgc build (up to date)": [...fgc, "build", "--out", join(out, "bundle")],
  "python3 -c 0": ["python3", "-c", "0"],
  ...(process.env.FORGATHER === undefined
    ? {
        "python jinja2 + PyYAML (lower bound of the reference)": [
          "python3",
          join(root, "bench/jinja2_pp.py"),
          project,
          config,
        ],
      }
    : {
        "reference pp": [
          "python3",
          join(root, "../shared/bench/compile/forgather_pp.py"),
          "--forgather",
          process.env.FORGATHER,
        ],
      }),
};

const samples = new Map(Object.keys(cases).map((name) => [name, []]));
try {
  for (let run = -1; run < Number(runs); run++) {
    for (const [name, [command, ...args]] of Object.entries(cases)) {
      if (name.includes("new text")) forgetChecks();
      const start = performance.now();
      const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
      const ms = performance.now() - start;
      if (error !== undefined || status !== 0) {
        if (run === -1)
          emit({ bench: "compile", case: name, skipped: error?.message ?? stderr.trim().split("\n").at(-1) });
        delete cases[name];
        continue;
      }
      // The first round fills the file cache and the asset cache.
      if (run >= 0) samples.get(name).push(ms);
    }
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
const node = median(samples.get("bare node"));
for (const [name, ms] of samples) {
  if (ms.length > 0)
    emit({
      bench: "compile",
      case: name,
      ms: median(ms),
      ms_best: Math.min(...ms),
      above_node_ms: median(ms) - node,
      runs: ms.length,
    });
}
