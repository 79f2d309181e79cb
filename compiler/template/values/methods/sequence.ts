/** @file Indexing and slicing by Python's rules, for every sequence; methods that list, tuple and range share. */
import { equals } from "../compare.ts";
import { typeError, valueError } from "../errors.ts";
import { isSame } from "../hash.ts";
import { repr } from "../print.ts";
import { typeNameOf, type Value } from "../value.ts";

export interface SliceBounds {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

function sliceBound(value: Value): bigint | undefined {
  if (value === null) return undefined;
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  throw typeError(`slice indices must be integers or None, not '${typeNameOf(value)}'`);
}

/** Bounds within the sequence, as `slice.indices` gives them. Any size of int is clipped. */
export function sliceBounds(length: number, start: Value, stop: Value, step: Value): SliceBounds {
  const stride = sliceBound(step) ?? 1n;
  if (stride === 0n) throw valueError("slice step cannot be zero");
  const size = BigInt(length);
  const [lowest, highest] = stride > 0n ? [0n, size] : [-1n, size - 1n];
  const clip = (bound: bigint | undefined, fallback: bigint): number => {
    if (bound === undefined) return Number(fallback);
    const index = bound < 0n ? bound + size : bound;
    return Number(index < lowest ? lowest : index > highest ? highest : index);
  };
  const [first, last] = stride > 0n ? [lowest, highest] : [highest, lowest];
  return {
    start: clip(sliceBound(start), first),
    stop: clip(sliceBound(stop), last),
    // A stride longer than the sequence selects the same elements as one of its length + 1.
    step: stride > size ? length + 1 : -stride > size ? -(length + 1) : Number(stride),
  };
}

export function sliceItems<T>(items: readonly T[], { start, stop, step }: SliceBounds): T[] {
  if (step === 1) return items.slice(start, Math.max(start, stop));
  const out: T[] = [];
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) out.push(items[i]!);
  return out;
}

/** An index from either end; `undefined` outside. */
export function resolveIndex(length: number, index: bigint): number | undefined {
  const size = BigInt(length);
  const resolved = index < 0n ? index + size : index;
  return resolved >= 0n && resolved < size ? Number(resolved) : undefined;
}

/** `sequence.index(value[, start[, stop]])` */
export function indexOf(items: readonly Value[], value: Value, typeName: string, start?: Value, stop?: Value): bigint {
  const bounds = sliceBounds(items.length, start ?? null, stop ?? null, null);
  for (let i = bounds.start; i < bounds.stop; i++) {
    if (isSame(items[i]!, value) || equals(items[i]!, value)) return BigInt(i);
  }
  throw valueError(`${repr(value)} is not in ${typeName}`);
}

/** `sequence.count(value)` */
export function countOf(items: readonly Value[], value: Value): bigint {
  return BigInt(items.filter((item) => isSame(item, value) || equals(item, value)).length);
}
