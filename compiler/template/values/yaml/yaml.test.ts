/** @file Flow style YAML, against what PyYAML's safe dumper writes. */
import { expect, it } from "vitest";
import { dict, list, tuple } from "../build.fixture.ts";
import type { Value } from "../value.ts";
import { emitFlow } from "./emit.ts";
import { represent } from "./represent.ts";

it.each<[Value, string]>([
  ["abc", "abc"],
  ["", "''"],
  ["yes", "'yes'"],
  ["1e5", "1e5"],
  ["1.0e+5", "'1.0e+5'"],
  ["1:30", "'1:30'"],
  ["a: b", "'a: b'"],
  ["a:b", "a:b"],
  ["a #b", "'a #b'"],
  ["- a", "'- a'"],
  ["-a", "-a"],
  ["?a", "?a"],
  ["'a", "'''a'"],
  ["a\nb", "'a\n\n  b'"],
  ["a\tb", '"a\\tb"'],
  ["\ufeffa", '"\\uFEFFa"'],
  ["a\n b", '"a\\n b"'],
  ["...", "'...'"],
  ["=", "'='"],
  ["2024-01-01 10:00:00", "'2024-01-01 10:00:00'"],
  [1e-5, "1.0e-05"],
  [1e16, "1.0e+16"],
  [Number.POSITIVE_INFINITY, ".inf"],
  [dict(["b", 1n], ["a", "x"]), "{a: x, b: 1}"],
  [list(true, null, "yes"), "[true, null, 'yes']"],
  [tuple(1n, 2n), "[1, 2]"],
  [dict([tuple(1n, 2n), "x"]), "{? [1, 2] : x}"],
  [dict(["", 1n]), "{? '' : 1}"],
  [
    dict([
      "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
      1n,
    ]),
    "{kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: 1}",
  ],
  [
    dict([
      "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
      1n,
    ]),
    "{? kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk : 1}",
  ],
  [list("a, b", "a\nb"), "['a, b', 'a\n\n    b']"],
  [dict([true, 1n], ["x", 2n]), "{true: 1, x: 2}"],
  [dict([1.5, list(dict())]), "{1.5: [{}]}"],
])("case %#", (value, text) => {
  expect(emitFlow(represent(value))).toBe(text);
});

it("names what occurs twice", () => {
  const shared = list(1n);
  expect(emitFlow(represent(list(shared, shared, tuple(), tuple())))).toBe("[&id001 [1], *id001, [], []]");
});
