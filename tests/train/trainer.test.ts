/** @file The trainer on a tiny model: order of events, logs, evaluation, checkpoints, and resuming bit for bit. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession, type Session } from "fgc/runtime";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { DataLoader } from "../../stdlib/data/index.ts";
import { Dropout } from "../../stdlib/nn/index.ts";
import { AdamW, CosineWithWarmup } from "../../stdlib/optim/index.ts";
import {
  DivergenceWatch,
  listCheckpoints,
  readWeights,
  Trainer,
  type TrainerCallback,
  type TrainerOptions,
  TrainingArguments,
  type TrainingArgumentsOptions,
} from "../../stdlib/train/index.ts";
import { Bigram, blocks, collator, vocab } from "./bigram.ts";

let folder: string;
let session: Session;
const sessions: Session[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fgc-trainer-"));
  session = await openSession({ device: "reference" });
  sessions.push(session);
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => Promise.all(sessions.map((s) => s.close())));

/** 13 blocks in batches of 2 are 7 batches, the last a short one; two at a time they are 4 windows, the last a short one. */
async function makeTrainer(args: TrainingArgumentsOptions, options: Partial<TrainerOptions> = {}, name = "out") {
  const own = await openSession({ device: "reference" });
  sessions.push(own);
  const warnings: string[] = [];
  const trainer = new Trainer({
    args: new TrainingArguments({
      ...{
        outputDir: join(folder, name),
        seed: 7,
        perDeviceTrainBatchSize: 2,
        perDeviceEvalBatchSize: 2,
        saveStrategy: "no",
      },
      ...{ loggingSteps: 1, maxGradNorm: 1, numTrainEpochs: 10 },
      ...args,
    }),
    modelInit: () => new Bigram(),
    dataCollator: collator,
    trainDataset: blocks(13),
    evalDataset: blocks(5),
    optimizerFactory: (parameters) => new AdamW(parameters, { lr: 0.05 }),
    lrSchedulerFactory: (optimizer) => new CosineWithWarmup(optimizer, { numWarmupSteps: 2, numTrainingSteps: 20 }),
    session: own,
    warn: (line) => warnings.push(line),
    ...options,
  });
  return { trainer, warnings };
}

const weightsOf = (path: string) => [...readWeights(path)].map(([name, { data }]) => [name, [...data]] as const);
const lossesOf = (log: readonly Readonly<Record<string, number>>[]) =>
  log
    .filter((r) => r["loss"] !== undefined)
    .map(({ step, loss, grad_norm, learning_rate, epoch }) => ({ step, loss, grad_norm, learning_rate, epoch }));

