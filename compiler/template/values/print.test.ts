/** @file What prints, against Python's own repr. */
import { expect, it } from "vitest";
import { dict, list, tuple } from "./build.fixture.ts";
import { repr, str } from "./print.ts";
import { Undefined } from "./undefined.ts";
import { Markup, PyRange, type Value } from "./value.ts";

it.each<[Value, string]>([
  [1, "1.0"],
  [0.1, "0.1"],
  [1e-5, "1e-05"],
  [0.0001, "0.0001"],
  [1e16, "1e+16"],
  [1000000000000000, "1000000000000000.0"],
  [123456789012345.6, "123456789012345.6"],
  [1.5e-7, "1.5e-07"],
  [5e-324, "5e-324"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [-0, "-0.0"],
  [Number.POSITIVE_INFINITY, "inf"],
  [-Number.POSITIVE_INFINITY, "-inf"],
  [Number.NaN, "nan"],
  [0.7999999999999999, "0.7999999999999999"],
  [0.6666666666666666, "0.6666666666666666"],
  ["it's", '"it\'s"'],
  ['say "x"', "'say \"x\"'"],
  ["both ' and \"", "'both \\' and \"'"],
  ["\n\t\r\\", "'\\n\\t\\r\\\\'"],
  ["\u0000\u007f\u00a0", "'\\x00\\x7f\\xa0'"],
  ["\u200b\u2028", "'\\u200b\\u2028'"],
  ["\u00e9\ud83d\ude00", "'\u00e9\ud83d\ude00'"],
  ["\u00ad", "'\\xad'"],
  [list(1n, "a", null, true), "[1, 'a', None, True]"],
  [tuple(1n), "(1,)"],
  [tuple(), "()"],
  [dict(["a", 1], [2n, tuple(3n, 4n)]), "{'a': 1.0, 2: (3, 4)}"],
  [list(list()), "[[]]"],
  [list("\u00e9"), "['\u00e9']"],
])("%s is shown as %s", (value, text) => {
  expect(repr(value)).toBe(text);
});

it("shows a container inside itself", () => {
  const loop = list(1n);
  loop.items.push(loop);
  expect(repr(loop)).toBe("[1, [...]]");
});

it("tells what prints from what is shown inside a list", () => {
  expect(str("a")).toBe("a");
  expect(str(new Markup("<b>"))).toBe("<b>");
  expect(repr(list(new Markup("<b>"), new PyRange(0n, 3n, 1n)))).toBe("[Markup('<b>'), range(0, 3)]");
  expect(repr(list(new Undefined({ name: "x", message: "" })))).toBe("[Undefined]");
});
