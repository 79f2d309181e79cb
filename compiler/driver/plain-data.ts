/** @file Values of a graph and of the interpreter as plain data: what `meta`, `dynamic_args` and meta files hold. */
import type { PlainData } from "../config/project.ts";
import { type CallNode, entryOf, type GraphValue, Materializer, Tuple, type Value, View } from "../graph/index.ts";

/** The whole graph, or one target of it, made into plain data. */
export function plainData(
  graph: GraphValue,
  target?: string,
  variables: ReadonlyMap<string, Value> = new Map(),
): PlainData {
  const value = target === undefined ? graph : entryOf(graph, target);
  if (value === undefined) return null;
  return fromValue(new Materializer(value).root(value, variables));
}

function fromValue(value: Value): PlainData {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return (value as Value[]).map(fromValue);
  if (value instanceof Tuple || value instanceof View) return value.items.map(fromValue);
  if (value instanceof Map) {
    return Object.fromEntries([...(value as Map<Value, Value>)].map(([key, item]) => [String(key), fromValue(item)]));
  }
  const node = value as Partial<CallNode>;
  return node.kind === undefined ? null : `<${node.kind}>`;
}

/** For JSON output: ints become numbers where they fit. */
export function jsonOf(value: PlainData): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOf(item)]));
}