describe("resuming", () => {
  test.each([
    ["in the middle of an epoch", { gradientAccumulationSteps: 1 }, 5],
    ["with accumulation, after a short window", { gradientAccumulationSteps: 2 }, 4],
    ["with accumulation, in the middle of an epoch", { gradientAccumulationSteps: 2 }, 6],
    ["dropping the last", { gradientAccumulationSteps: 2, dataloaderDropLast: true }, 4],
  ] as const)("%s: weights and losses are equal to the bit", async (_, args, cut) => {
    const whole = await makeTrainer({ ...args, maxSteps: 12, saveStrategy: "steps", saveSteps: 12 }, {}, "whole");
    const all = await whole.trainer.train();
    const first = await makeTrainer(
      { ...args, maxSteps: cut, saveStrategy: "steps", saveSteps: cut, loggingSteps: 5 },
      {},
      "parts",
    );
    await first.trainer.train();
    const second = await makeTrainer(
      { ...args, maxSteps: 12, saveStrategy: "steps", saveSteps: 12, resumeFromCheckpoint: true },
      {},
      "parts",
    );
    const rest = await second.trainer.train();
    expect(second.warnings).toEqual([expect.stringContaining(`at step ${cut}`)]);
    expect(weightsOf(rest.checkpoint!)).toEqual(weightsOf(all.checkpoint!));
    const last = lossesOf(rest.state.logHistory).slice(-3);
    expect(last).toEqual(lossesOf(all.state.logHistory).slice(-3));
    expect(rest.state.numInputTokensSeen).toBe(all.state.numInputTokensSeen);
  });

  test("the same on the wasm device, whatever the number of threads", async () => {
    const args = { maxSteps: 6, gradientAccumulationSteps: 2, saveStrategy: "steps", saveSteps: 3 } as const;
    const on = async (threads: number) => {
      const opened = await openSession({ device: "wasm", threads });
      sessions.push(opened);
      return opened;
    };
    const all = await (await makeTrainer(args, { session: await on(2) }, "whole")).trainer.train();
    await (await makeTrainer({ ...args, maxSteps: 3 }, { session: await on(1) }, "parts")).trainer.train();
    const rest = await (
      await makeTrainer({ ...args, resumeFromCheckpoint: true }, { session: await on(3) }, "parts")
    ).trainer.train();
    expect(weightsOf(rest.checkpoint!)).toEqual(weightsOf(all.checkpoint!));
  });

  test("a stop finishes the step and saves; the run goes on as if nothing had happened", async () => {
    const whole = await makeTrainer({ maxSteps: 9, saveStrategy: "steps", saveSteps: 9 }, {}, "whole");
    const all = await whole.trainer.train();
    const stopped = await makeTrainer(
      { maxSteps: 9 },
      {
        callbacks: [
          { onSubstepEnd() {}, onStepEnd: (_a, state) => void (state.globalStep === 4 && stopped.trainer.stop()) },
        ],
      },
      "stopped",
    );
    const part = await stopped.trainer.train();
    expect(part).toMatchObject({ reason: "requested", checkpoint: join(folder, "stopped/checkpoints/checkpoint-4") });
    const resumed = await makeTrainer(
      { maxSteps: 9, saveStrategy: "steps", saveSteps: 9, resumeFromCheckpoint: true },
      {},
      "stopped",
    );
    const rest = await resumed.trainer.train();
    expect(weightsOf(rest.checkpoint!)).toEqual(weightsOf(all.checkpoint!));
    expect(lossesOf(rest.state.logHistory)).toEqual(lossesOf(all.state.logHistory).slice(4));
  });

  test("a log window is not cut by a checkpoint", async () => {
    const args = { loggingSteps: 4, saveStrategy: "steps", saveSteps: 6 } as const;
    const all = await (await makeTrainer({ ...args, maxSteps: 8 }, {}, "whole")).trainer.train();
    await (await makeTrainer({ ...args, maxSteps: 6 }, { callbacks: [] }, "parts")).trainer.train();
    // The first part logs what is left over at its end; a stop does not, and neither does a kill right after the save.
    const saved = join(folder, "parts/checkpoints/checkpoint-6");
    const rest = await (
      await makeTrainer({ ...args, maxSteps: 8, resumeFromCheckpoint: saved }, {}, "parts")
    ).trainer.train();
    expect(lossesOf(rest.state.logHistory)).toEqual(lossesOf(all.state.logHistory).slice(1));
  });

  test("a damaged newest checkpoint gives way to the one before; a damaged one that is named is an error", async () => {
    const { trainer } = await makeTrainer({ maxSteps: 4, saveStrategy: "steps", saveSteps: 2 });
    await trainer.train();
    const newest = join(folder, "out/checkpoints/checkpoint-4");
    truncateSync(join(newest, readdirSync(newest).find((f) => f.startsWith("model-"))!), 100);
    const again = await makeTrainer({ maxSteps: 4, resumeFromCheckpoint: true });
    await again.trainer.train();
    expect(again.warnings[0]).toMatch(
      /checkpoint-4\/model-00001-of-00001\.safetensors is damaged: .*; trying .*checkpoint-2/,
    );
    const named = await makeTrainer({ maxSteps: 4, resumeFromCheckpoint: newest });
    await expect(named.trainer.train()).rejects.toMatchObject({ code: "train/damaged-checkpoint" });
    const missing = await makeTrainer({ resumeFromCheckpoint: join(folder, "nowhere") });
    await expect(missing.trainer.train()).rejects.toMatchObject({ code: "train/no-checkpoint" });
  });

  test("a missing part is a warning, with strict_resume an error", async () => {
    const { trainer } = await makeTrainer({ maxSteps: 2, saveStrategy: "steps", saveSteps: 2 });
    const { checkpoint } = await trainer.train();
    unlinkSync(join(checkpoint!, "scheduler_state.json"));
    const lenient = await makeTrainer({ maxSteps: 3, resumeFromCheckpoint: true });
    await lenient.trainer.train();
    expect(lenient.warnings[0]).toMatch(/no scheduler_state\.json/);
    const strict = await makeTrainer({ maxSteps: 3, resumeFromCheckpoint: true, strictResume: true });
    await expect(strict.trainer.train()).rejects.toMatchObject({ code: "train/incomplete-checkpoint" });
  });

  test("callbacks with state are resumed", async () => {
    const { trainer } = await makeTrainer(
      { maxSteps: 3, saveStrategy: "steps", saveSteps: 3 },
      { callbacks: [new DivergenceWatch()] },
    );
    await trainer.train();
    const watch = new DivergenceWatch();
    const again = await makeTrainer({ maxSteps: 3, resumeFromCheckpoint: true }, { callbacks: [watch] });
    await again.trainer.train();
    expect(watch.stateDict()).toHaveLength(3);
  });
});

