/** @file Repetitions of work that a device does on its own: how many fit, how long they take, what is printed. */
import { line, median } from "../lib/measure.ts";
import type { Options } from "./options.ts";

/** What all lines of one run share. */
export interface Setting {
  readonly device: string;
  readonly adapter: string;
  readonly features: string;
}

/**
 * Milliseconds per unit of work, one figure per repetition. `run(n)` does `n` units and resolves when all are done; the first calls,
 * which compile and warm up, are not counted.
 */
export async function measure(
  run: (count: number) => Promise<void>,
  { seconds, repetitions }: Pick<Options, "seconds" | "repetitions">,
): Promise<readonly number[]> {
  const timed = async (count: number): Promise<number> => {
    const start = performance.now();
    await run(count);
    return performance.now() - start;
  };
  await run(1);
  const wanted = (1000 * seconds) / repetitions;
  let count = 1;
  let ms = await timed(count);
  // A single unit holds the cost of waiting for it, so the number grows by what was measured, not at once.
  while (ms < wanted / 2) {
    count = Math.max(count + 1, Math.min(count * 8, Math.floor((count * wanted) / Math.max(ms, 0.01))));
    ms = await timed(count);
  }
  const times: number[] = [];
  for (let i = 0; i < repetitions; i++) times.push((await timed(count)) / count);
  return times;
}

/** One line: a rate (work per second) with its spread. */
export function report(
  setting: Setting,
  bench: string,
  facts: Readonly<Record<string, unknown>>,
  unit: string,
  work: number,
  ms: readonly number[],
  more: Readonly<Record<string, unknown>> = {},
): void {
  const rate = (time: number): number => (work * 1000) / time;
  line({
    bench,
    ...facts,
    unit,
    median: rate(median(ms)),
    min: rate(Math.max(...ms)),
    max: rate(Math.min(...ms)),
    msMedian: median(ms),
    repetitions: ms.length,
    ...more,
    ...setting,
  });
}
