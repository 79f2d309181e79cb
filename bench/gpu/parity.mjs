/**
 * @file `node bench/gpu/parity.mjs [FLAGS]`: one training run on several devices from one seed; the loss of each step must agree. JSON lines.
 *
 *     --devices=wasm,webgpu     the first is what the others are compared with
 *     --adapter=software        of webgpu
 *     --steps=50 --batch=2 --length=64 --dtype=f32|f16|bf16 --tolerance=2e-4
 *     --seed=N                  draws the weights by the library's rules; default: the workload's own weights
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bundle } from "../lib/bundle.mjs";

const outfile = fileURLToPath(new URL("../../dist/bench/parity.mjs", import.meta.url));
await bundle("gpu/parity.ts", outfile);
const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = status ?? 1;
