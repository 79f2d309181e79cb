/** @file Checkpoints in Hugging Face's layout (one file, shards, bfloat16, tied): the logits that their weights must give, on every device. */
import { fileURLToPath } from "node:url";
import type { HostTensor, Session, Tensor } from "fgc/runtime";
import { afterAll, beforeAll, describe, it } from "vitest";
import { readWeights } from "../../stdlib/train/checkpoint/weights.ts";
import { buildModel } from "./build-parts.ts";
import { testDevices } from "./devices.ts";
import { expectGolden, goldenCases, haveGoldens, type Json, tensorOf } from "./golden.ts";

const folderOf = (name: string): string =>
  fileURLToPath(new URL(`../../../shared/vectors/numerics/checkpoint/${name}`, import.meta.url));

/** Hugging Face's name → ours, for llama and its kin. The library's own converter is another part; these files only need the names. */
function ourName(name: string): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/^model\.embed_tokens/, "causal_lm.input_encoder.embedding"],
    [/^model\.norm/, "causal_lm.layer_stack.layer_norm"],
    [/^model\.layers/, "causal_lm.layer_stack.layers"],
    [/self_attn\.([qk])_norm/, "attention.$1_norm"],
    [/self_attn\.q_proj/, "attention.query_linear"],
    [/self_attn\.k_proj/, "attention.key_linear"],
    [/self_attn\.v_proj/, "attention.value_linear"],
    [/self_attn\.o_proj/, "attention.output_linear"],
    [/\bmlp\b/, "feedforward"],
    [/input_layernorm/, "norm1"],
    [/post_attention_layernorm/, "norm2"],
  ];
  return rules.reduce((text, [expression, replacement]) => text.replace(expression, replacement), name);
}

describe.skipIf(!haveGoldens).each(testDevices)("checkpoints on $name", (device) => {
  let session: Session;
  beforeAll(async () => {
    session = await device.open();
  });
  afterAll(() => session.close());

  it.each(goldenCases("checkpoint/"))("$name", async (golden) => {
    const model = buildModel(golden.json["model"] as Json);
    const stored = readWeights(folderOf(golden.json["folder"] as string));
    const values = new Map([...stored].map(([name, tensor]): [string, HostTensor] => [ourName(name), tensor]));
    model.loadStateDict(values);
    const run = session.compile(({ ids }: Record<"ids", Tensor>) => ({
      logits: model.forward({ inputIds: ids }).logits,
    }));
    expectGolden((await run({ ids: tensorOf(golden, "in.input_ids") })).logits, golden, "out.logits");
  });
});
