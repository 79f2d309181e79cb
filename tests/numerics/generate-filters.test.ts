/** @file The filters between logits and the choice of a token, and generation's options. */
import { describe, expect, it } from "vitest";
import * as generate from "../../stdlib/generate/index.ts";
import { expectGolden, goldenCases, haveGoldens, rowOf, tensorOf } from "./golden.ts";

const filters: Readonly<Record<string, (logits: Float32Array, tokens: readonly number[], value: number) => void>> = {
  repetition_penalty: generate.penalizeRepetition,
  temperature: (logits, _, value) => generate.applyTemperature(logits, value),
  top_k: (logits, _, value) => generate.keepTopK(logits, value),
  top_p: (logits, _, value) => generate.keepTopP(logits, value),
  min_p: (logits, _, value) => generate.keepMinP(logits, value),
};

describe.skipIf(!haveGoldens)("logit filters", () => {
  const isChain = (name: string): boolean => !name.includes("greedy");
  it.each(goldenCases("generate/", isChain))("$name", (golden) => {
    const input = tensorOf(golden, "in.logits");
    const tokens = tensorOf(golden, "in.input_ids");
    const steps = golden.args["steps"] as [string, number][];
    const batch = Array.from({ length: input.shape[0]! }, (_, row) => ({
      logits: Float32Array.from(rowOf(input, row).data),
      tokens: [...rowOf(tokens, row).data],
    }));
    const together = (rows: Float32Array[]): Float32Array => Float32Array.from(rows.flatMap((row) => [...row]));
    for (const [index, [name, value]] of steps.entries()) {
      for (const row of batch) filters[name]!(row.logits, row.tokens, value);
      const data = together(batch.map((row) => row.logits));
      expectGolden({ data, shape: input.shape, dtype: "f32" }, golden, `out.${index}.${name}`);
    }
    const probabilities = together(batch.map((row) => Float32Array.from(generate.softmax(row.logits))));
    expectGolden({ data: probabilities, shape: input.shape, dtype: "f32" }, golden, "out.probabilities");
    expect(batch.map((row) => generate.argmax(row.logits))).toEqual([...tensorOf(golden, "out.argmax").data]);

    // All at once, in the order that the config implies.
    const options = Object.fromEntries(steps.map(([name, value]) => [name, value]));
    const config = generate.GenerationConfig.from({ ...options, do_sample: true });
    for (const [row, { logits }] of batch.entries()) {
      const fresh = Float32Array.from(rowOf(input, row).data);
      generate.filterLogits(fresh, [...rowOf(tokens, row).data], config);
      expect(fresh).toEqual(logits);
    }
  });
});

describe("generation options", () => {
  it("draws tokens with their probabilities", () => {
    const logits = Float32Array.of(Math.log(0.2), Number.NEGATIVE_INFINITY, Math.log(0.5), Math.log(0.3));
    expect([0, 0.199, 0.201, 0.699, 0.701, 0.9999999].map((u) => generate.drawToken(logits, u))).toEqual([
      0, 0, 2, 2, 3, 3,
    ]);
  });
  it("reads both spellings and refuses what it does not know", () => {
    expect(generate.GenerationConfig.from({ top_k: 5, maxNewTokens: 3, eos_token_id: [1, 2] })).toMatchObject({
      topK: 5,
      maxNewTokens: 3,
    });
    expect(() => generate.GenerationConfig.from({ top_kk: 5 })).toThrow(/no option 'topKk'/);
    expect(() => generate.GenerationConfig.from({ top_p: 1.5 })).toThrow(/top_p must be a number in \(0, 1\]/);
  });
  it("a temperature of 0 is greedy", () => {
    expect(generate.GenerationConfig.from({ temperature: 0 }).doSample).toBe(false);
    expect(generate.GenerationConfig.from({}).doSample).toBe(true);
  });
});
