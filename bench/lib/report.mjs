/** @file What every benchmark shares: flags, medians, and one JSON line per result. */
import { loadavg } from "node:os";

/** `--name=value` flags as an object. */
export function options() {
  return Object.fromEntries(
    process.argv
      .slice(2)
      .map((arg) => /^--([\w-]+)(?:=(.*))?$/.exec(arg))
      .filter(Boolean)
      .map(([, name, value]) => [name, value ?? "true"]),
  );
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Four significant digits: more would be noise. */
export function emit(result) {
  const rounded = Object.fromEntries(
    Object.entries(result).map(([key, value]) => [
      key,
      typeof value === "number" ? Number(value.toPrecision(4)) : value,
    ]),
  );
  console.log(
    JSON.stringify({ ...rounded, engine: `node ${process.versions.node}`, load1: Number(loadavg()[0].toFixed(2)) }),
  );
}
