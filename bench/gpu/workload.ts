/** @file Tokens of the llama workloads, and weights and tokens as files for other implementations. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { CausalLMModel } from "../../stdlib/models/index.ts";
import { type LlamaSize, makeTokens, weightNames } from "../../tests/numerics/tiny-llama.ts";

const tokenCount = 1_048_576;

export const tokensOf = (size: LlamaSize): Int32Array => makeTokens(tokenCount, size);

/** `NAME.weights.bin` (f32, in the order of `weightNames`), `NAME.tokens.bin` (i32) and `NAME.json` (the sizes). */
export function writeWorkload(folder: string, size: LlamaSize, model: CausalLMModel): void {
  mkdirSync(folder, { recursive: true });
  const parameters = new Map(model.namedParameters());
  const file = openSync(join(folder, `${size.name}.weights.bin`), "w");
  for (const name of weightNames(size)) {
    const { initial } = parameters.get(name) as CausalLMModel["lmHead"]["weight"];
    writeSync(file, new Uint8Array((typeof initial === "function" ? initial() : initial).buffer));
  }
  closeSync(file);
  writeFileSync(join(folder, `${size.name}.tokens.bin`), new Uint8Array(tokensOf(size).buffer));
  writeFileSync(join(folder, `${size.name}.json`), JSON.stringify(size));
}
