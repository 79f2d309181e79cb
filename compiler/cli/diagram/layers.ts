/**
 * @file The order of boxes in a layered drawing (Sugiyama, Tagawa and Toda 1981): which column, and which place in it.
 *
 *     longest path        every arrow leads to a later column
 *     stations            an arrow over several columns gets an invisible box in each, so that it has a lane of its own
 *     order               sweeps by the median of the neighbours (Gansner et al. 1993), then swaps of neighbours, keep what crosses least
 */

export interface Station {
  readonly id: string;
  /** An invisible box on the way of a long arrow. */
  readonly isLane: boolean;
  readonly layer: number;
  /** Neighbours in the columns before and after. */
  readonly before: Station[];
  readonly after: Station[];
}

export interface Link {
  readonly from: string;
  readonly to: string;
}

export interface Layering {
  /** Columns from left to right, each from top to bottom. */
  readonly layers: readonly (readonly Station[])[];
  /** What each link passes, its ends included; in the order of the links. */
  readonly routes: readonly (readonly Station[])[];
}

/** @param ids in the order that is preferred where nothing else decides */
export function orderInLayers(ids: readonly string[], links: readonly Link[]): Layering {
  const columns = longestPaths(ids, links);
  const layers: Station[][] = [];
  const place = (id: string, isLane: boolean, layer: number): Station => {
    const station: Station = { id, isLane, layer, before: [], after: [] };
    layers[layer] ??= [];
    (layers[layer] as Station[]).push(station);
    return station;
  };
  const stations = new Map(ids.map((id) => [id, place(id, false, columns.get(id) ?? 0)]));
  const routes = links.map(({ from, to }) => {
    const [first, last] = [stations.get(from) as Station, stations.get(to) as Station];
    // A circle leaves an arrow that leads back: its lane is laid the other way round.
    const [left, right] = first.layer <= last.layer ? [first, last] : [last, first];
    const route = [left];
    for (let layer = left.layer + 1; layer < right.layer; layer += 1) route.push(place(`${from} ${to}`, true, layer));
    if (right !== left) route.push(right);
    for (const [i, station] of route.entries()) {
      const next = route[i + 1];
      if (next === undefined || next.layer === station.layer) continue;
      station.after.push(next);
      next.before.push(station);
    }
    return left === first ? route : [...route].reverse();
  });
  return { layers: fewestCrossings(layers), routes };
}

/** The column of each id: one behind the last of those that lead to it, links that close a circle left out. */
function longestPaths(ids: readonly string[], links: readonly Link[]): ReadonlyMap<string, number> {
  const targets = new Map(ids.map((id): [string, string[]] => [id, []]));
  for (const { from, to } of links) targets.get(from)?.push(to);
  // In depth-first order every id comes before those that lead to it, and a link to one that is still open closes a circle.
  const finished: string[] = [];
  const state = new Map<string, "open" | "done">();
  const forward = new Map(ids.map((id): [string, string[]] => [id, []]));
  for (const start of ids) {
    if (state.has(start)) continue;
    state.set(start, "open");
    const way = [{ id: start, rest: [...(targets.get(start) ?? [])] }];
    for (let at = way.at(-1); at !== undefined; at = way.at(-1)) {
      const next = at.rest.shift();
      if (next === undefined) {
        state.set(at.id, "done");
        finished.push(at.id);
        way.pop();
      } else if (state.get(next) !== "open") {
        forward.get(at.id)?.push(next);
        if (state.has(next)) continue;
        state.set(next, "open");
        way.push({ id: next, rest: [...(targets.get(next) ?? [])] });
      }
    }
  }
  const columns = new Map(ids.map((id) => [id, 0]));
  for (const id of finished.reverse())
    for (const to of forward.get(id) ?? [])
      columns.set(to, Math.max(columns.get(to) as number, (columns.get(id) as number) + 1));
  return columns;
}

const sweeps = 12;

function fewestCrossings(start: readonly Station[][]): readonly (readonly Station[])[] {
  let layers = start.map((layer) => [...layer]);
  let best = layers;
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep += 1) {
    layers = layers.map((layer) => [...layer]);
    const forward = sweep % 2 === 0;
    const order = layers.map((_, i) => (forward ? i : layers.length - 1 - i)).slice(1);
    for (const i of order) sortByMedian(layers[i] as Station[], layers[forward ? i - 1 : i + 1] as Station[], forward);
    swapNeighbours(layers);
    const count = crossings(layers);
    if (count < fewest) [best, fewest] = [layers, count];
  }
  return best;
}

function sortByMedian(layer: Station[], fixed: readonly Station[], forward: boolean): void {
  const places = placesOf(fixed);
  const medians = new Map(
    layer.map((station, own) => {
      const near = (forward ? station.before : station.after)
        .map((other) => places.get(other) as number)
        .sort((a, b) => a - b);
      const middle = near.length >> 1;
      const median = near.length % 2 === 1 ? near[middle] : ((near[middle - 1] ?? 0) + (near[middle] ?? 0)) / 2;
      return [station, near.length === 0 ? own : (median as number)];
    }),
  );
  layer.sort((a, b) => (medians.get(a) as number) - (medians.get(b) as number));
}

/** Swaps two that stand beside each other as long as that makes crossings fewer. */
function swapNeighbours(layers: readonly Station[][]): void {
  for (const [l, layer] of layers.entries()) {
    const before = placesOf(layers[l - 1] ?? []);
    const after = placesOf(layers[l + 1] ?? []);
    for (let improved = true; improved; ) {
      improved = false;
      for (let i = 0; i + 1 < layer.length; i += 1) {
        const [a, b] = [layer[i] as Station, layer[i + 1] as Station];
        const now = pairCrossings(a.before, b.before, before) + pairCrossings(a.after, b.after, after);
        const then = pairCrossings(b.before, a.before, before) + pairCrossings(b.after, a.after, after);
        if (then >= now) continue;
        [layer[i], layer[i + 1]] = [b, a];
        improved = true;
      }
    }
  }
}

function placesOf(layer: readonly Station[]): ReadonlyMap<Station, number> {
  return new Map(layer.map((station, i) => [station, i]));
}

/** Crossings between the lines of a station and those of one below it. */
function pairCrossings(
  upper: readonly Station[],
  lower: readonly Station[],
  places: ReadonlyMap<Station, number>,
): number {
  let count = 0;
  for (const a of upper) for (const b of lower) if ((places.get(a) ?? 0) > (places.get(b) ?? 0)) count += 1;
  return count;
}

/** By counting inversions (Barth, Mutzel and Jünger 2004): as many steps as there are lines, times a logarithm. */
export function crossings(layers: readonly (readonly Station[])[]): number {
  let count = 0;
  for (const [l, layer] of layers.entries()) {
    const after = layers[l + 1] ?? [];
    const places = placesOf(after);
    /** Lines that end at a place or before it, as a Fenwick tree. */
    const ends = new Array<number>(after.length + 1).fill(0);
    let lines = 0;
    for (const station of layer) {
      const own = station.after.map((other) => places.get(other) ?? 0);
      for (const place of own) {
        count += lines;
        for (let i = place + 1; i > 0; i -= i & -i) count -= ends[i] as number;
      }
      for (const place of own)
        for (let i = place + 1; i <= after.length; i += i & -i) ends[i] = (ends[i] as number) + 1;
      lines += own.length;
    }
  }
  return count;
}
