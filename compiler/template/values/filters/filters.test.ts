/** @file Filters and tests where they differ from the obvious. The language vectors cover the rest. */
import { expect, it } from "vitest";
import { dict, list, tuple } from "../build.fixture.ts";
import { createFilterContext } from "../filter-context.ts";
import { systemHost } from "../globals/host.ts";
import { iterate, toArray } from "../iterate.ts";
import { repr } from "../print.ts";
import { undefinedName } from "../undefined.ts";
import type { Value } from "../value.ts";

const context = createFilterContext({ ...systemHost(), random: () => 0 });
const filter = (name: string, value: Value, ...args: Value[]): Value =>
  context.callFilter(name, value, args, new Map());

it("rounds halves to even on the exact value", () => {
  const rounded = [0.5, 1.5, 2.5, 2.675, -1.5].map((x) => filter("round", x, x === 2.675 ? 2n : 0n));
  expect(rounded).toEqual([0, 2, 2, 2.67, -2]);
  expect(filter("round", 25n, -1n)).toBe(20n);
});

it("reads numbers as Python does", () => {
  expect(["42.9", "1e3", "0xff", " 7 ", "1_0", "٣"].map((text) => filter("int", text))).toEqual([
    42n,
    1000n,
    0n,
    7n,
    10n,
    3n,
  ]);
  expect(filter("int", "0xff", 0n, 16n)).toBe(255n);
  expect(filter("float", "1_0.5")).toBe(10.5);
  expect(filter("float", "x", 2n)).toBe(2n);
});

it("is lazy where Python is", () => {
  let asked = 0;
  const items = list(1n, 2n, 3n);
  const mapped = iterate(filter("map", items, "string"));
  for (const item of mapped) {
    asked++;
    expect(item).toBe("1");
    break;
  }
  expect(asked).toBe(1);
  expect(toArray(filter("map", list(), "no such filter"))).toEqual([]);
});

it("groups under the first spelling of a key", () => {
  const rows = list(dict(["c", "b"]), dict(["c", "A"]), dict(["c", "a"]));
  expect(repr(filter("groupby", rows, "c"))).toBe("[('A', [{'c': 'A'}, {'c': 'a'}]), ('b', [{'c': 'b'}])]");
});

it("sorts by several attributes, stably and without regard to case", () => {
  const rows = list(tuple(1n, "b"), tuple(1n, "A"), tuple(0n, "c"));
  expect(repr(context.callFilter("sort", rows, [], new Map([["attribute", "0,1"]])))).toBe(
    "[(0, 'c'), (1, 'A'), (1, 'b')]",
  );
});

it("fails on undefined values, save for the filters that are made for them", () => {
  const nope = undefinedName("nope");
  expect(() => filter("upper", nope)).toThrow("'nope' is undefined");
  expect(filter("default", nope, 1n)).toBe(1n);
  expect(filter("toyaml", nope, null)).toBe("null");
  expect(toArray(filter("items", nope))).toEqual([]);
});

it("wraps, strips and links text", () => {
  expect(filter("wordwrap", "well-known thing", 6n)).toBe("well-\nknown\nthing");
  expect(filter("striptags", "a<!-- x -->b &amp; &notin; &#150;")).toBe("ab & ∉ –");
  expect(filter("urlize", "(http://a.bc/d(e)).")).toBe(
    '(<a href="http://a.bc/d(e)" rel="noopener">http://a.bc/d(e)</a>).',
  );
});
