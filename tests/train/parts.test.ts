/** @file The trainer's parts that need no device: arguments, flags, periods, logs, event files, curve, checkpoint folders. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { TrainingArguments } from "../../stdlib/train/arguments.ts";
import { guessGreaterIsBetter, isBetter, metricValue } from "../../stdlib/train/best-metric.ts";
import type { CallbackContext } from "../../stdlib/train/callback.ts";
import { DivergenceWatch } from "../../stdlib/train/callbacks/divergence-watch.ts";
import { formatDuration, formatEvaluation, formatLog, linePrefix } from "../../stdlib/train/callbacks/format.ts";
import { JsonLogger } from "../../stdlib/train/callbacks/json-logger.ts";
import { ProgressCallback } from "../../stdlib/train/callbacks/progress.ts";
import { TBLogger } from "../../stdlib/train/callbacks/tb-logger.ts";
import { writeFolder } from "../../stdlib/train/checkpoint/files.ts";
import {
  findNewestCheckpoint,
  isValidCheckpoint,
  listCheckpoints,
  pruneCheckpoints,
} from "../../stdlib/train/checkpoint/manager.ts";
import { LogWindow } from "../../stdlib/train/log-window.ts";
import { renderLossPlot } from "../../stdlib/train/plot/loss-plot.ts";
import { niceTicks } from "../../stdlib/train/plot/scale.ts";
import { isDue, planSteps } from "../../stdlib/train/schedule-of-steps.ts";
import { helpText, parseFlags } from "../../stdlib/train/script/flags.ts";
import { newControl, type TrainerState } from "../../stdlib/train/state.ts";
import { crc32c, maskedCrc32c } from "../../stdlib/train/tensorboard/crc32c.ts";
import { SummaryWriter } from "../../stdlib/train/tensorboard/summary-writer.ts";

const folder = mkdtempSync(join(tmpdir(), "fgc-train-"));
afterAll(() => rmSync(folder, { recursive: true }));

const stateAt = (globalStep: number, epoch = 0): TrainerState => ({
  ...{
    globalStep,
    epoch,
    maxSteps: 100,
    numTrainEpochs: 1,
    loggingSteps: 10,
    evalSteps: 10,
    saveSteps: 10,
    trainBatchSize: 1,
  },
  ...{ epochTrainSteps: 10, maxEvalSteps: -1, numProcesses: 1, isLocalProcessZero: true, isWorldProcessZero: true },
  ...{ logHistory: [], bestMetric: null, bestModelCheckpoint: null, numInputTokensSeen: 0, totalFlos: 0 },
});
const none = {} as CallbackContext; // these callbacks look at what the event adds, and nothing else

describe("arguments", () => {
  test("defaults are upstream's", () => {
    const { settings } = new TrainingArguments();
    expect(settings).toMatchObject({
      perDeviceTrainBatchSize: 16,
      learningRate: 5e-5,
      loggingSteps: 50,
      saveTotalLimit: 2,
      seed: -1,
    });
  });
  test("an unknown name is an error with the nearest one", () => {
    expect(() => new TrainingArguments({ learningrate: 1 } as object)).toThrow(
      expect.objectContaining({ hint: 'did you mean "learningRate"?' }),
    );
  });
  test.each([
    [{ fuseOptimWithBackward: true, maxGradNorm: 1 }, /cannot clip/],
    [{ fuseOptimWithBackward: true, gradientAccumulationSteps: 2 }, /cannot accumulate/],
    [{ gradientAccumulationSteps: 0 }, /gradientAccumulationSteps is 0/],
    [
      { loadBestModelAtEnd: true, evalStrategy: "epoch", saveStrategy: "steps" },
      /save_strategy steps and eval_strategy epoch/,
    ],
    [{ loadBestModelAtEnd: true, evalStrategy: "steps", saveSteps: 150 }, /not a multiple/],
    [{ constructModelOn: "meta" }, /shapes only/],
  ] as const)("refuses %j", (options, message) => {
    expect(() => new TrainingArguments(options)).toThrow(message);
  });
  test("another output folder takes the run folder along", () => {
    const args = new TrainingArguments({ outputDir: "/a/out", loggingDir: "/a/out/runs/x" }).with({ outputDir: "/b" });
    expect(args.loggingDir).toBe("/b/runs/x");
    expect(args.relocate("/a/out/runs/x")).toBe("/b/runs/x");
    expect(args.relocate("/elsewhere")).toBe("/elsewhere");
  });
});

describe("flags", () => {
  test("typed by the argument", () => {
    const { overrides } = parseFlags([
      "--max-steps",
      "20",
      "--learning-rate=1e-3",
      "--save-strategy",
      "epoch",
      "--no-save-rng-state",
      "--max-grad-norm=none",
      "--load_best_model_at_end=false",
    ]);
    expect(overrides).toEqual({
      maxSteps: 20,
      learningRate: 1e-3,
      saveStrategy: "epoch",
      saveRngState: false,
      maxGradNorm: null,
      loadBestModelAtEnd: false,
    });
  });
  test("resume with and without a path", () => {
    expect(parseFlags(["--resume"]).overrides.resumeFromCheckpoint).toBe(true);
    expect(parseFlags(["--resume=/x/checkpoint-3"]).overrides.resumeFromCheckpoint).toBe("/x/checkpoint-3");
  });
  test.each([
    [["--max-stesp", "1"], /unknown flag --max-stesp/],
    [["--max-steps"], /needs a value/],
    [["--max-steps", "many"], /wants a number/],
    [["--save-strategy", "never"], /--save-strategy is never/],
    [["train"], /unexpected argument/],
    [["--nproc", "2"], /one process/],
  ])("%j is a fault of usage", (argv, message) => {
    expect(() => parseFlags(argv)).toThrow(
      expect.objectContaining({ kind: "usage", message: expect.stringMatching(message) as string }),
    );
  });
  test("help names every argument", () => {
    expect(helpText("trainer.mjs")).toContain("--per-device-train-batch-size NUMBER");
    expect(helpText("trainer.mjs")).toContain("--eval-strategy no|steps|epoch");
  });
});

describe("steps", () => {
  const settings = (changes: object) => new TrainingArguments(changes).settings;
  test("a short window is a step of its own, unless the rest is dropped", () => {
    expect(planSteps(10, settings({ gradientAccumulationSteps: 4 }))).toEqual({
      batchesPerEpoch: 10,
      stepsPerEpoch: 3,
      totalSteps: 3,
    });
    expect(planSteps(10, settings({ gradientAccumulationSteps: 4, dataloaderDropLast: true })).stepsPerEpoch).toBe(2);
    expect(planSteps(10, settings({ numTrainEpochs: 3, maxSteps: 25 })).totalSteps).toBe(25);
    expect(planSteps(10, settings({ maxSteps: 25 })).totalSteps).toBe(10);
    expect(() => planSteps(0, settings({}))).toThrow(/not one step/);
  });
  test("due on a grid that does not move", () => {
    expect([1, 10, 15, 20].map((step) => isDue("steps", 10, step, false))).toEqual([false, true, false, true]);
    expect(isDue("epoch", 10, 7, true)).toBe(true);
    expect(isDue("no", 1, 1, true)).toBe(false);
  });
  test("a log window: mean loss, root mean square of norms, largest norm", () => {
    const window = new LogWindow();
    window.add({ loss: 2, norm: 3, tokens: 10, seconds: 1 });
    window.add({ loss: 4, norm: 4, tokens: 10, seconds: 1 });
    const saved = structuredClone(window.state);
    expect(window.take()).toEqual({
      loss: 3,
      grad_norm: Math.sqrt(12.5),
      max_grad_norm: 4,
      tokens: 20,
      tokens_per_second: 10,
    });
    expect(window.isEmpty).toBe(true);
    window.state = saved;
    expect(window.take()["loss"]).toBe(3);
  });
});

test("best metric: whole words decide, the first is best, NaN never is", () => {
  expect(["eval_accuracy", "map", "roc_auc", "exact_match"].map(guessGreaterIsBetter)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["loss", "perplexity", "mape", "gap"].map(guessGreaterIsBetter)).toEqual([false, false, false, false]);
  expect(isBetter(5, null, false)).toBe(true);
  expect(isBetter(Number.NaN, null, false)).toBe(false);
  expect(isBetter(2, 1, true)).toBe(true);
  expect(metricValue({ eval_loss: 3 }, "loss")).toBe(3);
  expect(() => metricValue({ eval_loss: 3 }, "accuracy")).toThrow(/not among the metrics/);
});

describe("console", () => {
  test("lines", () => {
    const now = new Date(2026, 10, 23, 20, 1, 7);
    expect(linePrefix({ globalStep: 1234, epoch: 0.023 }, now)).toBe("2026-11-23 20:01:07        1,234  0.02");
    expect(formatLog({ loss: 4.21733, grad_norm: 1.18042, learning_rate: 2e-4 })).toBe(
      "train-loss: 4.21733     grad-norm: 1.18042     learning-rate: 2.00e-04",
    );
    expect(formatEvaluation({ eval_loss: 3.5, epoch: 1 })).toContain("eval-loss:  3.50000");
    expect([5, 65, 3723].map(formatDuration)).toEqual(["0:05", "1:05", "1:02:03"]);
  });
  const record = (isTTY: boolean) => {
    let text = "";
    const progress = new ProgressCallback({ outputStream: { write: (t) => (text += t), isTTY, columns: 100 } });
    const args = new TrainingArguments();
    progress.onTrainBegin(args, stateAt(0));
    for (let step = 1; step <= 100; step++) {
      progress.onStepRead(args, stateAt(step), newControl(), { ...none, step, loss: 2 });
      progress.onStepEnd(args, stateAt(step));
    }
    progress.onLog(args, stateAt(100), newControl(), { ...none, logs: { loss: 2, grad_norm: 1, learning_rate: 1e-3 } });
    progress.onTrainEnd();
    return text;
  };
  test("a pipe gets lines only, a terminal a bar that leaves nothing behind", () => {
    expect(record(false)).toMatch(/^[^\r]*train-loss: 2\.00000.*\n$/);
    const live = record(true);
    expect(live).toContain("100/100  loss 2.000");
    expect(live).toContain("tokens/s");
    expect(live.split("\n").at(-1)).toBe("");
  });
});

test("divergence: a spike over the median stops, and is told once", () => {
  const told: string[] = [];
  const watch = new DivergenceWatch({ window: 4, factor: 2, action: "stop", warn: (line) => told.push(line) });
  const control = newControl();
  for (const loss of [1, 1, 1.1, 0.9])
    watch.onStepRead(new TrainingArguments(), stateAt(1), control, { ...none, loss });
  expect(control.shouldTrainingStop).toBe(false);
  for (const loss of [5, Number.NaN]) watch.onStepRead(new TrainingArguments(), stateAt(2), control, { ...none, loss });
  expect(control.shouldTrainingStop).toBe(true);
  expect(told).toHaveLength(1);
});

describe("logs", () => {
  test("the JSON log is valid after every record; the curve lies beside it", () => {
    const loggingDir = join(folder, "run");
    const args = new TrainingArguments({ loggingDir });
    const logger = new JsonLogger({ name: "Tiny <Llama>" });
    const read = () =>
      JSON.parse(readFileSync(join(loggingDir, "trainer_logs.json"), "utf8")) as Record<string, unknown>[];
    logger.onTrainBegin(args, stateAt(0));
    expect(read()).toEqual([]);
    for (const step of [1, 2, 3]) {
      logger.onLog(args, stateAt(step), newControl(), { ...none, logs: { loss: 3 / step, learning_rate: 1e-3 } });
      logger.onEvaluate(args, stateAt(step), newControl(), {
        ...none,
        metrics: { eval_loss: step === 3 ? Number.NaN : 3 },
      });
      expect(read()).toHaveLength(2 * step);
    }
    expect(read()[0]).toMatchObject({ global_step: 1, loss: 3 });
    const lines = readFileSync(join(loggingDir, "trainer_logs.ndjson"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)[0]).toMatchObject({
      experiment_info: { name: "Tiny <Llama>" },
    });
    expect(lines).toHaveLength(7);
    const svg = readFileSync(join(loggingDir, "loss.svg"), "utf8");
    expect(svg).toContain("Tiny &lt;Llama>");
    expect(svg).not.toContain("NaN");
  });

  test("event files: records with masked checksums, zeros included", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    const writer = new SummaryWriter(join(folder, "tb"));
    const args = new TrainingArguments();
    const logger = new TBLogger({ summaryWriter: writer });
    logger.onInitEnd(args);
    logger.onLog(args, stateAt(300), newControl(), { ...none, logs: { loss: 0, learning_rate: 0.5, tokens: 9 } });
    logger.onEvaluate(args, stateAt(300), newControl(), { ...none, metrics: { eval_loss: 1000 } });
    const [name] = readdirSync(join(folder, "tb"));
    const records = readRecords(readFileSync(join(folder, "tb", name!)));
    expect(records[0]!.toString("latin1")).toContain("brain.Event:2");
    const tags = records
      .slice(1)
      .map((r) => /train-loss|learning-rate|eval-loss|eval-perplexity/.exec(r.toString("latin1"))?.[0]);
    expect(tags).toEqual(["train-loss", "learning-rate", "eval-loss", "eval-perplexity"]);
    // Step 300 as a varint behind the time: 0x10 0xac 0x02; the value as f32 at the end.
    expect([...records[1]!.subarray(9, 12)]).toEqual([0x10, 0xac, 0x02]);
    expect(records[2]!.readFloatLE(records[2]!.length - 4)).toBe(0.5);
    expect(records[4]!.readFloatLE(records[4]!.length - 4)).toBe(Number.POSITIVE_INFINITY);
  });
});

/** The records of an event file, checksums verified. */
function readRecords(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    records.push(data);
    at += length + 16;
  }
  return records;
}

