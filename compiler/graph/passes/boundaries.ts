/**
 * @file Graph pass: what becomes a module of its own.
 *
 *     !meta:fgc/compiler:modelModule { obj: *parts, config: *model_config }      config: { hidden_size: 256, … }
 *
 * Needs:   link (variables are bound by now, except those of a model's config).
 * Leaves:  every model module with `obj` and a `config` that is a plain mapping: its keys become ModelConfig, whatever class upstream made of them.
 * Faults:  graph/model-module.
 */
import { describe, placeOf } from "../describe.ts";
import type { CallNode, DictEntry, GraphValue } from "../node.ts";
import { boundaryDiagnostics as faults } from "./diagnostics.ts";
import type { GraphPass } from "./pass.ts";
import { isCallOf, keyText, keyword, modelModuleSpec } from "./queries.ts";
import { rewrite } from "./rewrite.ts";

export const boundaries: GraphPass = {
  name: "boundaries",
  summary: "model modules: their parts and their config",
  run: (root, { report }) =>
    rewrite(root, (node) => {
      if (!isCallOf(node, modelModuleSpec)) return node;
      const config = keyword(node, "config");
      if (keyword(node, "obj") === undefined && node.faulty !== true)
        report(
          faults.modelModule(placeOf(node.constructorOrigin), {
            problem: "needs 'obj', the graph of the model's parts",
          }),
        );
      const entries = config === undefined ? [] : configEntries(config);
      if (entries === undefined) {
        if (config?.faulty !== true)
          report(
            faults.modelModule(placeOf((config as GraphValue).origin), {
              problem: `takes as 'config' a mapping, or a call whose keywords are one, not ${describe(config as GraphValue)}`,
            }),
          );
        return { ...node, faulty: true };
      }
      const marks = config?.faulty === true ? ({ faulty: true } as const) : {};
      const dict: GraphValue = { kind: "dict", entries, origin: config?.origin ?? node.origin, ...marks };
      const others = node.kwargs.filter(({ name }) => name !== "config");
      return { ...node, kwargs: [...others, { name: "config", nameOrigin: node.origin, value: dict }] };
    }),
};

/** The names that a model module's config gives, before and after this pass. */
export function moduleConfigKeys(node: CallNode): readonly string[] {
  const config = keyword(node, "config");
  return config === undefined ? [] : (configEntries(config) ?? []).map(keyText);
}

/** Whether these are all: a fault in the config may have cost some. */
export function knowsConfigKeys(node: CallNode): boolean {
  const config = keyword(node, "config");
  if (config === undefined) return node.faulty !== true;
  return config.faulty !== true && configEntries(config) !== undefined;
}

function configEntries(config: GraphValue): readonly DictEntry[] | undefined {
  if (config.kind === "dict") return config.entries;
  if (config.kind !== "call" || config.args.length > 0) return undefined;
  return config.kwargs.map((entry) => ({
    key: { kind: "scalar", value: entry.name, origin: entry.nameOrigin },
    value: entry.value,
  }));
}
