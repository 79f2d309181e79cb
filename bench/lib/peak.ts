/**
 * @file What this machine's threads reach in WebAssembly with nothing but multiply-adds in registers: the roof that a benchmark's result
 * is set against. Measured beside it, since other programs may be running.
 */
import { Worker } from "node:worker_threads";
import { f32, f32x4, i32, type Local } from "../../runtime/device/wasm/asm/code.ts";
import { FunctionBuilder } from "../../runtime/device/wasm/asm/function.ts";
import { ModuleBuilder } from "../../runtime/device/wasm/asm/module.ts";
import { compileOptimized } from "../../runtime/device/wasm/threads/host.ts";
import { detectCapabilities } from "../../runtime/device/wasm/tuning.ts";

const accumulators = 12;
const unroll = 8;
const rounds = 400_000;

function buildPeak(fma: boolean): Uint8Array<ArrayBuffer> {
  const f = new FunctionBuilder("peak", ["i32", "f32"], ["f32"]);
  const factor = f.let("v128", f32x4.splat(f.param(1)));
  const sums = Array.from({ length: accumulators }, (_, i): Local => f.let("v128", f32x4.splat(f32.const(i * 0.1))));
  f.doWhile(
    () => {
      for (let u = 0; u < unroll; u++) {
        for (const sum of sums)
          f.set(sum, fma ? f32x4.relaxed_madd(sum, factor, factor) : f32x4.add(f32x4.mul(sum, factor), factor));
      }
      f.set(f.param(0), i32.sub(f.param(0), 1));
    },
    () => f.param(0),
  );
  const total = sums.reduce((a, b) => f.let("v128", f32x4.add(a, b)));
  f.emit(f32x4.extract_lane(total, 0));
  const module = new ModuleBuilder();
  module.add(f, "peak");
  return module.encode({ initial: 1, maximum: 1 });
}

/** GFLOPS of all threads together, the best of a few rounds. */
export async function measurePeak(threads: number): Promise<number> {
  const { fma } = detectCapabilities({
    memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    shared: true,
  });
  const module = await compileOptimized(() => WebAssembly.compile(buildPeak(fma)));
  const source = `
    const { parentPort, workerData: { module } } = require("node:worker_threads");
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const { peak } = new WebAssembly.Instance(module, { env: { memory } }).exports;
    parentPort.on("message", (rounds) => { const start = performance.now(); peak(rounds, 0.999); parentPort.postMessage(performance.now() - start); });`;
  const workers = Array.from({ length: threads }, () => new Worker(source, { eval: true, workerData: { module } }));
  const ask = (n: number): Promise<number[]> =>
    Promise.all(
      workers.map((worker) => {
        const answer = new Promise<number>((resolve) => worker.once("message", resolve));
        worker.postMessage(n);
        return answer;
      }),
    );
  await ask(1000);
  let best = 0;
  for (let i = 0; i < 7; i++) {
    const times = await ask(rounds);
    const flops = times.reduce((sum, ms) => sum + (rounds * unroll * accumulators * 8) / ms / 1e6, 0);
    best = Math.max(best, flops);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return best;
}
