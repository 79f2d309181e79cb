/**
 * @file Names for nodes in listings and generated code (node-graph.md, 7).
 *
 *     required   nodes that occur more than once
 *     named      these, and nodes with an explicit name
 *     all        every callable node
 */
import type { CallNode, GraphValue } from "./node.ts";

export const namePolicies = ["required", "named", "all"] as const;
export type NamePolicy = (typeof namePolicies)[number];

export interface NamedNodes {
  readonly names: ReadonlyMap<CallNode, string>;
  /** The named nodes, each after those that it uses. */
  readonly definitions: readonly CallNode[];
}

export interface NameOptions {
  /** Leave out meta nodes and what is only below them, as code does. */
  readonly skipMeta?: boolean;
}

export function nameNodes(roots: readonly GraphValue[], policy: NamePolicy, options: NameOptions = {}): NamedNodes {
  const places = new Map<CallNode, number>();
  const bottomUp: CallNode[] = [];
  const visit = (value: GraphValue): void => {
    if (value.kind === "call") {
      if (options.skipMeta === true && value.mode === "meta") return;
      const before = places.get(value) ?? 0;
      places.set(value, before + 1);
      if (before > 0) return;
      for (const arg of value.args) visit(arg);
      for (const keyword of value.kwargs) visit(keyword.value);
      bottomUp.push(value);
    } else if (value.kind === "list" || value.kind === "tuple") {
      for (const item of value.items) visit(item);
    } else if (value.kind === "dict") {
      for (const entry of value.entries) visit(entry.value);
    }
  };
  for (const root of roots) visit(root);
  const names = new Map<CallNode, string>();
  let automatic = 0;
  for (const [node, count] of places) {
    if (policy !== "all" && count < 2 && (policy === "required" || node.name === undefined)) continue;
    names.set(node, node.name ?? automaticName(automatic++));
  }
  return { names, definitions: bottomUp.filter((node) => names.has(node)) };
}

const letters =
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega".split(
    " ",
  );

/** 0 is `alpha_`, 24 `beta_alpha_`, 25 `beta_beta_`: the number in base 24, its digits being letters. */
export function automaticName(index: number): string {
  const digits: string[] = [];
  let rest = index;
  do {
    digits.unshift(`${letters[rest % letters.length]}_`);
    rest = Math.floor(rest / letters.length);
  } while (rest > 0);
  return digits.join("");
}
