/** @file Differences of graphs: what holds for any two. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Change, diffGraphs } from "../../compiler/driver/graph-diff.ts";
import { readValue } from "../../compiler/driver/overrides.ts";
import type { GraphValue } from "../../compiler/graph/node.ts";

const graph = (text: string): GraphValue => readValue(text, "test", "fgc");

/** YAML of a graph: scalars, lists, mappings and nodes. */
const text = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, tie("scalar"), tie("list"), tie("mapping"), tie("node")),
  scalar: fc.constantFrom("1", "1.0", "2", "a", "b", "null", "true", "!var x"),
  list: fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(", ")}]`),
  mapping: fc
    .uniqueArray(fc.constantFrom("p", "q", "r"))
    .chain((keys) => fc.tuple(...keys.map((key) => tie("value").map((value) => `${key}: ${String(value)}`))))
    .map((entries) => `{${entries.join(", ")}}`),
  node: fc
    .tuple(fc.constantFrom("!call:m:F", "!call:m:G", "!partial:m:F"), tie("mapping"))
    .map(([tag, mapping]) => `${tag} ${String(mapping)}`),
})).value as fc.Arbitrary<string>;

const kinds = (changes: readonly Change[]) => changes.map(({ kind, path }) => `${kind} ${path}`);

it("has nothing to tell of equal graphs", () => {
  const property = fc.property(text, (yaml) => {
    expect(diffGraphs(graph(yaml), graph(yaml))).toEqual([]);
  });
  fc.assert(property, { seed: 4 });
});

it("tells the reverse, reversed", () => {
  const property = fc.property(text, text, (a, b) => {
    const there = diffGraphs(graph(a), graph(b));
    const back = diffGraphs(graph(b), graph(a));
    const count = (changes: readonly Change[], kind: string) => changes.filter((change) => change.kind === kind).length;
    // Of two alignments that are equally long, one is chosen: which one may depend on the direction.
    expect(there.length === 0).toBe(back.length === 0);
    if (!a.includes("[") && !b.includes("["))
      expect([count(back, "removed"), count(back, "added"), count(back, "changed")]).toEqual([
        count(there, "added"),
        count(there, "removed"),
        count(there, "changed"),
      ]);
  });
  fc.assert(property, { seed: 4, numRuns: 300 });
});

it.each([
  ["keys have no order", "{a: 1, b: 2}", "{b: 2, a: 1}", []],
  ["an int is no float", "{a: 1}", "{a: 1.0}", ["changed a"]],
  ["an item in front", "[1, 2, 3]", "[0, 1, 2, 3]", ["added [0]"]],
  ["an item that is gone", "{x: [{a: 1}, {b: 1}, {c: 1}]}", "{x: [{a: 1}, {c: 1}]}", ["removed x[1]"]],
  ["an item that has changed", "[{a: 1}, {b: 1}]", "[{a: 1}, {b: 2}]", ["changed [1].b"]],
  ["names of nodes", "{x: !call:m:F@one {}}", "{x: !call:m:F@two {}}", []],
  ["another constructor", "{x: !call:m:F {a: 1}}", "{x: !call:m:G {a: 2}}", ["changed x", "changed x.a"]],
  ["another mode", "{x: !call:m:F {}}", "{x: !partial:m:F {}}", ["changed x"]],
  ["positional arguments", "{x: !call:m:F [1, 2]}", "{x: !call:m:F [1, 3]}", ["changed x[1]"]],
  ["what is shared, once", "{x: &a {p: 1}, y: *a}", "{x: &a {p: 2}, y: *a}", ["changed x.p"]],
  ["what is no longer shared", "{x: &a {p: 1}, y: *a}", "{x: {p: 1}, y: {p: 2}}", ["changed y.p"]],
  ["data tags are data", "{x: !list [1, 2]}", "{x: [1, 2]}", []],
  ["a default of a variable", "{x: !var {name: v, default: 1}}", "{x: !var {name: v}}", ["removed x.default"]],
])("%s", (_, a, b, expected) => {
  expect(kinds(diffGraphs(graph(a), graph(b)))).toEqual(expected);
});
