/**
 * @file The IR as text, for `--dump-ir`, and as JSON, for `ir.json`.
 *
 *     %3 layerNormFactory = partial fgc/nn:RMSNorm ($hidden_size, { eps: $rms_norm_eps })      ; models/llama.yaml:14
 *     main = %1
 *
 * Calls stand on lines of their own and are referred to by number, so sharing shows. `?x` is a parameter that a partial leaves open.
 */
import { startOf } from "../../source/span.ts";
import { floatText } from "../float-text.ts";
import type { CallNode, GraphValue } from "../node.ts";
import { keyText, targetsOf, walk } from "./queries.ts";

/** @param shorten shows a path as the reader knows it */
export function printIR(root: GraphValue, shorten: (path: string) => string): string {
  const numbers = numberCalls(root);
  const refer = (node: GraphValue): string => inline(node, numbers, refer);
  const lines: string[] = [];
  for (const [node, number] of numbers) {
    const { file } = node.origin.span;
    lines.push(
      `%${number}${node.name === undefined ? "" : ` ${node.name}`} = ${node.mode} ${callee(node)} ${argumentList(node, refer)}  ; ${shorten(file.path)}:${startOf(node.origin.span).line}`,
    );
  }
  const targets = targetsOf(root);
  if (targets.length === 0) lines.push(refer(root));
  for (const entry of targets) lines.push(`${keyText(entry)} = ${refer(entry.value)}`);
  return `${lines.join("\n")}\n`;
}

function numberCalls(root: GraphValue): Map<CallNode, number> {
  const calls = [...walk(root)].filter((node) => node.kind === "call");
  return new Map(calls.map((node, index) => [node, index + 1]));
}

function callee(node: CallNode): string {
  if (node.symbol === undefined) return node.constructorSpec;
  const { module, isFile, exportName, members } = node.symbol;
  const shown = isFile ? module.slice(module.lastIndexOf("/") + 1) : module;
  return `${shown}:${[exportName, ...members].join(".")}`;
}

function argumentList(node: CallNode, refer: (node: GraphValue) => string): string {
  const keywords = node.kwargs.map(({ name, value }) => `${name}: ${refer(value)}`);
  const open = [...(node.layout?.openPositional ?? []), ...(node.layout?.openOptions ?? [])].map(
    ({ name }) => `?${name}`,
  );
  const parts = [
    ...node.args.map(refer),
    ...(keywords.length === 0 ? [] : [`{ ${keywords.join(", ")} }`]),
    ...(node.mode === "partial" ? open : []),
  ];
  return `(${parts.join(", ")})`;
}

function inline(
  node: GraphValue,
  numbers: ReadonlyMap<GraphValue, number>,
  refer: (node: GraphValue) => string,
): string {
  switch (node.kind) {
    case "scalar":
      return scalarText(node.value);
    case "opaque":
      return `<${node.type}>`;
    case "list":
      return `[${node.items.map(refer).join(", ")}]`;
    case "tuple":
      return `(${node.items.map(refer).join(", ")},)`;
    case "dict":
      return `{ ${node.entries.map((entry) => `${keyText(entry)}: ${refer(entry.value)}`).join(", ")} }`;
    case "var":
      return `$${node.varName}${node.fallback === undefined ? "" : ` = ${refer(node.fallback)}`}`;
    case "call":
      return `%${numbers.get(node)}`;
  }
}

function scalarText(value: null | boolean | bigint | number | string): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "number" ? floatText(value) : String(value);
}

/** Plain JSON with sharing kept by `$ref`. @param shorten as above, so that no path of this machine is in it */
export function irToJson(root: GraphValue, shorten: (path: string) => string): unknown {
  const numbers = numberCalls(root);
  const written = new Set<GraphValue>();
  const value = (node: GraphValue): unknown => {
    switch (node.kind) {
      case "scalar":
        return scalarJson(node.value, shorten);
      case "opaque":
        return { $opaque: node.type };
      case "list":
        return node.items.map(value);
      case "tuple":
        return { $tuple: node.items.map(value) };
      case "dict":
        return Object.fromEntries(node.entries.map((entry) => [keyText(entry), value(entry.value)]));
      case "var":
        return { $var: node.varName, ...(node.fallback === undefined ? {} : { default: value(node.fallback) }) };
      case "call":
        return call(node);
    }
  };
  const call = (node: CallNode): unknown => {
    const id = numbers.get(node);
    if (written.has(node)) return { $ref: id };
    written.add(node);
    return {
      $node: node.mode,
      id,
      callee: node.symbol === undefined ? node.constructorSpec : callee(node),
      ...(node.name === undefined ? {} : { name: node.name }),
      at: `${shorten(node.origin.span.file.path)}:${startOf(node.origin.span).line}`,
      ...(node.args.length === 0 ? {} : { args: node.args.map(value) }),
      ...(node.kwargs.length === 0
        ? {}
        : { kwargs: Object.fromEntries(node.kwargs.map((entry) => [entry.name, value(entry.value)])) }),
    };
  };
  return { format: "fgc-ir/1", targets: value(root) };
}

function scalarJson(value: null | boolean | bigint | number | string, shorten: (path: string) => string): unknown {
  if (typeof value === "bigint")
    return value > -(2n ** 53n) && value < 2n ** 53n ? Number(value) : { $int: String(value) };
  if (typeof value === "number") return { $float: floatText(value) };
  return typeof value === "string" ? shorten(value) : value;
}
