/** @file Training and decoding speed of the llama models; dispatches of a step and what they cost the host; where a step's time goes. */
import { TextGenerator } from "../../stdlib/generate/index.ts";
import type { CausalLMModel } from "../../stdlib/models/index.ts";
import {
  batchOf,
  compileTrainStep,
  expectedLosses,
  flopsPerToken,
  type LlamaSize,
  makeLlama,
} from "../../tests/numerics/tiny-llama.ts";
import { line } from "../lib/measure.ts";
import { openForBench } from "./device.ts";
import { measure, report } from "./measure.ts";
import type { Compute, Options } from "./options.ts";
import { tokensOf, writeWorkload } from "./workload.ts";

/** Losses that are checked, and printed for whoever compares. */
const checkedSteps = 3;
/** The loss is read every so many steps, as a trainer logs it. */
const readEvery = 16;
/** PyTorch's first losses stay within this much in f32; in f16 products are rounded to 11 bits. */
const lossTolerance: Readonly<Record<Compute, number>> = { f32: 2e-4, f16: 2e-2 };

function checkLosses(losses: readonly number[], size: LlamaSize, shape: string, dtype: Compute): void {
  const want = size.name === "4M" ? (expectedLosses[shape] ?? []) : [];
  losses.forEach((loss, i) => {
    const expected = want[i];
    if (!Number.isFinite(loss) || (expected !== undefined && !(Math.abs(loss - expected) <= lossTolerance[dtype])))
      throw new Error(`${size.name} ${shape} ${dtype}: loss of step ${i} is ${loss}, not ${expected}`);
  });
}

async function training(options: Options, size: LlamaSize, model: CausalLMModel): Promise<void> {
  const tokens = tokensOf(size);
  for (const dtype of options.dtypes) {
    for (const [batch, length] of options.shapes) {
      const opened = await openForBench(options);
      const session = opened.session();
      const shape = `${batch}x${length}`;
      const train = compileTrainStep(session, model, dtype);
      let step = 0;
      const next = () => batchOf(tokens, step++, batch, length);
      const started = performance.now();
      const losses = [await train.step(next())];
      const firstStepMs = performance.now() - started;
      while (losses.length < checkedSteps) losses.push(await train.step(next()));
      checkLosses(losses, size, shape, dtype);
      const before = opened.counters();
      const ms = await measure(async (count) => {
        for (let i = 1; i < count; i++) {
          const run = await train.start(next());
          if (i % readEvery === 0) void run.read().catch(() => {});
          else run.drop();
        }
        await (await train.start(next())).read();
      }, options);
      const tflops = (flopsPerToken(length, size) * batch * length) / 1e9 / Math.min(...ms);
      report(opened.setting, "training", { model: size.name, dtype, shape }, "tokens/s", batch * length, ms, {
        losses,
        tflopsBest: tflops,
        firstStepMs,
        ...opened.perRun(before),
      });
      await session.close();
    }
  }
}

/** Greedy from the token 1, with the cache. */
async function decode(options: Options, size: LlamaSize, model: CausalLMModel): Promise<void> {
  const opened = await openForBench(options);
  const session = opened.session();
  const generator = new TextGenerator(model, session);
  const run = (): Promise<number[]> => generator.generate([1], { maxNewTokens: options.tokens, doSample: false });
  const first = await run();
  const before = opened.counters();
  const ms = await measure(async (count) => {
    for (let i = 0; i < count; i++) await run();
  }, options);
  const facts = { model: size.name, dtype: "f32", shape: `1x${options.tokens}` };
  report(opened.setting, "decode", facts, "tokens/s", first.length, ms, {
    first: first.slice(0, 12),
    ...opened.perRun(before),
  });
  await session.close();
}

export async function benchModels(options: Options): Promise<void> {
  for (const size of options.models) {
    const model = makeLlama(size);
    if (options.data !== undefined) writeWorkload(options.data, size, model);
    if (options.only.has("training")) await training(options, size, model);
    if (options.only.has("decode")) await decode(options, size, model);
    if (options.only.has("kernels")) await kernels(options, size, model);
  }
}

/** Each kernel between two timestamps, by kind and label; passes of their own cost time, so the sum is more than a step takes. */
async function kernels(options: Options, size: LlamaSize, model: CausalLMModel): Promise<void> {
  const tokens = tokensOf(size);
  const [batch, length] = options.shapes[0] as readonly [number, number];
  const steps = 3;
  for (const dtype of options.dtypes) {
    const opened = await openForBench(options, { profiled: true });
    const session = opened.session();
    const { step } = compileTrainStep(session, model, dtype);
    await step(batchOf(tokens, 0, batch, length)); // what only the first step does is not counted
    const first = new Map((await opened.profile()).map((row) => [row.name, row]));
    for (let i = 1; i <= steps; i++) await step(batchOf(tokens, i, batch, length));
    const rows = (await opened.profile())
      .map(({ name, ms, calls }) => ({
        name,
        ms: (ms - (first.get(name)?.ms ?? 0)) / steps,
        calls: (calls - (first.get(name)?.calls ?? 0)) / steps,
      }))
      .filter(({ calls }) => calls > 0)
      .sort((a, b) => b.ms - a.ms);
    const total = rows.reduce((sum, { ms }) => sum + ms, 0);
    const facts = { bench: "kernel", model: size.name, dtype, shape: `${batch}x${length}` };
    for (const { name, ms, calls } of rows)
      line({ ...facts, kernel: name, msPerStep: ms, calls, share: ms / total, ...opened.setting });
    if (rows.length > 0) line({ ...facts, kernel: "all", msPerStep: total, repetitions: steps, ...opened.setting });
    await session.close();
  }
}
