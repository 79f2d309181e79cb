/** @file Powers against values of a correctly rounding library (Python's decimal, 60 digits). */
import { expect, it } from "vitest";
import { power } from "./power.ts";

it.each([
  [128, -0.5, 0.08838834764831845],
  [2397, -0.5, 0.020425184255141674],
  [8.017911908091868, -1.5, 0.04404616277396439],
  [1.000410006063384, -5, 0.9979524888472947],
  [2, 10, 1024],
  [9, 1.5, 27],
  [-2, 3, -8],
  [10, 22, 1e22],
  [10, -5, 1e-5],
  [0.1, 2, 0.010000000000000002],
])("%f ** %f is rounded once", (x, y, result) => {
  expect(power(x, y)).toBe(result);
});

it("leaves limits to the engine", () => {
  expect(power(2, 1024)).toBe(Number.POSITIVE_INFINITY);
  expect(power(2, -1074)).toBe(5e-324);
  expect(power(Number.NaN, 0)).toBe(1);
});
