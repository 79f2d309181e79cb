/** @file Rebuilding graphs with their sharing: two uses of one node stay two uses of one node. */
import type { CallNode, DictEntry, GraphValue, Keyword } from "../node.ts";

/** What to put in the place of `node`, whose operands have been rebuilt; `original` is the node before that. */
export type Rewriter = (node: GraphValue, original: GraphValue) => GraphValue;

/** Bottom up. A node whose operands and own form stay is kept as it is, so an idle pass costs no identity. */
export function rewrite(root: GraphValue, change: Rewriter): GraphValue {
  const done = new Map<GraphValue, GraphValue>();
  const visit = (node: GraphValue): GraphValue => {
    let result = done.get(node);
    if (result === undefined) {
      result = change(mapOperands(node, visit), node);
      done.set(node, result);
    }
    return result;
  };
  return visit(root);
}

/** `node` with each operand replaced by what `map` gives; the node itself where nothing changed. */
export function mapOperands(node: GraphValue, map: (operand: GraphValue) => GraphValue): GraphValue {
  switch (node.kind) {
    case "scalar":
    case "opaque":
      return node;
    case "list":
    case "tuple": {
      const items = mapAll(node.items, map);
      return items === node.items ? node : { ...node, items };
    }
    case "dict": {
      const entries = node.entries.map((entry): DictEntry => {
        const key = map(entry.key);
        const value = map(entry.value);
        return key === entry.key && value === entry.value ? entry : { key, value };
      });
      return entries.every((entry, index) => entry === node.entries[index]) ? node : { ...node, entries };
    }
    case "var": {
      const fallback = node.fallback === undefined ? undefined : map(node.fallback);
      return fallback === undefined || fallback === node.fallback ? node : { ...node, fallback };
    }
    case "call":
      return mapCall(node, map);
  }
}

function mapCall(node: CallNode, map: (operand: GraphValue) => GraphValue): CallNode {
  const args = mapAll(node.args, map);
  const kwargs = mapKeywords(node.kwargs, map);
  const latentArgs = node.latentArgs === undefined ? undefined : map(node.latentArgs);
  const searchpath = node.submoduleSearchpath === undefined ? undefined : map(node.submoduleSearchpath);
  if (
    args === node.args &&
    kwargs === node.kwargs &&
    latentArgs === node.latentArgs &&
    searchpath === node.submoduleSearchpath
  )
    return node;
  return {
    ...node,
    args,
    kwargs,
    ...(latentArgs === undefined ? {} : { latentArgs }),
    ...(searchpath === undefined ? {} : { submoduleSearchpath: searchpath }),
  };
}

function mapKeywords(keywords: readonly Keyword[], map: (operand: GraphValue) => GraphValue): readonly Keyword[] {
  const mapped = keywords.map((keyword): Keyword => {
    const value = map(keyword.value);
    return value === keyword.value ? keyword : { ...keyword, value };
  });
  return mapped.every((keyword, index) => keyword === keywords[index]) ? keywords : mapped;
}

function mapAll(items: readonly GraphValue[], map: (operand: GraphValue) => GraphValue): readonly GraphValue[] {
  const mapped = items.map(map);
  return mapped.every((item, index) => item === items[index]) ? items : mapped;
}
