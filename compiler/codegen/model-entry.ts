/** @file The entry of `model.mjs`: the model's exports, and a main program when the file itself is run. `model.ts` stays free of side effects. */
import { objectText } from "./literals.ts";

export interface ModelEntryRequest {
  readonly name: string;
  /** An expression that loads the tokenizer, and the imports that it needs. */
  readonly tokenizer: { readonly text: string; readonly imports: readonly string[] } | undefined;
}

export function emitModelEntry({ name, tokenizer }: ModelEntryRequest): string {
  const imports = [
    'import { runModel } from "fgc/generate";',
    'import { constructModel, defaults } from "./model.ts";',
    ...(tokenizer?.imports ?? []),
  ];
  const options = objectText([
    ["name", JSON.stringify(name)],
    ["constructModel", "() => constructModel()"],
    ["config", "defaults"],
    ...(tokenizer === undefined ? [] : [["tokenizer", `() => ${tokenizer.text}`] as const]),
  ]);
  return [...imports, 'export * from "./model.ts";', `await runModel(import.meta.url, ${options});`, ""].join("\n");
}
