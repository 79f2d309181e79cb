/** @file Folding built-in calls whose result can be seen in the graph: `getitem` of a mapping that is there, `len` of a list that is there. */
import type { CallNode, DictNode, GraphValue, ListNode, TupleNode } from "../node.ts";
import { asData, entryOf, scalar } from "./queries.ts";

/** What `node` comes to, as far as that needs no run; `node` itself otherwise. Operands are folded already. */
export function fold(node: GraphValue): GraphValue {
  if (node.kind !== "call" || node.mode === "partial" || node.kwargs.length > 0) return node;
  const rule = rules.get(node.constructorSpec);
  return rule?.(node) ?? node;
}

const rules: ReadonlyMap<string, (node: CallNode) => GraphValue | undefined> = new Map(
  Object.entries<(node: CallNode) => GraphValue | undefined>({
    getitem: ({ args: [container, key] }) => {
      const data = dataOf(container);
      if (key?.kind !== "scalar" || data === undefined) return undefined;
      if (data.kind === "dict") return typeof key.value === "string" ? entryOf(data, key.value)?.value : undefined;
      return typeof key.value === "bigint" ? data.items.at(Number(key.value)) : undefined;
    },
    len: ({ args: [container], origin }) => {
      const data = dataOf(container);
      if (data === undefined) return undefined;
      return scalar(BigInt(data.kind === "dict" ? data.entries.length : data.items.length), origin);
    },
    keys: ({ args: [container], origin }) => {
      const data = dataOf(container);
      return data?.kind === "dict"
        ? { kind: "list", items: data.entries.map((entry) => entry.key), origin }
        : undefined;
    },
    values: ({ args: [container], origin }) => {
      const data = dataOf(container);
      return data?.kind === "dict"
        ? { kind: "list", items: data.entries.map((entry) => entry.value), origin }
        : undefined;
    },
  }),
);

function dataOf(node: GraphValue | undefined): DictNode | ListNode | TupleNode | undefined {
  const data = node?.kind === "call" && node.mode !== "partial" ? asData(node) : node;
  return data?.kind === "dict" || data?.kind === "list" || data?.kind === "tuple" ? data : undefined;
}
