/**
 * @file Speed of square products on the wasm device, on one thread and on all, beside the machine's multiply-add peak in the same run.
 *
 *     node bench/run.mjs matmul [--sizes=256,512,1024] [--threads=1,4]
 */
import { availableParallelism } from "node:os";
import { openDevice } from "../runtime/device/wasm/index.ts";
import type { Program } from "../runtime/program/program.ts";
import { argument, line, median } from "./lib/measure.ts";
import { measurePeak } from "./lib/peak.ts";

/** C = A·B as often as asked for: a run of the device costs some microseconds, which a small product would feel. */
function squareProduct(n: number, times: number): Program {
  const matrix = (buffer: number) => ({ buffer, offset: 0, rowStride: n, colStride: 1, batchStrides: [] });
  const state = (id: number, name: string) => ({
    id,
    kind: "state" as const,
    dtype: "f32" as const,
    shape: [n, n],
    name,
  });
  return {
    version: 1,
    name: `product of ${n}`,
    buffers: [state(0, `a${n}`), state(1, `b${n}`), state(2, `c${n}`)],
    kernels: Array.from({ length: times }, () => ({
      kind: "matmul" as const,
      label: "product",
      batch: [],
      m: n,
      n,
      k: n,
      a: matrix(0),
      b: matrix(1),
      inputs: [],
      epilogue: [],
      outputs: [{ access: { buffer: 2, offset: 0, strides: [n, 1] }, value: 0 }],
    })),
    arenaBytes: 64,
  };
}

const sizes = argument("sizes", "256,512,1024").split(",").map(Number);
const threadCounts = argument("threads", [...new Set([1, availableParallelism()])].join(","))
  .split(",")
  .map(Number);
for (const threads of threadCounts) {
  const device = await openDevice({ threads });
  for (const n of sizes) {
    const [a, b] = [7, 5].map((step) => Float32Array.from({ length: n * n }, (_, i) => ((i * step) % 13) / 13)) as [
      Float32Array,
      Float32Array,
    ];
    device.createState(`a${n}`, "f32", [n, n], a);
    device.createState(`b${n}`, "f32", [n, n], b);
    device.createState(`c${n}`, "f32", [n, n]);
    const times = Math.max(1, Math.round(2e8 / n ** 3));
    const product = await device.load(squareProduct(n, times));
    (await product.start(new Map())).drop();
    const c = await device.readState(`c${n}`);
    for (const [row, col] of [
      [0, 0],
      [1, 5],
      [n - 1, n - 1],
      [n >> 1, 17],
    ] as const) {
      let want = 0;
      for (let k = 0; k < n; k++) want += (a[row * n + k] as number) * (b[k * n + col] as number);
      const got = c[row * n + col] as number;
      if (!(Math.abs(got - want) <= 1e-4 * want))
        throw new Error(`product of ${n}: element ${row}, ${col} is ${got}, not ${want}`);
    }
    const ms: number[] = [];
    for (let i = 0; i < 25; i++) {
      const start = performance.now();
      (await product.start(new Map())).drop();
      ms.push((performance.now() - start) / times);
    }
    product.dispose();
    const peak = await measurePeak(threads);
    const gflops = (time: number): number => (2 * n ** 3) / time / 1e6;
    const [middle, best] = [gflops(median(ms)), gflops(Math.min(...ms))];
    line({
      bench: "matmul",
      n,
      threads,
      features: device.info.features.join(" "),
      gflops: middle,
      gflopsBest: best,
      peakGflops: peak,
      shareOfPeak: middle / peak,
      bestShareOfPeak: best / peak,
    });
  }
  await device.close();
}
