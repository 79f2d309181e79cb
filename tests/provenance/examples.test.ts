/**
 * @file What `explain` says of every path of every example config: the value that wins is the graph's, and all that is named lies in a file
 * that the config used.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { buildGraph, type ConfigRequest, listConfigs, loadProject } from "../../compiler/driver/compile.ts";
import { linkConfig } from "../../compiler/driver/program-graph.ts";
import { openExplainer } from "../../compiler/driver/provenance/explain.ts";
import type { Explanation, Source } from "../../compiler/driver/provenance/source.ts";
import { valueText } from "../../compiler/driver/provenance/value-text.ts";
import type { GraphValue } from "../../compiler/graph/node.ts";
import { asData } from "../../compiler/graph/passes/queries.ts";

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

  it.each(configs)("%s: the winner has the graph's value", (_, request: ConfigRequest) => {
    const { graph } = buildGraph(host, request);
    const explainer = openExplainer(host, request, (name) => name);
    let count = 0;
    for (const [path, value] of paths(graph)) {
      // What stands for something else is told as what it stands for.
      if (value.kind === "var" || isReference(value)) continue;
      expect([path, explainer.explain(path).value]).toEqual([path, valueText(value)]);
      count += 1;
    }
    expect(count).toBeGreaterThan(0);
  });

  it.each(configs)("%s: so it does where other projects are linked", (_, request: ConfigRequest) => {
    const { graph, diagnostics } = linkConfig(host, request, buildGraph(host, request).graph);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    const explainer = openExplainer(host, request, (name) => name);
    for (const [path, value] of paths(graph)) {
      if (value.kind !== "scalar") continue;
      const { value: explained } = explainer.explain(path);
      // Folded by the link, or the compiler's own: the config itself has a node there.
      if (explained?.startsWith("!") === true) continue;
      expect([path, explained]).toEqual([path, valueText(value)]);
    }
  });

  it.each(configs)("%s: every place lies in a template that was read", (_, request: ConfigRequest) => {
    const explainer = openExplainer(host, request, (name) => name);
    for (const [path] of paths(buildGraph(host, request).graph))
      for (const { file, start, end } of spansOf(explainer.explain(path))) {
        expect(host.files.readText(file.path)).toBe(file.text);
        expect(start).toBeLessThanOrEqual(end);
        expect(end).toBeLessThanOrEqual(file.text.length);
      }
  });
});

/** Every value below the targets, each once. */
function* paths(root: GraphValue, path = "", seen = new Set<GraphValue>()): Generator<readonly [string, GraphValue]> {
  if (seen.has(root)) return;
  seen.add(root);
  if (path !== "") yield [path, root];
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
