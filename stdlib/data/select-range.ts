/** @file `selectRange`: which rows of a dataset to use. */
import { UserError } from "../faults.ts";

/**
 * `null` all; `n` the first n; a fraction the first share; `[a, b]` or `[a, b, step]`, each an integer or a share; negative numbers
 * count from the end; what lies outside is clamped.
 */
export type SelectRange = number | readonly number[] | null;

/** The rows that a range selects out of `length`. */
export function selectedIndices(range: SelectRange, length: number): { start: number; stop: number; step: number } {
  if (range === null) return { start: 0, stop: length, step: 1 };
  if (typeof range === "number") return { start: 0, stop: position(range, length), step: 1 };
  const [first, last, step = 1] = range;
  if (range.length < 2 || range.length > 3 || !Number.isInteger(step) || step < 1) {
    throw new UserError("data/bad-range", `select_range ${JSON.stringify(range)} is not a range`, {
      hint: "use null, n, a share such as 0.1, [from, to] or [from, to, step]",
    });
  }
  return { start: position(first!, length), stop: position(last!, length), step };
}

function position(value: number, length: number): number {
  if (!Number.isFinite(value)) throw new UserError("data/bad-range", `${value} is not a number of rows`);
  const rows = Number.isInteger(value) ? value : Math.trunc(value * length);
  return Math.min(length, Math.max(0, rows < 0 || Object.is(value, -0) ? length + rows : rows));
}
