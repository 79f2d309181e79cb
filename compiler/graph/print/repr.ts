/** @file A graph in the form that Python's `repr` would have: values of the host language, nodes as constructor calls. */
import { floatText } from "../float-text.ts";
import type { CallNode, GraphValue, Scalar, VarNode } from "../node.ts";
import { numberShared } from "./outline.ts";

const classNames = {
  singleton: "SingletonNode",
  factory: "FactoryNode",
  partial: "PartialNode",
  meta: "MetaNode",
} as const;

export function printRepr(root: GraphValue): string {
  const numbers = numberShared(root);
  const written = new Set<GraphValue>();
  const write = (value: GraphValue): string => {
    switch (value.kind) {
      case "scalar":
        return scalarRepr(value.value);
      case "opaque":
        return `${value.type}(${typeof value.value === "string" ? textRepr(value.value) : `{${value.value.map(write).join(", ")}}`})`;
      case "list":
        return `[${value.items.map(write).join(", ")}]`;
      case "tuple":
        return value.items.length === 1
          ? `(${write(value.items[0] as GraphValue)},)`
          : `(${value.items.map(write).join(", ")})`;
      case "dict":
        return `{${value.entries.map((entry) => `${write(entry.key)}: ${write(entry.value)}`).join(", ")}}`;
      case "var":
      case "call": {
        const number = numbers.get(value);
        if (written.has(value)) return `<${number}>`;
        written.add(value);
        const text = value.kind === "var" ? variable(value) : call(value);
        return number === undefined ? text : `<${number}: ${text}>`;
      }
    }
  };
  const variable = (node: VarNode): string => {
    const parts = [textRepr(node.varName)];
    if (node.name !== undefined) parts.push(`_identity=${textRepr(node.name)}`);
    if (node.fallback !== undefined) parts.push(`default=${write(node.fallback)}`);
    return `VarNode(${parts.join(", ")})`;
  };
  const call = (node: CallNode): string => {
    const parts = [textRepr(node.constructorSpec), ...node.args.map(write)];
    if (node.name !== undefined) parts.push(`_identity=${textRepr(node.name)}`);
    for (const { name, value } of node.kwargs) parts.push(`${name}=${write(value)}`);
    if (node.latentArgs !== undefined) parts.push(`latent_args=${write(node.latentArgs)}`);
    if (node.submoduleSearchpath !== undefined) parts.push(`submodule_searchpath=${write(node.submoduleSearchpath)}`);
    return `${classNames[node.mode]}(${parts.join(", ")})`;
  };
  return `${write(root)}\n`;
}

function scalarRepr(value: Scalar): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return floatText(value);
  return typeof value === "string" ? textRepr(value) : String(value);
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
const unprintable = /[\\\u0000-\u001f\u007f-\u00a0]/g;

function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(unprintable, (c) => escapes[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `${quote}${quote === "'" ? body.replaceAll("'", "\\'") : body}${quote}`;
}
