/** @file Whole models against the golden vectors: logits, loss, every gradient; decoding with a cache. */
import { grad, type HostTensor, type Session, type Tensor } from "fgc/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CausalLMModel, CausalLMModelInputs } from "../../stdlib/models/index.ts";
import { buildModel, loadWeights } from "./build-parts.ts";
import { testDevices } from "./devices.ts";
import { expectClose, expectGolden, type Golden, goldenCases, haveGoldens, tensorOf, tensorsBelow } from "./golden.ts";

type Inputs = Record<string, Tensor>;

const loadModel = (golden: Golden): CausalLMModel => loadWeights(buildModel(golden.args), golden);

const inputsOf = ({ input_ids: inputIds, labels, position_ids: positionIds, mask }: Inputs): CausalLMModelInputs => ({
  inputIds: inputIds!,
  labels,
  positionIds,
  attentionMask: mask,
});

async function check(session: Session, golden: Golden, adapt: (inputs: Inputs) => CausalLMModelInputs): Promise<void> {
  const model = loadModel(golden);
  const step = session.compile((inputs: Inputs): Record<string, Tensor> => {
    const { logits, loss, hiddenStates } = model.forward(adapt(inputs));
    const named = model.namedParameters().filter(([, parameter]) => parameter.requiresGrad);
    const gradients = grad(
      loss!,
      named.map(([, parameter]) => parameter),
    );
    return {
      "out.logits": logits,
      "out.loss": loss!,
      "out.hidden": hiddenStates,
      ...Object.fromEntries(named.map(([name], i) => [`grad.${name}`, gradients[i]!])),
    };
  });
  const got = await step(Object.fromEntries(tensorsBelow(golden, "in.")));
  for (const [name, tensor] of Object.entries(got)) if (golden.tensors.has(name)) expectGolden(tensor, golden, name);
  for (const name of tensorsBelow(golden, "grad.").keys())
    expect(got[`grad.${name}`], `${golden.name} grad.${name}`).toBeDefined();
}

describe.skipIf(!haveGoldens).each(testDevices)("models on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it.each(goldenCases("models/", (name) => !name.includes("cache")))("$name", async (golden) => {
    await check(session, golden, inputsOf);
  });

  it("documents are found in the position ids", async () => {
    const [golden] = goldenCases("models/llama_packed");
    await check(session, golden!, (inputs) => ({ ...inputsOf(inputs), attentionMask: undefined }));
  });

  it("a window in the config, padding by lengths", async () => {
    const [windowed] = goldenCases("models/mistral_window_tiny");
    const { window } = windowed!.json["mask_rule"] as { window: number };
    const args = { ...windowed!.args, config: { ...(windowed!.args["config"] as object), sliding_window: window } };
    await check(session, { ...windowed!, args }, (inputs) => ({ ...inputsOf(inputs), attentionMask: undefined }));
    const [padded] = goldenCases("models/llama_padded");
    // The last query row of each sequence sees exactly the real tokens: a mask [B, T] of padding.
    await check(session, padded!, (inputs) => {
      const last = inputs["mask"]!.shape[1]! - 1;
      return { ...inputsOf(inputs), attentionMask: inputs["mask"]!.slice([null, last, null]) };
    });
  });

  it.each(goldenCases("models/", (name) => name.includes("cache")))("$name", async (golden) => {
    const model = loadModel(golden).eval();
    const ids = tensorOf(golden, "in.input_ids");
    const [batch, length] = ids.shape as [number, number];
    const prefill = golden.json["prefill"] as number;
    const cache = model.newCache({ batchSize: batch, capacity: 16 });
    const cached = session.compile(({ ids, start }: Inputs) => ({
      logits: model.forward({ inputIds: ids!, cache: cache.at(start!) }).logits,
    }));
    const plain = session.compile(({ ids }: Inputs) => ({ logits: model.forward({ inputIds: ids! }).logits }));
    const vocabulary = model.lmHead.outFeatures;
    const logits = new Float32Array(batch * length * vocabulary);
    for (let start = 0; start < length; start += start === 0 ? prefill : 1) {
      const count = start === 0 ? prefill : 1;
      const data = Int32Array.from(
        Array.from({ length: batch }, (_, b) => [
          ...ids.data.slice(b * length + start, b * length + start + count),
        ]).flat(),
      );
      const got = await cached({
        ids: { data, shape: [batch, count], dtype: "i32" },
        start: { data: Int32Array.of(start), shape: [], dtype: "i32" },
      });
      for (let b = 0; b < batch; b++) {
        const rows = got.logits.data.slice(b * count * vocabulary, (b + 1) * count * vocabulary) as Float32Array;
        logits.set(rows, (b * length + start) * vocabulary);
      }
    }
    const outputs = [...tensorsBelow(golden, "out.").keys()];
    const without = outputs.find((name) => name.includes("without"));
    const withCache = outputs.find((name) => name !== without);
    expect(without).toBeDefined();
    const host: HostTensor = { data: logits, shape: [batch, length, vocabulary], dtype: "f32" };
    expectGolden(host, golden, `out.${withCache}`);
    expectGolden((await plain({ ids })).logits, golden, `out.${without}`);
  });

  it("keeps the last logits only, where asked", async () => {
    const [golden] = goldenCases("models/llama_tiny");
    const model = loadModel(golden!);
    const step = session.compile(({ ids }: Inputs) => ({
      all: model.forward({ inputIds: ids! }).logits,
      last: model.forward({ inputIds: ids!, logitsToKeep: 2 }).logits,
    }));
    const { all, last } = await step({ ids: tensorOf(golden!, "in.input_ids") });
    const [batch, length, vocabulary] = all.shape as [number, number, number];
    expect(last.shape).toEqual([batch, 2, vocabulary]);
    for (let b = 0; b < batch; b++) {
      const want = all.data.slice(((b + 1) * length - 2) * vocabulary, (b + 1) * length * vocabulary);
      // Another number of rows may be another kernel, so another order of sums.
      expectClose(
        last.data.slice(b * 2 * vocabulary, (b + 1) * 2 * vocabulary),
        want,
        { rtol: 2e-6, atol: 2e-6 },
        `row ${b}`,
      );
    }
  });
});