test("weights, order and dropout masks of a seed are the same on every device: so are the losses, but for rounding", async () => {
  const lossesOn = async (device: "reference" | "wasm") => {
    const opened = await openSession({ device });
    sessions.push(opened);
    const { trainer } = await makeTrainer({ maxSteps: 20, gradientAccumulationSteps: 2 }, { session: opened }, device);
    return lossesOf((await trainer.train()).state.logHistory).map(({ loss }) => loss!);
  };
  const [there, here] = [await lossesOn("reference"), await lossesOn("wasm")];
  for (const [i, loss] of there.entries()) expect(Math.abs(here[i]! - loss)).toBeLessThan(1e-5);
});

describe("the loop", () => {
  /** Writes down every event. */
  const recorder = (events: string[]): TrainerCallback => {
    const names =
      "onInitEnd onTrainBegin onEpochBegin onStepBegin onSubstepEnd onPreOptimizerStep onOptimizerStep onStepEnd onLog onPredictionStep onEvaluate onSave onEpochEnd onTrainEnd";
    return Object.fromEntries(names.split(" ").map((name) => [name, () => void events.push(name.slice(2))]));
  };

  test("events in their order: log, evaluate, save", async () => {
    const events: string[] = [];
    const args = {
      maxSteps: 2,
      gradientAccumulationSteps: 2,
      loggingSteps: 2,
      evalStrategy: "steps",
      evalSteps: 2,
      saveStrategy: "steps",
      saveSteps: 2,
    } as const;
    const { trainer } = await makeTrainer(args, { callbacks: [recorder(events)] });
    await trainer.train();
    const step = "StepBegin SubstepEnd PreOptimizerStep OptimizerStep StepEnd";
    const expected = `InitEnd TrainBegin EpochBegin ${step} ${step} Log PredictionStep PredictionStep PredictionStep Evaluate Save Log TrainEnd`;
    expect(events.join(" ")).toBe(expected);
  });

  test("epochs: short windows are steps, epoch counts batches, epoch strategies fire at the end", async () => {
    const events: string[] = [];
    const args = {
      numTrainEpochs: 2,
      gradientAccumulationSteps: 2,
      loggingStrategy: "epoch",
      evalStrategy: "epoch",
    } as const;
    const { trainer } = await makeTrainer(args, { callbacks: [recorder(events)] });
    const { state } = await trainer.train();
    expect(state.globalStep).toBe(8); // ⌈7 / 2⌉ per epoch
    expect(state.epoch).toBe(2);
    expect(lossesOf(state.logHistory).map((r) => [r.step, r.epoch])).toEqual([
      [4, 1],
      [8, 2],
    ]);
    expect(events.filter((e) => e.startsWith("Epoch"))).toEqual(["EpochBegin", "EpochEnd", "EpochBegin", "EpochEnd"]);
    expect(events.filter((e) => e === "Evaluate")).toHaveLength(2);
  });

  test("accumulating is averaging: the same gradients as one large batch", async () => {
    const noDropout = () => {
      const model = new Bigram();
      return Object.assign(model, { dropout: new Dropout(0) });
    };
    const loader = (batchSize: number) => new DataLoader(blocks(8), { batchSize, collator });
    const run = async (batchSize: number, gradientAccumulationSteps: number, name: string) => {
      const args = { maxSteps: 2, gradientAccumulationSteps, saveStrategy: "steps", saveSteps: 2 } as const;
      const { trainer } = await makeTrainer(args, { modelInit: noDropout, trainDataset: loader(batchSize) }, name);
      const { state } = await trainer.train();
      return lossesOf(state.logHistory);
    };
    const [large, small] = [await run(4, 1, "large"), await run(2, 2, "small")];
    for (const [i, record] of large.entries()) {
      expect(small[i]!.loss).toBeCloseTo(record.loss!, 5);
      expect(small[i]!.grad_norm).toBeCloseTo(record.grad_norm!, 5);
    }
  });

  test("it learns; the logged rate is the next step's; the norm is measured before clipping", async () => {
    const { trainer } = await makeTrainer(
      { maxSteps: 20, maxGradNorm: 1e-3 },
      {
        lrSchedulerFactory: (optimizer) =>
          new CosineWithWarmup(optimizer, { numWarmupSteps: 2, numTrainingSteps: 1000 }),
        modelInit: () => Object.assign(new Bigram(), { dropout: new Dropout(0) }),
      },
    );
    const log = lossesOf((await trainer.train()).state.logHistory);
    expect(log[0]!.learning_rate).toBeCloseTo(0.025, 6);
    expect(log[0]!.grad_norm).toBeGreaterThan(1e-2);
    expect(log.at(-1)!.loss).toBeLessThan(log[0]!.loss! - 0.5);
  });

  test("control flags act now, and are cleared", async () => {
    const seen: number[] = [];
    const { trainer } = await makeTrainer(
      { maxSteps: 6, loggingStrategy: "no" },
      {
        callbacks: [
          {
            onStepEnd: (_a, state, control) => ({
              ...control,
              shouldSave: state.globalStep === 2,
              shouldEvaluate: state.globalStep === 2,
              shouldTrainingStop: state.globalStep === 3,
            }),
            onSave: (_a, state) => void seen.push(state.globalStep),
            onEvaluate: (_a, state) => void seen.push(-state.globalStep),
          },
        ],
      },
    );
    const { state, reason } = await trainer.train();
    expect([state.globalStep, reason, seen]).toEqual([3, "done", [-2, 2]]);
  });

  test("an abort saves nothing", async () => {
    const { trainer } = await makeTrainer(
      { maxSteps: 6, saveStrategy: "epoch" },
      {
        callbacks: [{ onStepEnd: (_a, _s, control) => ({ ...control, shouldAbortWithoutSave: true }) }],
      },
    );
    expect((await trainer.train()).reason).toBe("aborted");
    expect(listCheckpoints(join(folder, "out"))).toEqual([]);
  });

  test("faults of the setup are named", async () => {
    const empty = await makeTrainer({}, { trainDataset: blocks(0) });
    await expect(empty.trainer.train()).rejects.toMatchObject({ code: "train/empty-dataset" });
    const noData = await makeTrainer({}, { trainDataset: null });
    await expect(noData.trainer.train()).rejects.toMatchObject({ code: "train/no-dataset" });
    const noEval = await makeTrainer({ maxSteps: 1, evalStrategy: "steps", evalSteps: 1 }, { evalDataset: null });
    expect((await noEval.trainer.train()).reason).toBe("done"); // training without an evaluation set is fine
  });
});

