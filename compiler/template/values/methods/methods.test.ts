/** @file Methods of str, list and dict, against Python's results. */
import { expect, it } from "vitest";
import { getAttribute } from "../access.ts";
import { dict, list, tuple } from "../build.fixture.ts";
import { repr } from "../print.ts";
import { call, Markup, type Value } from "../value.ts";

const method = (self: Value, name: string, ...args: Value[]): Value => call(getAttribute(self, name), args);

it.each<[string, string, Value[], string]>([
  ["a  b c", "split", [], "['a', 'b', 'c']"],
  ["a,b,,c", "split", [","], "['a', 'b', '', 'c']"],
  ["a,b,c", "rsplit", [",", 1n], "['a,b', 'c']"],
  ["  a b  c", "split", [null, 1n], "['a', 'b  c']"],
  ["a\nb\r\nc\u001cd", "splitlines", [], "['a', 'b', 'c', 'd']"],
  ["a=b=c", "rpartition", ["="], "('a=b', '=', 'c')"],
  ["\u00a0a\u2003", "strip", [], "'a'"],
  ["xya", "strip", ["yx"], "'a'"],
  ["we're tim's", "title", [], "\"We'Re Tim'S\""],
  ["\u01c6ungla \ufb01n", "title", [], "'\u01c5ungla Fin'"],
  ["\u00dfa", "capitalize", [], "'Ssa'"],
  ["\u0391\u03a3", "lower", [], "'\u03b1\u03c2'"],
  ["Stra\u00dfe", "casefold", [], "'strasse'"],
  ["aB\u00df", "swapcase", [], "'AbSS'"],
  ["abc", "center", [6n, "*"], "'*abc**'"],
  ["ab", "center", [5n, "*"], "'**ab*'"],
  ["-42", "zfill", [5n], "'-0042'"],
  ["a\tb", "expandtabs", [4n], "'a   b'"],
  ["aaa", "replace", ["a", "b", 2n], "'bba'"],
  ["ab", "replace", ["", "-"], "'-a-b-'"],
  ["\ud83d\ude00a\ud83d\ude00", "find", ["\ud83d\ude00", 1n], "2"],
  ["abc", "count", [""], "4"],
  ["\u00b2", "isdigit", [], "True"],
  ["\u00bd", "isnumeric", [], "True"],
  ["\u56db", "isnumeric", [], "True"],
  ["Ab Cd", "istitle", [], "True"],
  ["a_1", "isidentifier", [], "True"],
  ["abc", "startswith", [tuple("x", "b"), 1n], "True"],
])("%s .%s", (self, name, args, shown) => {
  expect(repr(method(self, name, ...args))).toBe(shown);
});

it("changes lists and dictionaries in place and gives None", () => {
  const numbers = list(3n, 1n);
  expect(method(numbers, "append", 2n)).toBeNull();
  method(numbers, "sort");
  expect(repr(numbers)).toBe("[1, 2, 3]");
  const entries = dict(["a", 1n], [1n, "x"]);
  call(getAttribute(entries, "update"), [dict([1.0, "y"])], new Map([["b", 2n]]));
  expect(repr(entries)).toBe("{'a': 1, 1: 'y', 'b': 2}");
});

it("takes None for a value", () => {
  const entries = dict(["a", null]);
  expect(method(entries, "get", "a", 5n)).toBeNull();
  expect(getAttribute(entries, "a")).toBeNull();
  expect(method(entries, "pop", "a", 5n)).toBeNull();
  expect(repr(method(dict(["k", 1n]), "popitem"))).toBe(repr(tuple("k", 1n)));
});

it("passes arguments by Python's rules", () => {
  const replace = getAttribute("aaa", "replace");
  expect(() => call(replace, ["a", "b"], new Map([["count", 2n]]))).toThrow("unexpected keyword argument 'count'");
  expect(() => call(replace, ["a"])).toThrow("missing required argument: 'new'");
  expect(call(getAttribute("a b c", "split"), [], new Map([["maxsplit", 1n]]))).toEqual(list("a", "b c"));
});

it("escapes what is put into safe text", () => {
  expect(method(new Markup("<b>{}</b>"), "format", "<")).toEqual(new Markup("<b>&lt;</b>"));
  expect(method(new Markup(", "), "join", list("<", new Markup("<i>")))).toEqual(new Markup("&lt;, <i>"));
});
