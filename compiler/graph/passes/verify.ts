/** @file What must hold after each pass. A breach is a fault of ours: it throws, naming the pass and the node. */
import { InternalError } from "../../diagnostics/diagnostic.ts";
import { startOf } from "../../source/span.ts";
import { type GraphValue, operands } from "../node.ts";
import { isBuiltin } from "./builtins.ts";
import type { PassName } from "./pass.ts";
import { assetSpec, fromProjectSpec, modelModuleSpec, walk } from "./queries.ts";

/** Invariants, by the pass that establishes them; they hold from then on. */
const invariants: Partial<Record<PassName, (node: GraphValue) => string | undefined>> = {
  link: (node) =>
    node.kind === "call" && node.constructorSpec === fromProjectSpec ? "a project is still to be linked" : undefined,
  resolve: (node) =>
    node.kind === "call" && node.symbol === undefined && !isOwn(node.constructorSpec)
      ? "a call has no symbol"
      : undefined,
  types: (node) => {
    if (node.kind !== "call" || node.symbol === undefined) return undefined;
    if (node.layout === undefined) return "a call has no layout";
    const isWhole =
      node.layout.positions.length === node.args.length && node.layout.optionPositions.length === node.kwargs.length;
    return isWhole ? undefined : "the layout does not cover the arguments";
  },
  names: (node) =>
    node.kind === "call" && node.name !== undefined && !/^[A-Za-z_$][\w$]*$/.test(node.name)
      ? `'${node.name}' is no identifier`
      : undefined,
};

function isOwn(spec: string): boolean {
  return isBuiltin(spec) || spec === modelModuleSpec || spec === assetSpec;
}

/** @param done the passes that have run, the last one named in messages */
export function verify(root: GraphValue, done: readonly PassName[]): void {
  const last = done.at(-1) ?? "none";
  const fail = (node: GraphValue, problem: string): never => {
    const { line } = startOf(node.origin.span);
    throw new InternalError(
      `after pass '${last}': ${problem} (${node.kind === "call" ? node.constructorSpec : node.kind} of ${node.origin.span.file.path}:${line})`,
    );
  };
  checkAcyclic(root, fail);
  for (const node of walk(root)) {
    for (const pass of done) {
      const problem = invariants[pass]?.(node);
      if (problem !== undefined) fail(node, problem);
    }
    if (
      node.kind === "call" &&
      new Set(node.kwargs.map(({ name }) => name)).size < node.kwargs.length &&
      node.layout === undefined
    )
      fail(node, "a keyword is given twice");
  }
}

function checkAcyclic(root: GraphValue, fail: (node: GraphValue, problem: string) => never): void {
  const state = new Map<GraphValue, "open" | "done">();
  const visit = (node: GraphValue): void => {
    if (state.get(node) === "done") return;
    if (state.get(node) === "open") fail(node, "the graph has a cycle");
    state.set(node, "open");
    for (const operand of operands(node)) visit(operand);
    state.set(node, "done");
  };
  visit(root);
}
