/** @file Training in 16 bits: close to float32, weights in float32, and a loss scale that finds its place and survives a resume. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession, type Session, type Tensor } from "fgc/runtime";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { narrowTypeNotice } from "../../stdlib/device-choice.ts";
import { AdamW } from "../../stdlib/optim/index.ts";
import {
  type CallbackContext,
  readWeights,
  Trainer,
  type TrainerOptions,
  TrainingArguments,
  type TrainingArgumentsOptions,
} from "../../stdlib/train/index.ts";
import { LossScaler } from "../../stdlib/train/loss-scaler.ts";
import { resolvePrecision } from "../../stdlib/train/precision.ts";
import { makeMiniTraining } from "../conformance/mini-training.ts";
import { Bigram, blocks, collator } from "./bigram.ts";

let folder: string;
const sessions: Session[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fgc-precision-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => Promise.all(sessions.map((session) => session.close())));

async function open(device: "reference" | "wasm"): Promise<Session> {
  const session = await openSession({ device });
  sessions.push(session);
  return session;
}

/** The loss times a factor: gradients of any size. */
class LoudBigram extends Bigram {
  readonly #loudness: number;
  constructor(loudness: number) {
    super();
    this.#loudness = loudness;
  }
  override forward(inputs: Parameters<Bigram["forward"]>[0]) {
    const { logits, loss } = super.forward(inputs);
    return { logits, loss: loss?.mul(this.#loudness) };
  }
}

async function makeTrainer(
  args: TrainingArgumentsOptions,
  {
    loudness = 1,
    device = "reference",
    ...options
  }: Partial<TrainerOptions> & { loudness?: number; device?: "reference" | "wasm" } = {},
) {
  const warnings: string[] = [];
  let model: Bigram | undefined;
  const trainer = new Trainer({
    args: new TrainingArguments({
      ...{ outputDir: join(folder, "out"), seed: 7, perDeviceTrainBatchSize: 2, saveStrategy: "no" },
      ...{ loggingSteps: 1, maxGradNorm: 1, numTrainEpochs: 100 },
      ...args,
    }),
    modelInit: () => {
      model = new LoudBigram(loudness);
      return model;
    },
    dataCollator: collator,
    trainDataset: blocks(40),
    evalDataset: blocks(6),
    optimizerFactory: (parameters) => new AdamW(parameters, { lr: 0.02 }),
    session: await open(device),
    warn: (line) => warnings.push(line),
    ...options,
  });
  return { trainer, warnings, model: () => model! };
}
const logsOf = (log: readonly Readonly<Record<string, number>>[]) => log.filter((r) => r["loss"] !== undefined);
const lossesOf = (log: readonly Readonly<Record<string, number>>[]) => logsOf(log).map((r) => r["loss"]!);

/**
 * Rounding each operand to 11 bits (f16) or 8 (bf16) leaves a relative error of 2⁻¹² or 2⁻⁹ in a product's terms; over eight steps of AdamW a loss stays
 * within a few times that.
 */
const tolerance = { f16: 1e-3, bf16: 8e-3 } as const;

describe.each(["reference", "wasm"] as const)("on %s", (device) => {
  test.each(["f16", "bf16"] as const)("the mini model in %s trains along its float32 curve", async (compute) => {
    const wide = await makeMiniTraining(await open(device), 8);
    const narrow = await makeMiniTraining(await open(device), 8, { compute });
    expect(wide.losses.at(-1)).toBeLessThan(wide.losses[0]! - 0.5);
    for (const [i, loss] of narrow.losses.entries()) {
      expect(Math.abs(loss - wide.losses[i]!)).toBeLessThan(tolerance[compute] * wide.losses[i]!);
      expect(Math.abs(narrow.gradientNorms[i]! / wide.gradientNorms[i]! - 1)).toBeLessThan(8 * tolerance[compute]);
    }
    // It is another computation, not the same one under another name.
    expect(narrow.losses).not.toEqual(wide.losses);
  });

  test.each([1, 3])(
    "the trainer in float16, accumulating %i: the same curve, weights in float32",
    async (accumulation) => {
      const args = {
        maxSteps: 12,
        gradientAccumulationSteps: accumulation,
        evalStrategy: "steps",
        evalSteps: 12,
      } as const;
      const wide = await (await makeTrainer(args, { device })).trainer.train();
      const narrow = await makeTrainer({ ...args, dtype: "float16", saveStrategy: "steps", saveSteps: 12 }, { device });
      const { state, checkpoint } = await narrow.trainer.train();
      const [there, here] = [lossesOf(wide.state.logHistory), lossesOf(state.logHistory)];
      for (const [i, loss] of here.entries()) expect(Math.abs(loss - there[i]!)).toBeLessThan(2e-3 * there[i]!);
      expect(logsOf(state.logHistory).at(-1)).toMatchObject({ loss_scale: 65_536, skipped_steps: 0 });
      expect(logsOf(wide.state.logHistory).at(-1)).not.toHaveProperty("loss_scale");
      expect([...readWeights(checkpoint!).values()].map(({ dtype }) => dtype)).toEqual(["f32", "f32"]);
      expect(narrow.warnings).toEqual([]);
    },
  );
});

describe("overflow", () => {
  test("skips the step whole: scale down, weights and moments as they were; then training goes on", async () => {
    const session = await open("reference");
    const snapshot: Float32Array[] = [];
    const keep = {
      onTrainBegin: async (_a: unknown, _s: unknown, _c: unknown, { model }: CallbackContext) => {
        for (const p of model.parameters()) snapshot.push(Float32Array.from((await session.read(p)).data));
      },
    };
    const one = await makeTrainer({ maxSteps: 1, dtype: "fp16" }, { loudness: 3e4, session, callbacks: [keep] });
    const { state } = await one.trainer.train();
    for (const [i, p] of one.model().parameters().entries()) expect((await session.read(p)).data).toEqual(snapshot[i]);
    expect(logsOf(state.logHistory)[0]).toMatchObject({ loss_scale: 32_768, skipped_steps: 1 });
    expect(one.warnings).toEqual([expect.stringMatching(/gradients of step 1 left .* the loss scale is 32768 now/)]);

    const long = await makeTrainer({ maxSteps: 60, dtype: "half", loggingSteps: 20 }, { loudness: 3e4 });
    const records = logsOf((await long.trainer.train()).state.logHistory);
    expect(records[0]!["skipped_steps"]).toBeGreaterThan(1);
    expect(records[2]!["skipped_steps"]).toBe(0);
    expect(records[2]!["loss"]).toBeLessThan(0.8 * records[0]!["loss"]!);
    expect(Number.isFinite(records[0]!["grad_norm"])).toBe(true);
    // Once per window of the log, not once per step.
    expect(long.warnings).toHaveLength(1);
  });

  test("with accumulation, an overflow in one micro step skips the window", async () => {
    const args = { maxSteps: 40, gradientAccumulationSteps: 2, dtype: "float16", loggingSteps: 20 } as const;
    const { trainer } = await makeTrainer(args, { loudness: 3e4 });
    const records = logsOf((await trainer.train()).state.logHistory);
    expect(records[0]!["skipped_steps"]).toBeGreaterThan(1);
    expect(records[1]!["skipped_steps"]).toBe(0);
    expect(records[1]!["loss"]).toBeLessThan(records[0]!["loss"]!);
  });

  test("bfloat16 has the range of float32, and no scale", async () => {
    const { trainer, warnings } = await makeTrainer({ maxSteps: 20, bf16: true }, { loudness: 3e4 });
    const records = logsOf((await trainer.train()).state.logHistory);
    expect(records.at(-1)).not.toHaveProperty("loss_scale");
    expect(records.at(-1)!["loss"]).toBeLessThan(records[0]!["loss"]!);
    expect(warnings).toEqual([]);
  });
});

describe("the loss scale", () => {
  test("doubles after 2000 good steps in a row, halves at once", async () => {
    const session = await open("reference");
    const scaler = new LossScaler();
    const step = session.compile(({ norm }: Record<"norm", Tensor>) => ({ scale: scaler.guard(norm, () => {}) }));
    const scaleAfter = async (norm: number) => (await step({ norm })).scale.data[0];
    await scaleAfter(1);
    scaler.loadStateDict({ scale: 65_536, good_steps: 1998 }, session);
    expect([await scaleAfter(1), await scaleAfter(1), await scaleAfter(1)]).toEqual([65_536, 131_072, 131_072]);
    expect([await scaleAfter(Number.NaN), await scaleAfter(Number.POSITIVE_INFINITY)]).toEqual([65_536, 32_768]);
    expect(await scaler.stateDict(session)).toEqual({ scale: 32_768, good_steps: 0 });
  });

  test("is saved, and restored bit for bit", async () => {
    const args = { dtype: "float16", saveStrategy: "steps", saveSteps: 6, maxSteps: 12 } as const;
    const whole = await (
      await makeTrainer({ ...args, outputDir: join(folder, "whole") }, { loudness: 3e4 })
    ).trainer.train();
    await (await makeTrainer({ ...args, maxSteps: 6 }, { loudness: 3e4 })).trainer.train();
    const saved = join(folder, "out/checkpoints/checkpoint-6/loss_scaler_state.json");
    expect((JSON.parse(readFileSync(saved, "utf8")) as { scale: number }).scale).toBeLessThan(65_536);
    const again = await makeTrainer({ ...args, resumeFromCheckpoint: true }, { loudness: 3e4 });
    const rest = await again.trainer.train();
    expect(lossesOf(rest.state.logHistory)).toEqual(lossesOf(whole.state.logHistory).slice(6));
    expect(logsOf(rest.state.logHistory).at(-1)!["loss_scale"]).toBe(
      logsOf(whole.state.logHistory).at(-1)!["loss_scale"],
    );
  });
});

describe("names", () => {
  const none = { dtype: null, fp16: false, bf16: false, defaultDtype: null } as const;
  test.each([
    [none, "float32"],
    [{ ...none, dtype: "half" }, "float16"],
    [{ ...none, dtype: "torch.bfloat16" }, "bfloat16"],
    [{ ...none, fp16: true }, "float16"],
    [{ ...none, bf16: true, defaultDtype: "float32" }, "bfloat16"],
    [{ ...none, defaultDtype: "fp16" }, "float16"],
    [{ ...none, dtype: "float32", fp16: true }, "float32"],
  ] as const)("%o is %s", (settings, name) => {
    expect(resolvePrecision(settings as Parameters<typeof resolvePrecision>[0]).name).toBe(name);
  });
  test("a type that a GPU keeps in 32 bits is said to be", () => {
    const gpu = { name: "webgpu", threads: 1, adapter: "Old GPU", features: ["f16"], notices: [] };
    expect(narrowTypeNotice(gpu, "f16")).toBeUndefined();
    expect(narrowTypeNotice(gpu, "bf16")).toMatch(/^webgpu on Old GPU has no bfloat16/);
    expect(narrowTypeNotice({ ...gpu, features: [] }, "f16")).toMatch(/has no float16/);
    expect(narrowTypeNotice({ ...gpu, name: "wasm", features: [] }, "bf16")).toBeUndefined();
  });
  test("unknown and contradictory ones are refused before anything runs", () => {
    expect(() => new TrainingArguments({ dtype: "float61" as never })).toThrow(/no type "float61"/);
    expect(() => new TrainingArguments({ fp16: true, bf16: true })).toThrow(/both set/);
    expect(() => new TrainingArguments({ device: "cuda:0" as never })).toThrow(/no device "cuda:0"/);
  });
});
