/**
 * @file `npm run bench -- NAME [FLAGS]`: run one benchmark, or all of them. Each prints one JSON line per result.
 *
 *     npm run bench                          all: compile, matmul, training
 *     npm run bench -- training --batch=4 --length=128 --threads=1,4
 *     npm run bench -- gpu --quick           a GPU: see gpu/run.mjs; beside PyTorch: gpu/compare.mjs
 *     npm run bench -- soak                  200,000 submits through our own WebGPU device: see gpu/soak.mjs
 *     npm run bench -- peers                 jax-js and TensorFlow.js on the same workload (BENCH_MODULES, JAXJS: see ../shared/bench/README.md)
 *
 * Benchmarks in TypeScript run from the sources, bundled into a temporary folder.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./lib/bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const here = (name) => join(root, "bench", name);

/** Runs a finished script with this Node; its lines go straight through. */
function run(script, flags, engine = process.execPath) {
  const { status } = spawnSync(engine, [script, ...flags], { stdio: "inherit" });
  if (status !== 0) process.exitCode = status ?? 1;
}

async function runTypeScript(name, flags) {
  const folder = mkdtempSync(join(tmpdir(), "fgc-bench-"));
  try {
    run(await bundle(`${name}.ts`, join(folder, `${name}.mjs`)), flags);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runPeers(flags) {
  const scripts = join(root, "../shared/bench/tiny_llama");
  const data = process.env.DATA;
  if (!existsSync(scripts) || data === undefined || process.env.JAXJS === undefined) {
    console.error(
      "peers need ../shared/bench, DATA (made by its tiny_llama/gen.mjs) and JAXJS; BENCH_NODE names a newer Node",
    );
    process.exitCode = 2;
    return;
  }
  // jax-js does not start on Node 20.
  run(join(scripts, "jaxjs_tiny_llama.mjs"), [`--data=${data}`, ...flags], process.env.BENCH_NODE);
}

const benchmarks = {
  compile: (flags) => run(here("compile.mjs"), flags),
  matmul: (flags) => runTypeScript("matmul", flags),
  training: (flags) => runTypeScript("training", flags),
  gpu: (flags) => run(here("gpu/run.mjs"), flags),
  soak: (flags) => run(here("gpu/soak.mjs"), flags),
  peers: runPeers,
};

const [name, ...flags] = process.argv.slice(2);
if (name === undefined) for (const each of ["compile", "matmul", "training"]) await benchmarks[each]([]);
else if (Object.hasOwn(benchmarks, name)) await benchmarks[name](flags);
else {
  console.error(`no benchmark is called '${name}'; there are ${Object.keys(benchmarks).join(", ")}`);
  process.exitCode = 2;
}
