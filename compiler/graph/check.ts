/** @file What a built graph must hold: only plain data and nodes, and no name twice (node-graph.md, 4). */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Origin } from "../source/span.ts";
import { placeOf } from "./describe.ts";
import { graphDiagnostics as faults } from "./diagnostics.ts";
import type { CallNode, GraphValue, VarNode } from "./node.ts";

const typeNames = { date: "a date", datetime: "a date with a time", bytes: "binary data", set: "a set" } as const;

/** Keys, latent_args and defaults of variables are not looked at: the language accepts anything there. */
export function checkGraph(root: GraphValue): Diagnostic[] {
  const found: Diagnostic[] = [];
  const seen = new Set<GraphValue>();
  const named = new Map<string, CallNode | VarNode>();
  const visit = (value: GraphValue): void => {
    if (seen.has(value)) return;
    seen.add(value);
    if ((value.kind === "call" || value.kind === "var") && value.name !== undefined) {
      const other = named.get(value.name);
      if (other === undefined) named.set(value.name, value);
      else
        found.push(
          faults.duplicateName(
            { ...placeOf(tagOf(value)), labels: [{ span: tagOf(other).span, text: "first named here" }] },
            { name: value.name },
          ),
        );
    }
    switch (value.kind) {
      case "scalar":
      case "var":
        return;
      case "opaque":
        found.push(
          faults.valueType(placeOf(value.origin), {
            type: typeNames[value.type],
            text: typeof value.value === "string" ? value.value : "",
          }),
        );
        return;
      case "list":
      case "tuple":
        for (const item of value.items) visit(item);
        return;
      case "dict":
        for (const entry of value.entries) visit(entry.value);
        return;
      case "call":
        for (const arg of value.args) visit(arg);
        for (const keyword of value.kwargs) visit(keyword.value);
    }
  };
  visit(root);
  return found;
}

function tagOf(node: CallNode | VarNode): Origin {
  return node.kind === "call" ? node.constructorOrigin : node.origin;
}
