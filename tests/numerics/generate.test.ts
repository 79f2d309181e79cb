/** @file Greedy generation against the golden sequences, with the cache and without; sampling by seed; ends and limits. */
import type { Session } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TextGenerator } from "../../stdlib/generate/index.ts";
import type { CausalLMModel } from "../../stdlib/models/index.ts";
import { buildModel, loadWeights } from "./build-parts.ts";
import { testDevices } from "./devices.ts";
import { expectGolden, type Golden, goldenCases, haveGoldens, type Json, readGolden, tensorOf } from "./golden.ts";

function loadModel(golden: Golden): CausalLMModel {
  const weights = golden.json["weights"] as { case: string; prefix: string };
  return loadWeights(buildModel(golden.json["model"] as Json), readGolden(weights.case), weights.prefix);
}

describe.skipIf(!haveGoldens).each(testDevices)("generation on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it.each(goldenCases("generate/greedy"))("$name", async (golden) => {
    const generator = new TextGenerator(loadModel(golden), session);
    const { max_new_tokens: maxNewTokens, repetition_penalty: repetitionPenalty = 1 } = golden.args as Record<
      string,
      number
    >;
    for (let i = 0; golden.tensors.has(`in.prompt.${i}`); i++) {
      const prompt = [...tensorOf(golden, `in.prompt.${i}`).data];
      const rows: Float32Array[] = [];
      const streamed: number[] = [];
      const added = await generator.generate(
        prompt,
        { maxNewTokens: maxNewTokens!, repetitionPenalty, doSample: false },
        { onToken: (token) => void streamed.push(token), onLogits: (logits) => void rows.push(logits) },
      );
      expect([...prompt, ...added]).toEqual([...tensorOf(golden, `out.sequence.${i}`).data]);
      expect(streamed).toEqual(added);
      const want = tensorOf(golden, `out.logits.${i}`);
      expectGolden(
        { data: Float32Array.from(rows.flatMap((row) => [...row])), shape: want.shape, dtype: "f32" },
        golden,
        `out.logits.${i}`,
      );
    }
  });

  it("without a cache the text is the same", async () => {
    const [golden] = goldenCases("generate/greedy_llama_small");
    const model = loadModel(golden!);
    model.causalLm.cacheSlots = () => [];
    const prompt = [...tensorOf(golden!, "in.prompt.0").data];
    const added = await new TextGenerator(model, session).generate(prompt, { maxNewTokens: 16, doSample: false });
    expect([...prompt, ...added]).toEqual([...tensorOf(golden!, "out.sequence.0").data].slice(0, prompt.length + 16));
  });

  it("the seed decides the draws; the text ends at an end token, at the limit, or when told", async () => {
    const [golden] = goldenCases("generate/greedy_llama_tiny");
    const model = loadModel(golden!).train();
    const generator = new TextGenerator(model, session, { maxLength: 24 });
    const prompt = [...tensorOf(golden!, "in.prompt.0").data];
    const sample = (seed: number): Promise<number[]> =>
      generator.generate(prompt, { maxNewTokens: 12, temperature: 1.5, topK: 20, seed });
    const [first, again, other] = [await sample(1), await sample(1), await sample(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(model.training).toBe(true);

    const greedy = await generator.generate(prompt, { maxNewTokens: 12, doSample: false });
    const end = greedy[5]!;
    const ended = await generator.generate(prompt, { maxNewTokens: 12, doSample: false, eosTokenId: [end] });
    expect(ended).toEqual(greedy.slice(0, greedy.indexOf(end)));
    expect(await generator.generate(prompt, { maxNewTokens: 100, doSample: false })).toHaveLength(24 - prompt.length);

    const stop = new AbortController();
    const stopped = await generator.generate(
      prompt,
      { doSample: false },
      { onToken: () => stop.abort(), signal: stop.signal },
    );
    expect(stopped).toEqual(greedy.slice(0, 1));
    await expect(generator.generate([])).rejects.toThrow(/no token to continue/);
    await expect(generator.generate(Array(24).fill(1))).rejects.toThrow(/the prompt has 24 tokens, the model takes 24/);
  });
});
