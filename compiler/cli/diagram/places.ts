/**
 * @file Coordinates of a layered drawing: every station as near to its neighbours as its column's order and spacing allow.
 *
 * A column with a given order is moved to the places that minimize the sum of squared distances to what its stations wish for:
 * a regression that keeps an order, solved exactly by pooling (pool adjacent violators). Sweeps to and fro pass the wishes on.
 */
import type { Station } from "./layers.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Placement {
  /** Left edge of each column. */
  readonly columnX: readonly number[];
  /** Width of each column's widest box. */
  readonly columnWidth: readonly number[];
  /** The middle of each station. */
  readonly middleY: ReadonlyMap<Station, number>;
  readonly width: number;
  readonly height: number;
}

const rowGap = 14;
const laneGap = 10;
const columnGap = 56;
const sweeps = 30;
const nearlyStraight = 10;

export function placeStations(layers: readonly (readonly Station[])[], sizeOf: (id: string) => Size): Placement {
  const height = (station: Station) => (station.isLane ? 0 : sizeOf(station.id).height);
  const middleY = new Map<Station, number>();
  const distances = layers.map((layer) =>
    layer.map((station, i) => {
      const above = layer[i - 1];
      if (above === undefined) return 0;
      return (height(above) + height(station)) / 2 + (above.isLane && station.isLane ? laneGap : rowGap);
    }),
  );
  for (const [l, layer] of layers.entries()) {
    let y = 0;
    for (const [i, station] of layer.entries()) {
      y += (distances[l] as number[])[i] as number;
      middleY.set(station, y);
    }
  }
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const order = layers.map((_, i) => (sweep % 2 === 0 ? i : layers.length - 1 - i));
    // The last rounds look both ways, so that a line between two columns becomes straight.
    const both = sweep >= sweeps - 4;
    for (const l of order) {
      const layer = layers[l] as readonly Station[];
      const wishes = layer.map((station) => {
        const near = both ? [...station.before, ...station.after] : sweep % 2 === 0 ? station.before : station.after;
        const own = middleY.get(station) as number;
        if (near.length === 0) return { at: own, weight: 0.1 };
        let [sum, total] = [0, 0];
        for (const other of near) {
          const pull = pullOf(station, other);
          sum += pull * (middleY.get(other) as number);
          total += pull;
        }
        const at = sum / total;
        // A bend in a lane is uglier than one at a box.
        return { at, weight: station.isLane ? 4 : 1 };
      });
      const placed = keepOrder(wishes, distances[l] as number[]);
      for (const [i, station] of layer.entries()) middleY.set(station, placed[i] as number);
    }
  }
  // One that makes room lets its neighbour follow.
  for (let pass = 0; pass < 3; pass += 1) straighten(layers, middleY, distances);
  return finish(layers, middleY, sizeOf, height);
}

/** The sweeps end a few pixels from where they lead: lines that are nearly straight become so, where there is room. */
function straighten(
  layers: readonly (readonly Station[])[],
  middleY: Map<Station, number>,
  distances: readonly (readonly number[])[],
): void {
  for (const [l, layer] of layers.entries())
    for (const [i, station] of layer.entries()) {
      const [before] = station.before;
      if (before === undefined || station.before.length > 1 || before.after.length > 1) continue;
      const y = middleY.get(before) as number;
      if (Math.abs(y - (middleY.get(station) as number)) > nearlyStraight) continue;
      const [above, below] = [layer[i - 1], layer[i + 1]];
      const [gaps, next] = [distances[l] as readonly number[], i + 1];
      const fitsAbove = above === undefined || y - (middleY.get(above) as number) >= (gaps[i] as number);
      const fitsBelow = below === undefined || (middleY.get(below) as number) - y >= (gaps[next] as number);
      if (fitsAbove && fitsBelow) middleY.set(station, y);
    }
}

/** A line between two that have no other one there is to be straight before all others. */
function pullOf(a: Station, b: Station): number {
  const [left, right] = a.layer < b.layer ? [a, b] : [b, a];
  return left.after.length === 1 && right.before.length === 1 ? 12 : 1;
}

function finish(
  layers: readonly (readonly Station[])[],
  middleY: Map<Station, number>,
  sizeOf: (id: string) => Size,
  height: (station: Station) => number,
): Placement {
  const tops = [...middleY].map(([station, y]) => y - height(station) / 2);
  const top = Math.min(...tops);
  for (const [station, y] of middleY) middleY.set(station, y - top);
  const bottoms = [...middleY].map(([station, y]) => y + height(station) / 2);
  const columnWidth = layers.map((layer) =>
    Math.max(0, ...layer.map(({ isLane, id }) => (isLane ? 0 : sizeOf(id).width))),
  );
  const columnX: number[] = [];
  let x = 0;
  for (const [i, width] of columnWidth.entries()) {
    columnX.push(x);
    x += width + (i === columnWidth.length - 1 ? 0 : gapAfter(layers[i] as readonly Station[], middleY));
  }
  return { columnX, columnWidth, middleY, width: x, height: Math.max(...bottoms) };
}

/** Steep lines want more room, or they run along the boxes. */
function gapAfter(layer: readonly Station[], middleY: ReadonlyMap<Station, number>): number {
  const rise = Math.max(
    0,
    ...layer.flatMap((a) => a.after.map((b) => Math.abs((middleY.get(a) as number) - (middleY.get(b) as number)))),
  );
  return Math.min(140, columnGap + rise / 6);
}

interface Wish {
  readonly at: number;
  readonly weight: number;
}

/** The places nearest to the wishes such that each is at least `distances[i]` below the one before. */
export function keepOrder(wishes: readonly Wish[], distances: readonly number[]): readonly number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const distance of distances) {
    offset += distance;
    offsets.push(offset);
  }
  const pools: { sum: number; weight: number; count: number }[] = [];
  for (const [i, { at, weight }] of wishes.entries()) {
    let pool = { sum: (at - (offsets[i] as number)) * weight, weight, count: 1 };
    for (
      let last = pools.at(-1);
      last !== undefined && last.sum / last.weight > pool.sum / pool.weight;
      last = pools.at(-1)
    ) {
      pool = { sum: last.sum + pool.sum, weight: last.weight + pool.weight, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  const levels = pools.flatMap(({ sum, weight, count }) => Array.from({ length: count }, () => sum / weight));
  return levels.map((level, i) => level + (offsets[i] as number));
}