test("the curve of nothing, of one point, and of a run", () => {
  expect(niceTicks(0, 300, 6)).toEqual([0, 50, 100, 150, 200, 250, 300]);
  const empty = { title: "t", train: [], evaluation: [], learningRate: [] };
  for (const curves of [empty, { ...empty, train: [{ step: 1, value: 2 }] }]) {
    expect(renderLossPlot(curves)).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  }
});

describe("checkpoint folders", () => {
  const output = join(folder, "out");
  const make = (
    step: number,
    seconds: number,
    files: readonly string[] = ["model.safetensors", "trainer_state.json", "COMPLETE"],
  ) => {
    const path = join(output, "checkpoints", `checkpoint-${step}`);
    mkdirSync(path, { recursive: true });
    for (const file of files) writeFileSync(join(path, file), "");
    utimesSync(path, seconds, seconds);
    return path;
  };
  test("newest by time, then by step; unfinished ones do not count", () => {
    const old = make(300, 1000);
    make(100, 2000);
    const newest = make(200, 2000);
    const unfinished = make(400, 3000, ["model.safetensors", "trainer_state.json"]);
    make(500, 3000, ["COMPLETE"]);
    expect(isValidCheckpoint(unfinished)).toBe(false);
    expect(findNewestCheckpoint(output)).toBe(newest);
    expect(listCheckpoints(output).map((c) => c.step)).toEqual([200, 100, 300]);
    pruneCheckpoints(output, 2, [old]);
    expect(listCheckpoints(output).map((c) => c.step)).toEqual([200, 300]);
    expect(findNewestCheckpoint(join(folder, "nothing"))).toBeUndefined();
  });

  test("a full disk: one clear message, the folder before intact, nothing left behind", async () => {
    const target = join(folder, "full", "checkpoints", "checkpoint-7");
    await writeFolder(target, async (write) => write("a.txt", ["old"]));
    let writes = 0;
    const failing = (): void => {
      if (++writes > 1) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    const attempt = writeFolder(
      target,
      async (write) => {
        write("a.txt", ["new"]);
        write("b.txt", ["new"]);
      },
      failing,
    );
    await expect(attempt).rejects.toMatchObject({
      code: "train/disk-full",
      kind: "outside",
      message: expect.stringContaining("the disk is full") as string,
    });
    expect(readFileSync(join(target, "a.txt"), "utf8")).toBe("old");
    expect(readdirSync(join(target, ".."))).toEqual(["checkpoint-7"]);
  });

  test("a folder is replaced whole", async () => {
    const target = join(folder, "replaced");
    await writeFolder(target, async (write) => write("a.txt", ["1"]));
    await writeFolder(target, async (write) => write("b.txt", ["2"]));
    expect(readdirSync(target).sort()).toEqual(["COMPLETE", "b.txt"]);
    expect(existsSync(join(folder, `.replaced.tmp-${process.pid}-old`))).toBe(false);
  });
});
