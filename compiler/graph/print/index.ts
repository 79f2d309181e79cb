/** @file The forms in which a graph can be printed, by the names that the command line gives them. */
import { canonicalGraph } from "../canonical.ts";
import type { NamePolicy } from "../names.ts";
import type { GraphValue } from "../node.ts";
import { printDot, printMermaid } from "./diagram.ts";
import { printOutline } from "./outline.ts";
import { printRepr } from "./repr.ts";
import { printYaml } from "./yaml.ts";

export const graphPrinters = {
  yaml: printYaml,
  json: (root: GraphValue) => `${JSON.stringify(canonicalGraph(root), null, 2)}\n`,
  dot: printDot,
  mermaid: printMermaid,
  outline: printOutline,
  repr: printRepr,
} satisfies Record<string, (root: GraphValue, policy: NamePolicy) => string>;

export type GraphFormat = keyof typeof graphPrinters;

export function printGraph(root: GraphValue, format: GraphFormat, policy: NamePolicy = "named"): string {
  return graphPrinters[format](root, policy);
}
