/** @file What the invocations of a subgroup compute together. */
import type { Expr } from "../../runtime/device/gpu/ir.ts";
import { rounded } from "./gpu-values.ts";

type Across = Extract<Expr, { kind: "subgroup" }>;

/** Inactive invocations take no part; shuffling from one of them throws. */
export function acrossSubgroups(
  { op, type: { width, scalar } }: Across,
  a: Float64Array,
  arg: Float64Array | undefined,
  mask: Uint8Array,
  subgroupSize: number,
): Float64Array {
  const result = new Float64Array(a.length);
  for (let first = 0; first < mask.length; first += subgroupSize) {
    const all = Array.from({ length: Math.min(subgroupSize, mask.length - first) }, (_, i) => first + i);
    const lanes = all.filter((lane) => mask[lane]);
    for (let i = 0; i < width; i++) {
      const at = (lane: number): number => a[lane * width + i] as number;
      const fold = (chosen: readonly number[], start: number, combine: (x: number, y: number) => number): number =>
        chosen.reduce((total, lane) => rounded(combine(total, at(lane)), scalar), start);
      const from = (other: number): number => {
        if (!lanes.includes(other)) throw new Error(`a shuffle from lane ${other}, which is not active`);
        return at(other);
      };
      for (const [order, lane] of lanes.entries()) {
        const other = arg?.[lane] ?? 0;
        const compute: Record<Across["op"], () => number> = {
          add: () => fold(lanes, 0, (x, y) => x + y),
          max: () => fold(lanes, at(lane), Math.max),
          min: () => fold(lanes, at(lane), Math.min),
          exclusiveAdd: () => fold(lanes.slice(0, order), 0, (x, y) => x + y),
          inclusiveAdd: () => fold(lanes.slice(0, order + 1), 0, (x, y) => x + y),
          broadcastFirst: () => at(lanes[0] as number),
          shuffleXor: () => from(first + ((lane - first) ^ other)),
          shuffle: () => from(first + other),
        };
        result[lane * width + i] = compute[op]();
      }
    }
  }
  return result;
}
