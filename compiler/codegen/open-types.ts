/** @file Types for the parameters of an emitted local function: what the callee's signature says, in names that the module can import. */
import type { CallNode, OpenParameter } from "../graph/node.ts";
import type { Imports } from "./imports.ts";
import type { EmitPlan } from "./plan.ts";

export interface OpenTypes {
  readonly positional: ReadonlyMap<string, string>;
  readonly options: ReadonlyMap<string, string>;
}

export function openParameterTypes(node: CallNode, imports: Imports, plan: EmitPlan): OpenTypes {
  const { openPositional = [], openOptions = [] } = node.layout ?? {};
  const typeOf = (parameter: OpenParameter, isOption: boolean): string => {
    const module = node.symbol?.module ?? "";
    const local = importableType(parameter.type, module, node.symbol?.isFile ?? false, imports, plan);
    return local ?? derivedType(node, parameter, isOption, imports, plan);
  };
  return {
    positional: new Map(openPositional.map((parameter) => [parameter.name, typeOf(parameter, false)])),
    options: new Map(openOptions.map((parameter) => [parameter.name, typeOf(parameter, true)])),
  };
}

const builtinTypes = new Set([
  "number",
  "string",
  "boolean",
  "null",
  "undefined",
  "unknown",
  "readonly",
  "Readonly",
  "ReadonlyArray",
  "Record",
  "Array",
  "Iterable",
  "Partial",
  "void",
]);

/** `type` in the words of the emitted module, with imports added; absent where a name in it is not exported by `module`. */
export function importableType(
  type: string,
  module: string,
  isFile: boolean,
  imports: Imports,
  plan: EmitPlan,
): string | undefined {
  const withoutTexts = type.replace(/"[^"]*"|'[^']*'/g, "");
  if (/=>|typeof|\(|\{/.test(withoutTexts)) return undefined;
  const words = [...new Set(withoutTexts.match(/[A-Za-z_$][\w$]*/g) ?? [])].filter((word) => !builtinTypes.has(word));
  if (words.length === 0) return type;
  const exported = (isFile ? plan.symbols.file(module) : plan.symbols.library(module))?.exports ?? {};
  if (!words.every((word) => word in exported)) return undefined;
  const from = isFile ? plan.importFile(module) : module;
  const locals = new Map(words.map((word) => [word, imports.type(from, word)]));
  return type.replace(/[A-Za-z_$][\w$]*/g, (word) => locals.get(word) ?? word);
}

/** `ConstructorParameters<typeof X>[0]["layerIdx"]`: always right, if not pretty. */
function derivedType(
  node: CallNode,
  { name, position }: OpenParameter,
  isOption: boolean,
  imports: Imports,
  plan: EmitPlan,
): string {
  const { symbol, layout } = node;
  if (symbol === undefined) return "unknown";
  const callee = [
    imports.value(symbol.isFile ? plan.importFile(symbol.module) : symbol.module, symbol.exportName),
    ...symbol.members,
  ].join(".");
  const parameter = `${layout?.construct ? "ConstructorParameters" : "Parameters"}<typeof ${callee}>[${position}]`;
  return isOption ? `NonNullable<${parameter}>["${name}"]` : parameter;
}
