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
  // A software GPU takes a minute for a step of 4×128; bench/gpu/parity.mjs trains 50 small ones there.
  const [batch, length] = device.name === "webgpu" ? [2, 32] : [4, 128];

  it.skipIf(device.isSlow)(`the first two losses at ${batch}×${length}`, async () => {
    const { step } = compileTrainStep(session, makeTinyLlama());
    const tokens = makeTokens(20_000);
    for (let s = 0; s < 2; s++) {
      const loss = await step(batchOf(tokens, s, batch, length));
      const want = expectedLosses[`${batch}x${length}`]![s]!;
      expect(Math.abs(loss - want), `step ${s}: ${loss}`).toBeLessThan(2e-4);
    }
  });

  it.skipIf(device.isSlow)("the first tokens of the greedy continuation", async () => {
    const generator = new TextGenerator(makeTinyLlama(), session);
    expect(await generator.generate([1], { maxNewTokens: expectedTokens.length, doSample: false })).toEqual(
      expectedTokens,
    );
  });
});
