/** @file Axes: round numbers for ticks, and values to places. */

/** Round numbers in [min, max], about `count` of them. */
export function niceTicks(min: number, max: number, count: number): number[] {
  const rough = Math.max(max - min, Number.EPSILON) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** A linear map of [from, to] onto [start, end]. */
export function linearScale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

/** Numbers as an axis shows them: 1,500 or 0.25. */
export function formatTick(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 4 });
}
