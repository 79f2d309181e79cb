/**
 * @file What `explain` says of every path of every example config: the value that wins is the graph's, and all that is named lies in a file
 * that the config used.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { buildGraph, type ConfigRequest, listConfigs, loadProject, preprocess } from "../../compiler/driver/compile.ts";
import { linkConfig } from "../../compiler/driver/program-graph.ts";
import { openExplainer } from "../../compiler/driver/provenance/explain.ts";
import type { Explanation, Source } from "../../compiler/driver/provenance/source.ts";
import { valueText } from "../../compiler/driver/provenance/value-text.ts";
import type { GraphValue } from "../../compiler/graph/node.ts";
import { asData, bundleTextSpec } from "../../compiler/graph/passes/queries.ts";
import { RenderTrace } from "../../compiler/template/index.ts";

const root = join(import.meta.dirname, "../..");
const host = { ...nodeHost(), cwd: () => root };
const clock = { epochMs: Date.UTC(2026, 0, 31), utcOffsetMinutes: 0 };

const projects = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith("/meta.yaml") && !name.includes("output_models"))
  .map((name) => join("examples", name.slice(0, -"/meta.yaml".length)))
  .sort();

const configs = projects.flatMap((dir) => {
  const project = loadProject(host, join(root, dir), { clock });
  return listConfigs(host, project).map((config) => [`${dir} ${config}`, { project, config, clock }] as const);
});

describe("every path of the examples", () => {
  it("has examples to look at", () => expect(configs.length).toBeGreaterThan(5));

  it.each(configs)("%s: a trace changes nothing", (_, request: ConfigRequest) => {
    const traced = preprocess(host, request, { trace: new RenderTrace() });
    expect(traced.text).toBe(preprocess(host, request).text);
  });

  it.each(configs)("%s", (_, request: ConfigRequest) => {
    const { graph } = buildGraph(host, request);
    const linked = linkConfig(host, request, graph);
    expect(linked.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    const explainer = openExplainer(host, request, (name) => name);
    const seen = new Set<string>();
    const explain = (path: string): Explanation => {
      seen.add(path);
      const explanation = explainer.explain(path);
      for (const { file, start, end } of spansOf(explanation)) {
        expect(host.files.readText(file.path)).toBe(file.text);
        expect([0 <= start, start <= end, end <= file.text.length]).toEqual([true, true, true]);
      }
      return explanation;
    };
    for (const [path, value] of paths(graph)) {
      // What stands for something else is told as what it stands for.
      if (value.kind === "var" || isReference(value)) continue;
      expect([path, explain(path).value]).toEqual([path, valueText(value)]);
    }
    expect(seen.size).toBeGreaterThan(0);
    for (const [path, value] of paths(linked.graph)) {
      if (value.kind !== "scalar" || seen.has(path)) continue;
      const explained = explain(path).value;
      // Folded by the link: the config itself has a node there.
      if (explained?.startsWith("!") === true) continue;
      expect([path, explained]).toEqual([path, valueText(value)]);
    }
  });
});

/** Every value below the targets, each once. */
function* paths(root: GraphValue, path = "", seen = new Set<GraphValue>()): Generator<readonly [string, GraphValue]> {
  if (seen.has(root)) return;
  seen.add(root);
  if (path !== "") yield [path, root];
  // A text that the compiler puts there.
  if (root.kind === "call" && root.constructorSpec === bundleTextSpec) return;
  const inside = root.kind === "call" ? (asData(root) ?? root) : root;
  const at = (step: string) => (path === "" ? step : `${path}.${step}`);
  if (inside.kind === "list" || inside.kind === "tuple")
    for (const [i, item] of inside.items.entries()) yield* paths(item, `${path}[${i}]`, seen);
  if (inside.kind === "dict")
    for (const { key, value } of inside.entries)
      if (key.kind === "scalar" && /^[\w-]+$/.test(String(key.value))) yield* paths(value, at(String(key.value)), seen);
  if (inside.kind !== "call") return;
  for (const [i, value] of inside.args.entries()) yield* paths(value, at(String(i)), seen);
  for (const { name, value } of inside.kwargs) yield* paths(value, at(name), seen);
}

function isReference(value: GraphValue): boolean {
  return value.kind === "call" && ["forgather:from_project", "getitem"].includes(value.constructorSpec);
}

function spansOf({ sources, arguments: inside }: Explanation) {
  const all: readonly Source[] = [...sources, ...inside.map(({ source }) => source)];
  return all.flatMap(({ origin, via, inputs }) =>
    [origin, ...via.map((step) => step.origin), ...inputs.map((input) => input.origin)].flatMap((place) =>
      place === undefined ? [] : [place.span, ...place.stack.map((frame) => frame.span)],
    ),
  );
}
