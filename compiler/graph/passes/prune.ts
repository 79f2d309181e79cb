/**
 * @file Graph pass: keep what the wanted targets reach.
 *
 * Needs:   overrides (a path may name a target that nothing else keeps).
 * Leaves:  the wanted targets, and those others that are parts of them: their keys give the parts their names. What nothing reaches is not
 *          resolved, so a config may name what this machine does not have, as long as it is not built.
 * Faults:  graph/unknown-target, graph/unbound-variable, graph/unused-config-key.
 */
import { nearest } from "../../source/nearest.ts";
import { placeOf } from "../describe.ts";
import { graphDiagnostics } from "../diagnostics.ts";
import type { GraphValue } from "../node.ts";
import { knowsConfigKeys, moduleConfigKeys } from "./boundaries.ts";
import { reportUnusedKeys } from "./model-config-keys.ts";
import type { GraphPass, PassContext } from "./pass.ts";
import { isCallOf, keyText, keyword, modelModuleSpec, targetOf, targetsOf, walk } from "./queries.ts";

export const prune: GraphPass = {
  name: "prune",
  summary: "keep what the wanted targets reach",
  run: (root, context) => {
    const kept =
      context.targets === undefined || root.kind !== "dict" ? root : keepTargets(root, context.targets, context);
    reportUnbound(kept, context);
    return kept;
  },
};

function keepTargets(
  root: GraphValue & { kind: "dict" },
  targets: readonly string[],
  { report }: PassContext,
): GraphValue {
  const roots = targets.flatMap((name) => {
    const value = targetOf(root, name);
    if (value === undefined && root.faulty !== true)
      report(
        graphDiagnostics.unknownTarget(placeOf(root.origin), {
          name,
          nearest: nearest(name, targetsOf(root).map(keyText)),
        }),
      );
    return value === undefined ? [] : [value];
  });
  const reached = new Set(roots.flatMap((value) => [...walk(value)]));
  // A plain value is no part by itself: `null` as a target would be "reached" only by accident.
  return {
    ...root,
    entries: root.entries.filter(
      (entry) => targets.includes(keyText(entry)) || (entry.value.kind !== "scalar" && reached.has(entry.value)),
    ),
  };
}

/** Where variables may stay free, those that look like a slip of a key of their model's config are still told. */
function reportUnbound(root: GraphValue, { report, allowFreeVariables }: PassContext): void {
  const bound = new Map<GraphValue, ReadonlySet<string>>();
  const unknown = new Set<GraphValue>();
  const modules = [...walk(root)].filter((node) => isCallOf(node, modelModuleSpec));
  for (const module of modules) {
    reportUnusedKeys(module, { report });
    const keys = new Set([...moduleConfigKeys(module), "config"]);
    const isWhole = knowsConfigKeys(module);
    for (const node of walk(keyword(module, "obj") ?? module))
      if (node.kind === "var") {
        bound.set(node, keys);
        if (!isWhole) unknown.add(node);
      }
  }
  // One message for each name: a slip in the model's config is one slip, whatever the number of parts that ask for it.
  const places = new Map<string, GraphValue[]>();
  for (const node of walk(root)) {
    if (node.kind !== "var" || bound.get(node)?.has(node.varName) === true || unknown.has(node)) continue;
    const others = places.get(node.varName);
    if (others === undefined) places.set(node.varName, [node]);
    else others.push(node);
  }
  for (const [name, [first, ...others]] of places) {
    const { origin } = first as GraphValue;
    const labels = others.slice(0, 3).map((other) => ({ span: other.origin.span, text: "and used here" }));
    const known = [...(bound.get(first as GraphValue) ?? [])];
    const isInModel = bound.has(first as GraphValue);
    if (allowFreeVariables && nearest(name, known) === undefined) continue;
    report(
      graphDiagnostics.unboundVariable(
        { ...placeOf(origin), labels },
        { name, nearest: nearest(name, known), isInModel },
      ),
    );
  }
}
