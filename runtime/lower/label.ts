/** @file What a kernel is called in dumps and profiles: where it was recorded and what it computes. */
import type { Node } from "../tensor/graph.ts";
import type { Group, Root } from "./group.ts";

export function describeGroup(group: Group): string {
  const last = (group.roots[group.roots.length - 1] as Root).node;
  const parts: string[] = group.core === undefined ? [] : [group.core.op.kind];
  for (const { node, isCopy } of group.roots)
    if (node !== group.core && node.op.kind !== "result")
      parts.push(isCopy ? `copy ${describe(node)}` : describe(node));
  const what = parts.slice(0, 4).join("+") + (parts.length > 4 ? `+${parts.length - 4}` : "");
  return last.scope === "" ? what : `${last.scope}: ${what}`;
}

function describe({ op }: Node): string {
  switch (op.kind) {
    case "unary":
    case "binary":
    case "reduce":
      return op.fn;
    default:
      return op.kind;
  }
}
