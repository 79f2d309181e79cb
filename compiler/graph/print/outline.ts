/**
 * @file A graph as an indented outline to read: one line per value, names and sharing marked.
 *
 *     main: singleton fgc/train:Trainer @trainer
 *       model: factory fgc/models:llama #1
 *       optimizer: → #1
 */
import { type CallNode, type GraphValue, operands, type VarNode } from "../node.ts";
import { yamlScalar } from "./yaml-scalar.ts";

export function printOutline(root: GraphValue): string {
  const numbers = numberShared(root);
  const lines: string[] = [];
  const written = new Set<GraphValue>();
  const write = (label: string, value: GraphValue, depth: number): void => {
    const head = `${"  ".repeat(depth)}${label}`;
    switch (value.kind) {
      case "scalar":
        lines.push(`${head}${yamlScalar(value.value)}`);
        return;
      case "opaque":
        lines.push(`${head}${value.type} ${typeof value.value === "string" ? value.value : ""}`.trimEnd());
        return;
      case "list":
      case "tuple":
        lines.push(value.items.length === 0 ? `${head}[]` : `${head}${value.kind}`);
        for (const item of value.items) write("- ", item, depth + 1);
        return;
      case "dict":
        lines.push(value.entries.length === 0 ? `${head}{}` : `${head.trimEnd()}`);
        for (const entry of value.entries) write(`${keyText(entry.key)}: `, entry.value, depth + 1);
        return;
      case "var":
      case "call": {
        const number = numbers.get(value);
        if (written.has(value)) {
          lines.push(`${head}→ #${number}`);
          return;
        }
        written.add(value);
        const mark = `${value.name === undefined ? "" : ` @${value.name}`}${number === undefined ? "" : ` #${number}`}`;
        if (value.kind === "var") {
          lines.push(`${head}var ${value.varName}${mark}`);
          if (value.fallback !== undefined) write("default: ", value.fallback, depth + 1);
          return;
        }
        lines.push(`${head}${value.mode} ${value.constructorSpec}${mark}`);
        for (const arg of value.args) write("- ", arg, depth + 1);
        for (const keyword of value.kwargs) write(`${keyword.name}: `, keyword.value, depth + 1);
        if (value.latentArgs !== undefined) write("(latent_args): ", value.latentArgs, depth + 1);
        if (value.submoduleSearchpath !== undefined)
          write("(submodule_searchpath): ", value.submoduleSearchpath, depth + 1);
      }
    }
  };
  if (root.kind === "dict" && root.entries.length > 0)
    for (const entry of root.entries) write(`${keyText(entry.key)}: `, entry.value, 0);
  else write("", root, 0);
  return `${lines.join("\n")}\n`;
}

export function keyText(key: GraphValue): string {
  if (key.kind === "scalar") return yamlScalar(key.value);
  return key.kind === "call" ? `(${key.constructorSpec})` : `(${key.kind})`;
}

/** Numbers for nodes that occur at several places, in the order of meeting. */
export function numberShared(root: GraphValue): ReadonlyMap<CallNode | VarNode, number> {
  const met = new Set<CallNode | VarNode>();
  const shared = new Set<CallNode | VarNode>();
  const visit = (value: GraphValue): void => {
    if (value.kind === "call" || value.kind === "var") {
      if (met.has(value)) {
        shared.add(value);
        return;
      }
      met.add(value);
    }
    for (const operand of operands(value)) visit(operand);
  };
  visit(root);
  return new Map([...met].filter((node) => shared.has(node)).map((node, i) => [node, i + 1] as const));
}
