/**
 * @file `node bench/gpu/run.mjs [FLAGS]`: what a device reaches. One JSON line per result.
 *
 *     --only=matmul,dispatch,training,decode,kernels   default: all
 *     --device=webgpu --adapter=NAME|software          which device and which of its adapters
 *     --sizes=512,1024,2048,4096                       square products
 *     --dtypes=f32,f16
 *     --models=4M,117M --shapes=32x512                 training: batch × length
 *     --tokens=255                                     decoding, greedy, from one token
 *     --seconds=3 --repetitions=7                      a repetition takes about SECONDS / REPETITIONS
 *     --quick                                          the smallest sizes of each, once: is everything there and right?
 *     --data=DIR                                       writes weights and tokens there for torch_peer.py (see compare.mjs)
 *
 * On a bare GPU machine, with nothing installed. Here, once, in the project's root, after `npm ci`:
 *
 *     node bench/gpu/run.mjs --build                   makes dist/bench/gpu.mjs: one file, which needs no package but webgpu
 *     ../shared/tools/gpu/pack.sh                      packs Node, webgpu and the Vulkan loader into .gpu
 *
 * There, with .gpu and dist/bench carried along (git ignores both), in the project's root:
 *
 *     . .gpu/setup.sh && node bench/gpu/run.mjs        or `node bench/gpu/compare.mjs`, beside PyTorch
 *
 * On a machine without a GPU, Debian's chromium package has a driver for the processor; it shows that all of this runs, nothing more:
 *
 *     VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json XDG_RUNTIME_DIR=/tmp node bench/gpu/run.mjs --adapter=software --quick
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { bundle } from "../lib/bundle.mjs";

const outfile = fileURLToPath(new URL("../../dist/bench/gpu.mjs", import.meta.url));
const flags = process.argv.slice(2);

function canBuild() {
  try {
    createRequire(import.meta.url).resolve("esbuild");
    return true;
  } catch {
    return false;
  }
}

// Where the sources can be bundled they are, so that a result is never that of yesterday's code.
if (canBuild()) await bundle("gpu/main.ts", outfile);
else if (!existsSync(outfile)) {
  console.error(
    "dist/bench/gpu.mjs is not here, and esbuild, which would make it, is not installed: see the head of this file",
  );
  process.exit(2);
}
if (!flags.includes("--build")) {
  const { status, signal } = spawnSync(process.execPath, [outfile, ...flags], { stdio: "inherit" });
  if (signal !== null) console.error(`the benchmark was ended by ${signal}`);
  process.exitCode = status ?? 1;
}
