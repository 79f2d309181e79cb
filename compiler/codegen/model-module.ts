/**
 * @file A model module node → `model.ts`: the config as an interface with defaults, the parts as constants of `constructModel`.
 *
 * Importing it does nothing: the trainer and the entry of `model.mjs` both stand on it.
 */
import { type CallNode, type DictEntry, type GraphValue, operands } from "../graph/node.ts";
import type { VariableUse } from "../graph/passes/pass.ts";
import { keyText, keyword, textOf } from "../graph/passes/queries.ts";
import { startOf } from "../source/span.ts";
import { Block, configKey } from "./block.ts";
import { type Code, code, joinCode, objectCode, type Source } from "./code.ts";
import { Imports } from "./imports.ts";
import { keyOf } from "./literals.ts";
import { definedNames, moduleHead, sentence, titleCase, withoutName } from "./module-text.ts";
import { importableType } from "./open-types.ts";
import { type EmitPlan, type MarkedModule, markedModule } from "./plan.ts";

interface Setting {
  readonly key: string;
  readonly type: string;
  readonly value: Code;
  readonly doc: string;
  readonly source: Source;
}

export function emitModelModule(node: CallNode, plan: EmitPlan): MarkedModule {
  const parts = keyword(node, "obj") as GraphValue;
  const imports = new Imports(["ModelConfig", "defaults", "constructModel", "config", ...definedNames(parts)]);
  const body = new Block(plan, imports, {
    variable: (name) => (name === "config" ? "config" : `config.${configKey(name)}`),
    modelModule: () => "constructModel",
    typed: true,
  });
  // The parts are what the function returns, whatever name they have.
  const model = body.emit(withoutName(parts));
  const values = new Block(plan, imports, {
    variable: () => "undefined",
    modelModule: () => "constructModel",
    typed: true,
  });
  const config = keyword(node, "config");
  const settings =
    config?.kind === "dict" ? config.entries.map((entry) => makeSetting(entry, values, imports, plan)) : [];

  const description = textOf(keyword(node, "description")) ?? plan.description;
  const defaults = objectCode(settings.map(({ key, value, source }) => ({ key, value, source })));
  const text = joinCode(
    [
      moduleHead(titleCase(textOf(keyword(node, "name")) ?? plan.title), description, plan, imports.lines()),
      `/** What a model is made of. Each line says where its default came from. */\nexport interface ModelConfig {\n${settings.map(settingLine).join("\n")}\n}`,
      joinCode([...values.statements, code`export const defaults: ModelConfig = ${defaults};`], "\n"),
      code`/** Makes the model, with fresh weights. */\nexport function constructModel(config: ModelConfig = defaults) {\n${joinCode(body.statements, "\n\n")}\n\nreturn ${model};\n}`,
    ],
    "\n\n",
  );
  return markedModule("model.ts", text);
}

function makeSetting({ key, value }: DictEntry, values: Block, imports: Imports, plan: EmitPlan): Setting {
  const name = String(key.kind === "scalar" ? key.value : "");
  const uses = plan.variableUses.get(name) ?? [];
  const { file } = value.origin.span;
  const place = `${plan.shorten(file.path)}:${startOf(value.origin.span).line}`;
  const doc = uses
    .map((use) => use.doc.split("\n")[0] ?? "")
    .find((line) => line !== "")
    // The default that counts is the one below.
    ?.replace(/\s*Defaults?:? .*$/, "");
  return {
    key: configKey(name),
    type: settingType(value, uses, imports, plan),
    value: values.emit(value),
    doc: doc === undefined ? place : `${sentence(doc)} ${place}`,
    source: { kind: "key", name, origin: key.origin, value },
  };
}

function settingLine({ key, type, doc }: Setting): string {
  return `/** ${doc} */\n${keyOf(key)}: ${type};`;
}

/** From the default's own type; what the default leaves open (null, a name out of a few) from where the setting goes. */
function settingType(value: GraphValue, uses: readonly VariableUse[], imports: Imports, plan: EmitPlan): string {
  const own = ownType(value);
  if (own !== "null" && own !== "string" && own !== "unknown" && !own.startsWith("Record")) return own;
  const candidates = own === "string" ? uses.filter((use) => use.literalsOnly) : uses;
  for (const use of candidates) {
    const isFile = use.module.startsWith("/");
    const type = importableType(withoutUndefined(use.type), use.module, isFile, imports, plan);
    if (type !== undefined) return own === "null" && !/\bnull\b/.test(type) ? `${type} | null` : type;
  }
  return own;
}

function withoutUndefined(type: string): string {
  return type.replace(/\s*\|\s*undefined\b|\bundefined\s*\|\s*/g, "");
}

function ownType(value: GraphValue): string {
  switch (value.kind) {
    case "scalar":
      if (value.value === null) return "null";
      return typeof value.value === "bigint" ? "number" : typeof value.value;
    case "list":
    case "tuple": {
      const types = new Set(value.items.map(ownType));
      return types.size === 1 ? `readonly ${[...types][0]}[]` : "readonly unknown[]";
    }
    case "dict":
      return "Record<string, unknown>";
    case "call":
      return ["len", "int", "float", "round", "abs"].includes(value.constructorSpec)
        ? "number"
        : value.constructorSpec === "str"
          ? "string"
          : "unknown";
    default:
      return "unknown";
  }
}

/** The config as other tools read it: snake_case keys with plain defaults. */
export function modelConfigEntries(node: CallNode): readonly DictEntry[] {
  const config = keyword(node, "config");
  return config?.kind === "dict"
    ? config.entries.filter(
        (entry) => keyText(entry) !== "" && operands(entry.value).every((part) => part.kind !== "call"),
      )
    : [];
}
