/** @file The trainer's own loop against PyTorch's runs: what it logs per step, and the weights that it leaves, on every device. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Session } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CausalBatch, DataLoader, type TokenBlock } from "../../stdlib/data/index.ts";
import type { CausalLMModel } from "../../stdlib/models/index.ts";
import type { AnyOptimizer, NamedParameter } from "../../stdlib/optim/index.ts";
import { Trainer, TrainingArguments } from "../../stdlib/train/index.ts";
import { makeOptimizer, makeSchedule } from "../numerics/build-optimizers.ts";
import { buildModel, loadWeights } from "../numerics/build-parts.ts";
import { testDevices } from "../numerics/devices.ts";
import {
  expectClose,
  expectGolden,
  type Golden,
  goldenCases,
  haveGoldens,
  type Json,
  tensorOf,
  toleranceOf,
} from "../numerics/golden.ts";

describe.skipIf(!haveGoldens).each(testDevices)("the trainer's golden runs on $name", (device) => {
  const folder = mkdtempSync(join(tmpdir(), "fgc-golden-"));
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(async () => {
    await session.close();
    rmSync(folder, { recursive: true });
  });

  // The reference device is slow, and the numeric suite runs all of these on it: here the case with the most of the loop will do.
  const accept = (name: string) => device.name !== "reference" || name.includes("accumulation");
  it.each(goldenCases("train/", accept))("$name", async (golden) => {
    const {
      steps,
      accumulation,
      max_grad_norm: maxGradNorm,
    } = golden.json as { steps: number; accumulation: number; max_grad_norm: number | null };
    let model: CausalLMModel | undefined;
    const trainer = new Trainer({
      args: new TrainingArguments({
        outputDir: folder,
        seed: 0,
        maxSteps: steps,
        gradientAccumulationSteps: accumulation,
        maxGradNorm,
        loggingSteps: 1,
        saveStrategy: "no",
      }),
      modelInit: () => {
        model = loadWeights(buildModel(golden.args), golden);
        return model as never;
      },
      trainDataset: loaderOf(golden),
      optimizerFactory: (parameters) => optimizerOf(golden, parameters),
      lrSchedulerFactory: (optimizer) => {
        const { type, ...options } = (golden.json["schedule"] as (Json & { type: string }) | null) ?? {
          type: "hf.constant",
        };
        return makeSchedule(type, options, optimizer);
      },
      session,
    });
    const { state } = await trainer.train();
    const log = state.logHistory.filter((record) => record["loss"] !== undefined);
    expect(log).toHaveLength(steps);
    const rates = golden.json["lr_values"] as number[];
    for (const [i, { loss, grad_norm, learning_rate }] of log.entries()) {
      for (const [name, value] of [
        ["loss", loss!],
        ["grad_norm", grad_norm!],
      ] as const) {
        const perStep = golden.tensors.get(`tol.${name}`);
        const tolerance = { ...toleranceOf(golden, `out.${name}`), ...(perStep && { atol: perStep.data[i]! }) };
        expectClose(
          [value],
          [tensorOf(golden, `out.${name}`).data[i]!],
          tolerance,
          `${golden.name} ${name} of step ${i}`,
        );
      }
      // The rate that is logged is the next step's.
      if (i + 1 < steps) expect(learning_rate).toBeCloseTo(rates[i + 1]!, 12);
    }
    for (const [name, parameter] of model!.namedParameters())
      expectGolden(await session.read(parameter), golden, `final.${name}`);
  });
});

/** The recorded micro-batches, in order, labels equal to the tokens. */
function loaderOf(golden: Golden): DataLoader {
  const tokens = tensorOf(golden, "in.tokens");
  const [batches, B, T] = tokens.shape as [number, number, number];
  const row = (index: number): TokenBlock => ({
    inputIds: Int32Array.from(tokens.data.slice(index * T, (index + 1) * T)),
    documentStarts: new Int32Array(0),
  });
  const collate = (rows: readonly TokenBlock[]): CausalBatch => {
    const matrix = {
      data: Int32Array.from(rows.flatMap((r) => [...r.inputIds])),
      shape: [rows.length, T] as const,
      dtype: "i32" as const,
    };
    return { inputIds: matrix, labels: matrix };
  };
  return new DataLoader({ length: batches * B, row }, { batchSize: B, collator: { collate } });
}

function optimizerOf(golden: Golden, named: NamedParameter[]): AnyOptimizer {
  const { type, ...options } = golden.json["optimizer"] as Json & { type: string };
  const exempt = golden.json["weight_decay_zero_for"] as string | undefined;
  if (exempt === undefined) return makeOptimizer(type, options, named as [string, NamedParameter[1]][]);
  const groups = {
    optimizer: type,
    group_map: [
      [exempt, "exempt"],
      [".", "rest"],
    ],
    group_config: { exempt: { weight_decay: 0 }, rest: {} },
    opt_kwargs: options,
  };
  return makeOptimizer("make_grouped_optimizer", groups, named as [string, NamedParameter[1]][]);
}
