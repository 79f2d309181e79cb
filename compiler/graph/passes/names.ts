/**
 * @file Graph pass: give the parts of a graph names that can stand in code.
 *
 *     !partial:fgc/nn:RMSNorm@layer_norm_factory      layerNormFactory
 *     trainer_args: &trainer_args !singleton:…        trainerArgs, after its target
 *     dataset: *the_same, elsewhere too: *the_same    dataset, after the keyword that it is given as
 *
 * Needs:   types (argument names are the signature's by now).
 * Leaves:  `name` on exactly the calls that the policy wants named, as unique TypeScript identifiers; no other call has one.
 *          Singletons inside of partials are named too: they are made once, outside.
 *          required: what is used at several places; named: that, explicit names and targets; all: every call.
 * Faults:  none: what clashes gets a number.
 */
import { type CallNode, type GraphValue, operands } from "../node.ts";
import { isBuiltin } from "./builtins.ts";
import type { GraphPass, NamePolicy } from "./pass.ts";
import { isCallOf, keyText, modelModuleSpec, targetsOf, walk } from "./queries.ts";
import { camelCase } from "./resolve.ts";
import { rewrite } from "./rewrite.ts";

export const names: GraphPass = {
  name: "names",
  summary: "unique identifiers for the parts",
  run: (root, context) => {
    const wanted = targetsOf(root).filter(
      (entry) => context.targets === undefined || context.targets.includes(keyText(entry)),
    );
    const places = countPlaces(wanted.length > 0 ? wanted.map((entry) => entry.value) : [root]);
    const hints = nameHints(root);
    const once = madeOnce(places.keys());
    const chosen = new Map<GraphValue, string>();
    const taken = new Set([...reserved, ...importedNames(root), ...openVariables(root)]);
    for (const node of places.keys()) {
      if (node.kind === "call" && (once.has(node) || isNamed(node, places.get(node) ?? 0, hints, context.namePolicy)))
        chosen.set(node, unique(identifier(node, hints), taken));
    }
    return rewrite(root, (node, original) => {
      if (node.kind !== "call") return node;
      const { name: _, ...rest } = node;
      const name = chosen.get(original);
      return name === undefined ? rest : { ...rest, name };
    });
  },
};

/** Singletons inside of what runs again and again: made once, so made outside of it, under a name. */
function madeOnce(nodes: Iterable<GraphValue>): Set<GraphValue> {
  const found = new Set<GraphValue>();
  for (const node of nodes) {
    if (node.kind !== "call" || node.mode !== "partial") continue;
    for (const inner of walk(node))
      if (inner.kind === "call" && inner.mode === "singleton" && inner.symbol !== undefined) found.add(inner);
  }
  return found;
}

interface Hint {
  readonly target?: string;
  readonly keyword?: string;
}

function isNamed(node: CallNode, places: number, hints: ReadonlyMap<GraphValue, Hint>, policy: NamePolicy): boolean {
  if (policy === "all" || places > 1) return true;
  return policy === "named" && (node.name !== undefined || hints.get(node)?.target !== undefined);
}

/** How often each node stands in the graph, in the order of first meeting; below a second place nothing is counted again. */
function countPlaces(roots: readonly GraphValue[]): Map<GraphValue, number> {
  const counts = new Map<GraphValue, number>();
  const visit = (node: GraphValue): void => {
    const before = counts.get(node) ?? 0;
    counts.set(node, before + 1);
    if (before === 0) for (const operand of operands(node)) visit(operand);
  };
  for (const root of roots) visit(root);
  return counts;
}

/** What the surroundings call a node: the target that it is, the keyword that it is first given as. */
function nameHints(root: GraphValue): Map<GraphValue, Hint> {
  const hints = new Map<GraphValue, Hint>();
  const add = (node: GraphValue, hint: Hint): void => void hints.set(node, { ...hint, ...hints.get(node) });
  for (const entry of targetsOf(root)) add(entry.value, { target: keyText(entry) });
  for (const node of walk(root)) {
    if (node.kind === "call") for (const { name, value } of node.kwargs) add(value, { keyword: name });
    if (node.kind === "dict" && node !== root)
      for (const entry of node.entries) add(entry.value, { keyword: keyText(entry) });
  }
  return hints;
}

function identifier(node: CallNode, hints: ReadonlyMap<GraphValue, Hint>): string {
  const hint = hints.get(node);
  const callee =
    node.symbol === undefined
      ? node.constructorSpec
      : ([node.symbol.exportName, ...node.symbol.members].at(-1) as string);
  const generic = isBuiltin(node.constructorSpec) ? "value" : callee;
  // `main` says what a target is for, not what it is.
  const target = hint?.target === "main" ? undefined : hint?.target;
  const base = node.name ?? target ?? hint?.keyword ?? generic;
  const words = camelCase(base.replace(/[^A-Za-z0-9_$]+/g, "_").replace(/^_+/, ""));
  const lowered = words.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (capitals) => capitals.toLowerCase());
  return /^[A-Za-z_$]/.test(lowered) ? lowered : `part${lowered}`;
}

function unique(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let count = 2; taken.has(candidate); count += 1) candidate = `${name}${count}`;
  taken.add(candidate);
  return candidate;
}

function importedNames(root: GraphValue): readonly string[] {
  return [...walk(root)].flatMap((node) =>
    node.kind === "call" && node.symbol !== undefined ? [node.symbol.exportName] : [],
  );
}

/** Variables that become parameters. Those of a model module's parts are read from its config. */
function openVariables(root: GraphValue): readonly string[] {
  const seen = new Set<GraphValue>();
  const visit = (node: GraphValue): readonly string[] => {
    if (seen.has(node) || isCallOf(node, modelModuleSpec)) return [];
    seen.add(node);
    return [...(node.kind === "var" ? [camelCase(node.varName)] : []), ...operands(node).flatMap(visit)];
  };
  return visit(root);
}

/** Words of the language, and names that emitted modules have of their own. */
const reserved: readonly string[] = [
  ..."await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in".split(
    " ",
  ),
  ..."instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield".split(
    " ",
  ),
  ..."arguments eval undefined Object Array Math Number String Boolean Promise Set Map process config defaults constructModel ModelConfig createScript construct target".split(
    " ",
  ),
  ..."bundlePath bundleText startTime len runTrainer runModel runRecipe".split(" "),
];
