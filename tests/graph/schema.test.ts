/** @file grammar/ir.schema.json describes what is printed: the canonical graph and the IR of every example and of the vectors, and nothing else. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeHost } from "../../compiler/cli/node-host.ts";
import { buildGraph, listConfigs, loadProject } from "../../compiler/driver/compile.ts";
import { compileProgram } from "../../compiler/driver/program-graph.ts";
import { canonicalGraph } from "../../compiler/graph/canonical.ts";
import { irToJson } from "../../compiler/graph/passes/index.ts";
import { accepts, type Schema } from "./json-schema.ts";
import { loadSuites } from "./vector-files.ts";

const root = resolve(import.meta.dirname, "../..");
const schema = JSON.parse(readFileSync(join(root, "grammar/ir.schema.json"), "utf8")) as Schema;
/** As it is read from a file. */
const written = (document: unknown): unknown => JSON.parse(JSON.stringify(document));

const host = nodeHost();
const configs = ["tutorials/tiny_llama", "tutorials/project_composition", "tutorials/projects_overview"].flatMap(
  (name) => {
    const project = loadProject(host, join(root, "examples", name));
    return listConfigs(host, project).map((config) => [`${name} ${config}`, { project, config }] as const);
  },
);

describe("examples", () => {
  it.each(configs)("%s as a graph", (_, request) => {
    const { graph } = buildGraph(host, request);
    expect(accepts(schema, written(canonicalGraph(graph)))).toBe(true);
  });
  const isBuilt = existsSync(join(root, "dist/signatures.json"));
  if (!isBuilt) console.warn("no dist/: the IR of the examples is not checked");
  it.skipIf(!isBuilt)("the IR of tiny_llama", () => {
    const project = loadProject(host, join(root, "examples/tutorials/tiny_llama"));
    const { root: graph } = compileProgram(host, { project, targets: ["main"] });
    expect(accepts(schema, written(irToJson(graph, (path) => path)))).toBe(true);
  });
});

for (const suite of loadSuites<{ id: string; expect: { graph?: unknown } }>("graph")) {
  const graphs = suite.cases.flatMap(({ id, expect: { graph } }) =>
    graph === undefined ? [] : [[id, graph] as const],
  );
  it.skipIf(suite.absent || graphs.length === 0)(`${suite.name}: every expected graph`, () => {
    expect(graphs.filter(([, graph]) => !accepts(schema, graph)).map(([id]) => id)).toEqual([]);
  });
}

describe("what is not a graph", () => {
  const call = { $node: "singleton", id: 1, constructor: "a:b" };
  it.each([
    ["another format", { format: "fgc-graph/2", root: null }],
    ["no root", { format: "fgc-graph/1" }],
    ["a bare float", { format: "fgc-graph/1", root: 1.5 }],
    ["an integer that a double cannot hold", { format: "fgc-graph/1", root: 2 ** 53 }],
    ["a call without its number", { format: "fgc-graph/1", root: { $node: "factory", constructor: "a:b" } }],
    ["an unknown tag", { format: "fgc-graph/1", root: { ...call, $node: "lambda" } }],
    ["an empty list of arguments", { format: "fgc-graph/1", root: { ...call, args: [] } }],
    ["a mapping with a key of digits", { format: "fgc-graph/1", root: { 1: "x" } }],
    ["a call of the IR in a graph", { format: "fgc-graph/1", root: { $node: "meta", id: 1, callee: "a", at: "a:1" } }],
    ["a call of a graph in the IR", { format: "fgc-ir/1", targets: call }],
  ])("%s", (_, document) => expect(accepts(schema, document)).toBe(false));
});
