/** @file `--dump-ir`: the graph after a pass, as text. */
import type { GraphValue } from "../graph/node.ts";
import { type PassName, printIR } from "../graph/passes/index.ts";

export function printGraphs(
  graphs: readonly (readonly [PassName, GraphValue])[],
  wanted: PassName | "all" | undefined,
  shorten: (path: string) => string,
): Readonly<Record<string, string>> {
  const chosen = graphs.filter(([pass]) => wanted === "all" || pass === wanted);
  return Object.fromEntries(chosen.map(([pass, graph]) => [pass, printIR(graph, shorten)]));
}
