/** @file Operators, against Python's results. */
import { expect, it } from "vitest";
import { type BinaryOperator, binary } from "./arithmetic.ts";
import { dict, list, tuple } from "./build.fixture.ts";
import { compare, contains, equals } from "./compare.ts";
import { repr } from "./print.ts";
import type { Value } from "./value.ts";

it.each<[Value, BinaryOperator, Value, string]>([
  [6n, "/", 2n, "3.0"],
  [-7n, "//", 2n, "-4"],
  [7n, "%", -3n, "-2"],
  [-7.5, "%", 2n, "0.5"],
  [-0.0, "//", 2n, "-0.0"],
  [true, "+", true, "2"],
  [2n, "**", -1n, "0.5"],
  [2n, "**", 70n, "1180591620717411303424"],
  [10n ** 400n, "/", 10n ** 399n, "10.0"],
  [-8n, "**", 0.5, "(1.7319121124709868e-16+2.8284271247461903j)"],
  ["ab", "*", 2n, "'abab'"],
  [-1n, "*", list(1n), "[]"],
  [tuple(1n), "+", tuple(2n), "(1, 2)"],
  ["%s-%s", "%", tuple(1n, "a"), "'1-a'"],
])("%s %s %s", (a, operator, b, shown) => {
  expect(repr(binary(operator, a, b))).toBe(shown);
});

it.each<[Value, BinaryOperator, Value, string]>([
  [1n, "/", 0n, "division by zero"],
  [1.0, "%", 0n, "by zero"],
  ["a", "+", 1n, "unsupported operand"],
  [10n ** 400n, "+", 1.0, "too large"],
  [list(), "+", tuple(), "unsupported operand"],
])("%s %s %s fails", (a, operator, b, message) => {
  expect(() => binary(operator, a, b)).toThrow(message);
});

it("compares numbers by value and containers by content", () => {
  expect(equals(1n, 1.0) && equals(1n, true)).toBe(true);
  expect(equals(2n ** 53n + 1n, 2 ** 53)).toBe(false);
  expect(equals(list(1n), tuple(1n))).toBe(false);
  expect(equals(dict(["a", 1n], ["b", 2n]), dict(["b", 2.0], ["a", true]))).toBe(true);
  expect(compare("<", "\uffff", "😀")).toBe(true);
  expect(compare("<", list(1n, 2n), list(1n, 3n))).toBe(true);
  expect(() => compare("<", 1n, "a")).toThrow("not supported");
  expect(contains(dict([1n, "x"]), 1.0)).toBe(true);
});

it("keeps the first spelling of equal keys and the last value", () => {
  expect(repr(dict([1n, "a"], [true, "b"], [1.0, "c"]))).toBe("{1: 'c'}");
  expect(() => dict([list(), 1n])).toThrow("unhashable");
});
