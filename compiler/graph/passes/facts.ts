/**
 * @file What a config asks of an asset while compiling: `len(tokenizer)`, `tokenizer.pad_token_id`. Such expressions become literals once the
 * asset is there, so that a model's config holds plain numbers.
 */
import { type CallNode, type GraphValue, operands } from "../node.ts";
import { pureBuiltins } from "./builtins.ts";
import { assetSpec, bundleTextSpec, isCallOf, keyword, orUndefinedSpec, scalar, walk } from "./queries.ts";
import { rewrite } from "./rewrite.ts";

/** Built-ins that only carry data from here to there. */
const carriers = new Set([
  "named_list",
  "named_tuple",
  "named_dict",
  "list",
  "dict",
  "tuple",
  "call",
  bundleTextSpec,
  orUndefinedSpec,
]);

/** The assets below `root`, each after those that its recipe needs. */
export function assetsOf(root: GraphValue): readonly CallNode[] {
  const found: CallNode[] = [];
  const seen = new Set<GraphValue>();
  const visit = (node: GraphValue): void => {
    for (const inner of walk(node)) {
      if (seen.has(inner) || !isCallOf(inner, assetSpec)) continue;
      seen.add(inner);
      for (const { value } of inner.kwargs) visit(value);
      found.push(inner);
    }
  };
  visit(root);
  return found;
}

/** The questions that `root` asks of `asset`, by names that are the same in every build. */
export function factsOf(root: GraphValue, asset: CallNode): ReadonlyMap<string, CallNode> {
  return new Map([...factNodes(root, asset)].map(([node, name]) => [name, node]));
}

/** `root` with each question replaced by its answer. */
export function answerFacts(root: GraphValue, asset: CallNode, answers: Readonly<Record<string, unknown>>): GraphValue {
  const names = factNodes(root, asset);
  return rewrite(root, (node, original) => {
    const name = names.get(original as CallNode);
    return name === undefined || !(name in answers) ? node : fromJson(answers[name], node);
  });
}

/** The expressions over `asset` and literals alone, as large as they get. */
export function factNodes(root: GraphValue, asset: CallNode): ReadonlyMap<CallNode, string> {
  const names = new Map<GraphValue, string>();
  const nameOf = (node: GraphValue): string | undefined => {
    if (node === asset) return "$";
    if (node.kind === "scalar") return typeof node.value === "string" ? JSON.stringify(node.value) : String(node.value);
    return names.get(node);
  };
  rewrite(root, (_, node) => {
    if (node.kind !== "call" || node.mode === "partial" || node.symbol !== undefined || node.kwargs.length > 0)
      return node;
    if (!pureBuiltins.has(node.constructorSpec) || carriers.has(node.constructorSpec)) return node;
    const args = node.args.map(nameOf);
    const asksAsset = node.args.some((arg) => arg === asset || names.has(arg));
    if (asksAsset && args.every((name) => name !== undefined))
      names.set(node, `${node.constructorSpec}(${args.join(", ")})`);
    return node;
  });
  const asked = new Map<CallNode, string>();
  for (const node of walk(root)) {
    if (names.has(node)) continue;
    for (const operand of operands(node)) {
      const name = names.get(operand);
      if (name !== undefined) asked.set(operand as CallNode, name);
    }
  }
  return asked;
}

function fromJson(value: unknown, { origin }: GraphValue): GraphValue {
  if (Array.isArray(value))
    return { kind: "list", items: value.map((item) => fromJson(item, { kind: "list", items: [], origin })), origin };
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => ({
      key: scalar(key, origin),
      value: fromJson(item, { kind: "list", items: [], origin }),
    }));
    return { kind: "dict", entries, origin };
  }
  if (typeof value === "number") return scalar(Number.isSafeInteger(value) ? BigInt(value) : value, origin);
  return scalar(typeof value === "string" || typeof value === "boolean" ? value : null, origin);
}

/** Where an asset wants to lie: `target` as written, a path's last part where it is one of this machine. */
export function assetTarget(asset: CallNode): string | undefined {
  const target = keyword(asset, "target");
  if (target?.kind !== "scalar" || typeof target.value !== "string") return undefined;
  const parts = target.value.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return target.value.startsWith("/") ? parts.at(-1) : parts.join("/");
}
