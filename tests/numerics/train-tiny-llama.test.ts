/** @file The tiny-llama-4M workload: its first losses and its greedy continuation are PyTorch's. */
import type { Session } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TextGenerator } from "../../stdlib/generate/index.ts";
import { testDevices } from "./devices.ts";
import { batchOf, compileTrainStep, expectedLosses, expectedTokens, makeTinyLlama, makeTokens } from "./tiny-llama.ts";

describe.each(testDevices)("tiny-llama-4M on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it("has 4 434 176 parameters", () => {
    expect(makeTinyLlama().numParameters()).toBe(4_434_176);
  });

  if (device.isSlow)
    console.warn(
      `skipped on ${device.name}: tiny-llama-4M, which takes minutes a step; train.test.ts trains small models there`,
    );
  // A software GPU takes seconds a step; bench/gpu/parity.mjs trains 50 of them there.
  const steps = device.name === "webgpu" ? 1 : 2;

  it.skipIf(device.isSlow)(`the first losses at 4×128, ${steps} of them`, async () => {
    const { step } = compileTrainStep(session, makeTinyLlama());
    const tokens = makeTokens(20_000);
    for (let s = 0; s < steps; s++) {
      const loss = await step(batchOf(tokens, s, 4, 128));
      expect(Math.abs(loss - expectedLosses["4x128"]![s]!), `step ${s}: ${loss}`).toBeLessThan(2e-4);
    }
  });

  it.skipIf(device.isSlow)("the first tokens of the greedy continuation", async () => {
    const generator = new TextGenerator(makeTinyLlama(), session);
    expect(await generator.generate([1], { maxNewTokens: expectedTokens.length, doSample: false })).toEqual(
      expectedTokens,
    );
  });
});
