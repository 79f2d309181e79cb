/**
 * @file Training speed of tiny-llama-4M. One JSON line per shape: milliseconds per step and the share of the machine's multiply-add peak, which is
 * measured in the same process just before. Losses are checked first.
 *
 *     node bench/run.mjs training [--shapes=4x128,8x256] [--threads=4] [--seconds=5] [--device=wasm]
 */
import { availableParallelism } from "node:os";
import { openSession } from "../runtime/index.ts";
import {
  batchOf,
  compileTrainStep,
  expectedLosses,
  flopsPerToken,
  makeTinyLlama,
  makeTokens,
} from "../tests/numerics/tiny-llama.ts";
import { argument, line, median } from "./lib/measure.ts";
import { measurePeak } from "./lib/peak.ts";

const threads = Number(argument("threads", String(availableParallelism())));
const seconds = Number(argument("seconds", "5"));
const device = argument("device", "wasm") as "wasm" | "reference";
const tokens = makeTokens();

for (const shape of argument("shapes", "4x128,8x256").split(",")) {
  const [batch, length] = shape.split("x").map(Number) as [number, number];
  const session = await openSession({ device, threads });
  const started = performance.now();
  const train = compileTrainStep(session, makeTinyLlama());
  let step = 0;
  const advance = (): Promise<number> => train.step(batchOf(tokens, step++, batch, length));
  const losses = [await advance()];
  const firstStepMs = performance.now() - started;
  const want = expectedLosses[shape] ?? [];
  while (losses.length < want.length) losses.push(await advance());
  want.forEach((w, i) => {
    const got = losses[i] as number;
    if (!(Math.abs(got - w) <= 2e-4)) throw new Error(`${shape}: loss of step ${i} is ${got}, PyTorch has ${w}`);
  });
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 5) {
    const start = performance.now();
    await advance();
    times.push(performance.now() - start);
  }
  await session.close();
  const peak = await measurePeak(threads);
  const ms = median(times);
  const best = Math.min(...times);
  const gflop = (flopsPerToken(length) * batch * length) / 1e9;
  line({
    bench: "training",
    model: "tiny-llama-4M",
    shape,
    threads,
    device,
    losses,
    steps: times.length,
    ms,
    msBest: best,
    gflops: (gflop / ms) * 1000,
    peakGflops: peak,
    shareOfPeak: ((gflop / ms) * 1000) / peak,
    bestShareOfPeak: ((gflop / best) * 1000) / peak,
    tokensPerSecond: (batch * length * 1000) / ms,
    firstStepMs,
  });
}
