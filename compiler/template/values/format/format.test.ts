/** @file Percent formatting and format specifications, against Python's results. */
import { expect, it } from "vitest";
import { getAttribute } from "../access.ts";
import { list } from "../build.fixture.ts";
import { call, PyTuple, type Value } from "../value.ts";
import { formatPercent } from "./percent.ts";
import { formatValue } from "./specification.ts";

it.each<[string, Value, string]>([
  ["%05d", -42n, "-0042"],
  ["%+.3e", 12345.678, "+1.235e+04"],
  ["%g", 1e-5, "1e-05"],
  ["%g", 123456789, "1.23457e+08"],
  ["%#g", 1, "1.00000"],
  ["%.0f", 2.5, "2"],
  ["%.0f", 3.5, "4"],
  ["%.2f", 2.675, "2.67"],
  ["%x", -255n, "-ff"],
  ["%#o", 8n, "0o10"],
  ["%s", 1e16, "1e+16"],
  ["%.2s", "abcdef", "ab"],
  ["%-6s|", "ab", "ab    |"],
  ["%c", 128512n, "\ud83d\ude00"],
  ["%r", "a", "'a'"],
  ["%a", "\u00e9", "'\\xe9'"],
  ["%d", 3.99, "3"],
  ["%5.1f%%", 99.95, "100.0%"],
])("'%s' %% %s", (format, value, text) => {
  expect(formatPercent(format, new PyTuple([value]))).toBe(text);
});

it.each<[string, Value, string]>([
  ["05d", 42n, "00042"],
  ["+,", 1234567n, "+1,234,567"],
  ["_b", 1023n, "11_1111_1111"],
  ["#010x", 255n, "0x000000ff"],
  ["08,", 1234n, "0,001,234"],
  [".3", 1234.5678, "1.23e+03"],
  [".1", 1, "1e+00"],
  ["g", 1e-5, "1e-05"],
  [".1%", 0.256, "25.6%"],
  ["*^9", "mid", "***mid***"],
  ["=+6d", 42n, "+   42"],
  ["e", 5n, "5.000000e+00"],
  ["z.1f", -0.04, "0.0"],
  ["c", 65n, "A"],
  ["4c", 65n, "   A"],
  ["6", true, "     1"],
  ["", true, "True"],
  ["05", "ab", "ab000"],
  [".2", "abc", "ab"],
  ["_.3f", 1234567.5, "1_234_567.500"],
  [">8", 1.5, "     1.5"],
])("format with '%s' of %s", (specification, value, text) => {
  expect(formatValue(value, specification)).toBe(text);
});

const format = (text: string, ...args: Value[]): Value => call(getAttribute(text, "format"), args);

it("numbers, nests and converts replacement fields", () => {
  expect(format("{} {}", 1n, "a")).toBe("1 a");
  expect(format("{1[0]}-{0!r}", "x", list(7n))).toBe("7-'x'");
  expect(format("{:{}}|", "a", 4n)).toBe("a   |");
  expect(format("{{}}")).toBe("{}");
});

it.each([
  ["{} {0}", "cannot switch"],
  ["{", "Single '{'"],
  ["}", "Single '}'"],
  ["{0", "expected '}'"],
  ["{:q}", "Unknown format code 'q'"],
])("refuses %s", (text, message) => {
  expect(() => format(text, 1n)).toThrow(message);
});

it("does not let a format reach what the sandbox hides", () => {
  expect(() => format("{0.__class__}", 1n)).toThrow("unsafe");
});
