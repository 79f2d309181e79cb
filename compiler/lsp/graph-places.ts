/** @file From places in templates to what a config's graph has there: the spec that a computed tag comes to, and the path of a value. */
import type { GraphValue } from "../graph/node.ts";
import { keyText, walk } from "../graph/passes/queries.ts";
import type { Span } from "../source/span.ts";

function overlap(a: Span, b: Span): boolean {
  return a.file.path === b.file.path && a.start <= b.end && b.start <= a.end;
}

export function specWrittenAt(graph: GraphValue, tag: Span): string | undefined {
  for (const node of walk(graph))
    if (node.kind === "call" && overlap(node.constructorOrigin.span, tag)) return node.constructorSpec;
  return undefined;
}

/** `optimizer.lr`: the first path by which the value whose key stands at `place` is reached. */
export function pathAt(graph: GraphValue, place: Span): string | undefined {
  const seen = new Set<GraphValue>();
  const visit = (node: GraphValue, path: string): string | undefined => {
    if (seen.has(node)) return undefined;
    seen.add(node);
    const entries =
      node.kind === "dict"
        ? node.entries.map((entry) => ({ name: keyText(entry), origin: entry.key.origin, value: entry.value }))
        : node.kind === "call"
          ? node.kwargs.map(({ name, nameOrigin, value }) => ({ name, origin: nameOrigin, value }))
          : [];
    for (const { name, origin, value } of entries) {
      const inner = path === "" ? name : `${path}.${name}`;
      if (overlap(origin.span, place)) return inner;
      const found = visit(value, inner);
      if (found !== undefined) return found;
    }
    const items = node.kind === "list" || node.kind === "tuple" ? node.items : node.kind === "call" ? node.args : [];
    for (const [index, item] of items.entries()) {
      const found = visit(item, `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(graph, "");
}
