/** @file Training on a device that is read later: the same numbers in fewer trips, and nothing kept that should not be. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeviceLostError, OutOfMemoryError, openSession, type Session } from "fgc/runtime";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../stdlib/faults.ts";
import { AdamW } from "../../stdlib/optim/index.ts";
import {
  DivergenceWatch,
  listCheckpoints,
  readWeights,
  Trainer,
  type TrainerOptions,
  TrainingArguments,
  type TrainingArgumentsOptions,
} from "../../stdlib/train/index.ts";
import { Bigram, blocks, collator } from "./bigram.ts";
import { type DetachedOptions, openDetachedSession } from "./detached-device.ts";

let folder: string;
const sessions: Session[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fgc-unread-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => Promise.all(sessions.map((session) => session.close())));

function makeTrainer(session: Session, args: TrainingArgumentsOptions, options: Partial<TrainerOptions> = {}) {
  sessions.push(session);
  return new Trainer({
    args: new TrainingArguments({
      ...{ outputDir: join(folder, "out"), seed: 7, perDeviceTrainBatchSize: 2, perDeviceEvalBatchSize: 2 },
      ...{ saveStrategy: "no", loggingSteps: 100, maxGradNorm: 1, numTrainEpochs: 100 },
      ...args,
    }),
    modelInit: () => new Bigram(),
    dataCollator: collator,
    trainDataset: blocks(200),
    evalDataset: blocks(5),
    optimizerFactory: (parameters) => new AdamW(parameters, { lr: 0.05 }),
    session,
    warn: () => {},
    ...options,
  });
}
const detached = (options: DetachedOptions, args: TrainingArgumentsOptions, more: Partial<TrainerOptions> = {}) =>
  openDetachedSession(options).then((session) => makeTrainer(session, args, more));
const faultOf = (run: Promise<unknown>): Promise<UserError> =>
  run.then(
    () => expect.unreachable("the run ended well"),
    (error: unknown) => error as UserError,
  );
/** What a log says apart from how fast it was. */
const numbersOf = (log: readonly Readonly<Record<string, number>>[]) =>
  log.map((record) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !/_second|seconds|runtime/.test(name))),
  );
const weightsOf = (path: string) => [...readWeights(path)].map(([name, { data }]) => [name, [...data]] as const);

test.each([1, 3])(
  "the same logs and weights as where each step is waited for, accumulating %i",
  async (accumulation) => {
    const args: TrainingArgumentsOptions = {
      ...{ maxSteps: 23, gradientAccumulationSteps: accumulation, loggingSteps: 5 },
      ...{ evalStrategy: "steps", evalSteps: 7, saveStrategy: "steps", saveSteps: 10 },
    };
    const plain = makeTrainer(await openSession({ device: "reference" }), {
      ...args,
      outputDir: join(folder, "plain"),
    });
    const there = await plain.train();
    const here = await (await detached({}, { ...args, outputDir: join(folder, "detached") })).train();
    expect(numbersOf(here.state.logHistory)).toEqual(numbersOf(there.state.logHistory));
    expect(weightsOf(here.checkpoint!)).toEqual(weightsOf(there.checkpoint!));
    expect(here.metrics["train_samples"]).toBe(there.metrics["train_samples"]);
  },
);

test("steps are read sixteen at a time, the first by itself; a log or a save reads what there is", async () => {
  const trips: number[] = [];
  const onTrip = (runs: number): void => void trips.push(runs);
  await (await detached({ onTrip }, { maxSteps: 40, loggingStrategy: "no" })).train();
  expect(trips).toEqual([1, 16, 16, 7]);
  trips.length = 0;
  await (await detached({ onTrip }, { maxSteps: 12, loggingSteps: 5, saveStrategy: "steps", saveSteps: 8 })).train();
  expect(trips).toEqual([1, 4, 3, 2, 2]);
});

test("losses reach the callbacks in order, those who need them at once get them at once", async () => {
  const seen: string[] = [];
  const callback = {
    onStepRead: (_a: unknown, _s: unknown, _c: unknown, { step, loss }: { step?: number; loss?: number }) =>
      void seen.push(`read ${step} ${Number.isFinite(loss)}`),
    onStepEnd: (_a: unknown, state: { globalStep: number }, _c: unknown, { loss }: { loss?: number }) =>
      void seen.push(`end ${state.globalStep} ${loss !== undefined}`),
  };
  await (await detached({}, { maxSteps: 3 }, { callbacks: [callback] })).train();
  expect(seen).toEqual(["read 1 true", "end 1 true", "end 2 false", "end 3 false", "read 2 true", "read 3 true"]);
  seen.length = 0;
  await (await detached({}, { maxSteps: 3 }, { callbacks: [{ ...callback, needsStepLoss: true }] })).train();
  expect(seen.filter((line) => line.startsWith("end"))).toEqual(["end 1 true", "end 2 true", "end 3 true"]);
});

const nanAt = (step: number) => (program: string, run: number, outputs: Map<string, unknown>) => {
  if (program === "train_step" && run === step - 1) outputs.set("loss", Float32Array.of(Number.NaN));
};

test("a loss that is not a number is found before anything is saved, and the error names its step", async () => {
  const args = { maxSteps: 30, saveStrategy: "steps", saveSteps: 4, stopOnNan: true } as const;
  const trainer = await detached({ alter: nanAt(6) }, args);
  const fault = await faultOf(trainer.train());
  expect([fault.code, fault.message]).toEqual(["train/loss-not-finite", "the loss of step 6 is NaN"]);
  expect(listCheckpoints(join(folder, "out")).map(({ step }) => step)).toEqual([4]);
});

test("a callback that ends the run without a save hears of a bad step before the save", async () => {
  const watch = new DivergenceWatch({ action: "abort", warn: () => {} });
  const args = { maxSteps: 30, saveStrategy: "steps", saveSteps: 8 } as const;
  const { reason, state } = await (await detached({ alter: nanAt(14) }, args, { callbacks: [watch] })).train();
  expect([reason, state.globalStep]).toEqual(["aborted", 16]);
  expect(listCheckpoints(join(folder, "out")).map(({ step }) => step)).toEqual([8]);
});

test.each([
  [new DeviceLostError("the driver was reset"), "device/lost"],
  [new OutOfMemoryError("no room for t12 of 3.0 GiB"), "device/out-of-memory"],
] as const)("%s: told with the checkpoint to go on from", async (error, code) => {
  const alter = (program: string, run: number) => {
    if (program === "train_step" && run === 6) throw error;
  };
  const trainer = await detached({ alter }, { maxSteps: 30, saveStrategy: "steps", saveSteps: 4 });
  const fault = await faultOf(trainer.train());
  expect(fault).toBeInstanceOf(UserError);
  expect([fault.code, fault.kind, fault.message]).toEqual([code, "outside", error.message]);
  expect(fault.hint).toContain(`the last checkpoint is intact: ${join(folder, "out/checkpoints/checkpoint-4")}`);
  expect(fault.hint).toContain("--resume");
  expect(listCheckpoints(join(folder, "out")).map(({ step }) => step)).toEqual([4]);
});

test("stopping leaves a checkpoint of the step that was started last", async () => {
  const stop = {
    onStepEnd: (_a: unknown, state: { globalStep: number }) => void (state.globalStep === 9 && trainer.stop()),
  };
  const trainer = await detached({}, { maxSteps: 30 }, { callbacks: [stop] });
  const { reason, checkpoint, state } = await trainer.train();
  expect([reason, state.globalStep]).toEqual(["requested", 9]);
  expect(checkpoint).toBe(join(folder, "out/checkpoints/checkpoint-9"));
});
