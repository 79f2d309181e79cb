/** @file Options, medians and JSON lines, for all benchmarks. */
import { loadavg } from "node:os";

/** The value of `--name=value`. */
export function argument(name: string, fallback: string): string {
  const prefix = `--${name}=`;
  return process.argv.find((entry) => entry.startsWith(prefix))?.slice(prefix.length) ?? fallback;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** One result, with the load of the machine, on which everything here depends. */
export function line(result: Readonly<Record<string, unknown>>): void {
  const short = (value: unknown): unknown =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  const entries = Object.entries(result).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.map(short) : short(value),
  ]);
  console.log(
    JSON.stringify({
      ...Object.fromEntries(entries),
      engine: `node ${process.versions.node}`,
      load: short(loadavg()[0]),
      date: new Date().toISOString(),
    }),
  );
}
