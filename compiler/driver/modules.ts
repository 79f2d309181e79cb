/** @file Which modules a target becomes: a model module `model.ts`, a training script `trainer.ts`, and the entries that are bundled. */
import { Block } from "../codegen/block.ts";
import { Imports } from "../codegen/imports.ts";
import { emitModelEntry } from "../codegen/model-entry.ts";
import { emitModelModule, modelConfigEntries } from "../codegen/model-module.ts";
import type { EmitPlan, EmittedModule, MarkedModule } from "../codegen/plan.ts";
import { emitTrainerModule } from "../codegen/trainer-module.ts";
import type { CallNode, GraphValue } from "../graph/node.ts";
import { assetsOf } from "../graph/passes/facts.ts";
import { constantOf, isCallOf, keyText, keyword, modelModuleSpec, textOf, walk } from "../graph/passes/queries.ts";
import { snakeCase } from "../graph/passes/resolve.ts";

export interface Emission {
  /** For people to read. */
  readonly modules: readonly MarkedModule[];
  /** For the bundler alone. */
  readonly hidden: readonly EmittedModule[];
  readonly entries: readonly { readonly module: string; readonly output: string }[];
}

export function emitModules(target: GraphValue, root: GraphValue, plan: EmitPlan): Emission {
  const modules: MarkedModule[] = [];
  const hidden: EmittedModule[] = [];
  const entries: { module: string; output: string }[] = [];
  const model = modelModuleOf(target);
  if (model !== undefined) {
    modules.push(emitModelModule(model, plan));
    const name = textOf(keyword(model, "name")) ?? plan.title;
    hidden.push({ name: "model-entry.ts", text: emitModelEntry({ name, tokenizer: tokenizerLoader(root, plan) }) });
    entries.push({ module: "model-entry.ts", output: "model.mjs" });
  }
  if (isTrainingScript(target)) {
    modules.push(emitTrainerModule(target, plan));
    entries.push({ module: "trainer.ts", output: "trainer.mjs" });
  }
  return { modules, hidden, entries };
}

export function modelModuleOf(root: GraphValue): CallNode | undefined {
  for (const node of walk(root)) if (isCallOf(node, modelModuleSpec)) return node;
  return undefined;
}

function isTrainingScript(node: GraphValue): boolean {
  return node.kind === "call" && node.symbol?.module === "fgc/train" && node.symbol.exportName === "TrainingScript";
}

/** The tokenizer asset of a config, as the model's main program needs it. */
function tokenizerLoader(root: GraphValue, plan: EmitPlan): { text: string; imports: readonly string[] } | undefined {
  const asset = assetsOf(root).find((node) => {
    const loader = keyword(node, "loader");
    return loader?.kind === "call" && loader.symbol?.module === "fgc/tokenizers";
  });
  if (asset === undefined) return undefined;
  const imports = new Imports(["constructModel", "defaults", "runModel"]);
  const { name: _, ...unnamed } = asset;
  const block = new Block({ ...plan, assetPath: () => plan.assetPath(asset) }, imports, {
    variable: (name) => name,
    modelModule: () => "constructModel",
    typed: false,
  });
  const text = block.emit(unnamed).text;
  return { text, imports: imports.lines().map((line) => line.text) };
}

/** `config.json`, as other tools read it. */
export function modelConfigJson(model: CallNode): string {
  const entries = modelConfigEntries(model).map((entry) => [keyText(entry), jsonOf(constantOf(entry.value))] as const);
  return `${JSON.stringify(Object.fromEntries(entries.filter(([, value]) => value !== undefined)), null, 2)}\n`;
}

/** `generation_config.json`: how the config generates samples, for `model.mjs`. Absent where it does not say. */
export function generationConfigJson(root: GraphValue): string | undefined {
  for (const node of walk(root)) {
    const found = node.kind === "call" ? keyword(node, "generationConfig") : undefined;
    const value = found === undefined ? undefined : jsonOf(constantOf(found));
    if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
    const entries = Object.entries(value).map(([name, item]) => [snakeCase(name), item as unknown] as const);
    return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
  }
  return undefined;
}

function jsonOf(value: unknown): unknown {
  return value === undefined
    ? undefined
    : (JSON.parse(
        JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)),
      ) as unknown);
}

/** The seed of the run, where the config fixes one. */
export function seedOf(root: GraphValue): number | null {
  for (const node of walk(root)) {
    if (node.kind !== "call" || node.symbol?.exportName !== "TrainingArguments") continue;
    const seed = keyword(node, "seed");
    if (seed?.kind === "scalar" && (typeof seed.value === "bigint" || typeof seed.value === "number"))
      return Number(seed.value);
  }
  return null;
}