describe("evaluation", () => {
  test("not divided by the accumulation; at most max_eval_steps batches; by tokens; several sets", async () => {
    const evaluate = async (args: TrainingArgumentsOptions, options: Partial<TrainerOptions> = {}) =>
      (await makeTrainer(args, options)).trainer.evaluate();
    const plain = (await evaluate({}))["eval_loss"]!;
    expect((await evaluate({ gradientAccumulationSteps: 4 }))["eval_loss"]).toBe(plain);
    const first = (await evaluate({ maxEvalSteps: 1 }))["eval_loss"]!;
    expect(first).not.toBe(plain);
    expect((await evaluate({}, { evalDataset: blocks(2) }))["eval_loss"]).toBe(first);
    const byToken = (await evaluate({ evalReduction: "token" }))["eval_loss"]!;
    expect(byToken).not.toBe(plain); // the last batch is half as large
    const named = await evaluate({}, { evalDataset: { a: blocks(5), b: blocks(2) } });
    expect(named).toMatchObject({ eval_a_loss: plain, eval_b_loss: first, eval_loss: (plain + first) / 2 });
  });
});

describe("checkpoints", () => {
  test("the best and the newest are kept; the best is loaded at the end", async () => {
    const losses = [5, 1, 4, 3];
    const { trainer } = await makeTrainer(
      {
        maxSteps: 4,
        evalStrategy: "steps",
        evalSteps: 1,
        saveStrategy: "steps",
        saveSteps: 1,
        saveTotalLimit: 2,
        loadBestModelAtEnd: true,
      },
      {
        callbacks: [
          {
            onEvaluate: (_a, state, _c, { metrics }) =>
              void Object.assign(metrics!, { eval_loss: losses[state.globalStep - 1] }),
          },
        ],
      },
    );
    const { state } = await trainer.train();
    expect(
      listCheckpoints(join(folder, "out"))
        .map((c) => c.step)
        .sort(),
    ).toEqual([2, 4]);
    expect(state).toMatchObject({ bestMetric: 1, bestModelCheckpoint: join(folder, "out/checkpoints/checkpoint-2") });
    await trainer.saveModel(join(folder, "model"));
    expect(weightsOf(join(folder, "model"))).toEqual(weightsOf(state.bestModelCheckpoint!));
    await expect(trainer.saveModel(join(folder, "model"))).rejects.toMatchObject({ code: "train/would-overwrite" });
  });

  test("files of a checkpoint, and of a failed one nothing", async () => {
    const { trainer } = await makeTrainer({ maxSteps: 1, saveStrategy: "steps", saveSteps: 1 });
    const { checkpoint } = await trainer.train();
    expect(readdirSync(checkpoint!).sort()).toEqual([
      ...[
        "COMPLETE",
        "dataset_state.json",
        "model-00001-of-00001.safetensors",
        "model.safetensors.index.json",
        "optimizer_state.json",
      ],
      ...["optimizer_state.safetensors", "rng_state.json", "scheduler_state.json", "trainer_state.json"],
    ]);
    const index = JSON.parse(readFileSync(join(checkpoint!, "model.safetensors.index.json"), "utf8")) as {
      metadata: object;
      weight_map: object;
    };
    expect(index).toMatchObject({
      metadata: { total_size: 2 * vocab * 8 * 4 },
      weight_map: { "head.weight": "model-00001-of-00001.safetensors" },
    });
    // A file stands where the folder should be: nothing can be written.
    writeFileSync(join(folder, "blocked"), "");
    const blocked = await makeTrainer({ maxSteps: 1, saveStrategy: "steps", saveSteps: 1 }, {}, "blocked");
    await expect(blocked.trainer.train()).rejects.toMatchObject({ code: "train/cannot-write", kind: "outside" });
  });
});
