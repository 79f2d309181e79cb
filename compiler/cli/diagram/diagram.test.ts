/** @file What every drawing must keep: columns in order, boxes apart, as few crossings as were counted. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crossings, type Link, orderInLayers } from "./layers.ts";
import { keepOrder, placeStations } from "./places.ts";
import { diagramSvg } from "./svg.ts";

const graph = fc
  .tuple(fc.integer({ min: 1, max: 14 }), fc.array(fc.tuple(fc.nat(13), fc.nat(13)), { maxLength: 24 }))
  .map(([count, pairs]) => {
    const ids = Array.from({ length: count }, (_, i) => `n${i}`);
    const links: Link[] = pairs.flatMap(([a, b]) =>
      a < count && b < count && a !== b ? [{ from: `n${a}`, to: `n${b}` }] : [],
    );
    return { ids, links };
  });

describe("a layered drawing", () => {
  it("keeps arrows pointing to the right, circles aside", () => {
    fc.assert(
      fc.property(graph, ({ ids, links }) => {
        // Without circles: arrows from lower to higher numbers.
        const forward = links.filter(({ from, to }) => Number(from.slice(1)) < Number(to.slice(1)));
        const { layers, routes } = orderInLayers(ids, forward);
        for (const route of routes)
          expect(route.map(({ layer }) => layer)).toEqual(route.map((_, i) => (route[0]?.layer ?? 0) + i));
        expect(layers.flat().filter(({ isLane }) => !isLane)).toHaveLength(ids.length);
      }),
    );
  });
  it("counts crossings as one would by hand", () => {
    fc.assert(
      fc.property(graph, ({ ids, links }) => {
        const { layers } = orderInLayers(ids, links);
        let count = 0;
        for (const [l, layer] of layers.entries()) {
          const next = layers[l + 1] ?? [];
          const lines = layer.flatMap((a, i) => a.after.map((b) => [i, next.indexOf(b)] as const));
          for (const [i, [a, b]] of lines.entries())
            for (const [c, d] of lines.slice(i + 1)) if ((a < c && b > d) || (a > c && b < d)) count += 1;
        }
        expect(crossings(layers)).toBe(count);
      }),
    );
  });
  it("untangles what can be untangled", () => {
    const ids = ["a", "b", "c", "x", "y", "z"];
    const links = [
      { from: "a", to: "z" },
      { from: "b", to: "y" },
      { from: "c", to: "x" },
    ];
    expect(crossings(orderInLayers(ids, links).layers)).toBe(0);
  });
  it("keeps boxes apart, also where arrows run in circles", () => {
    fc.assert(
      fc.property(graph, ({ ids, links }) => {
        const { layers } = orderInLayers(ids, links);
        const { middleY } = placeStations(layers, () => ({ width: 100, height: 30 }));
        for (const layer of layers)
          for (const [i, station] of layer.entries()) {
            const next = layer[i + 1];
            if (next === undefined || station.isLane || next.isLane) continue;
            expect((middleY.get(next) ?? 0) - (middleY.get(station) ?? 0)).toBeGreaterThanOrEqual(30);
          }
      }),
    );
  });
  it("puts what is wished as near as order and distance allow", () => {
    const wish = (at: number) => ({ at, weight: 1 });
    expect(keepOrder([wish(0), wish(0)], [0, 10])).toEqual([-5, 5]);
    expect(keepOrder([wish(0), wish(50)], [0, 10])).toEqual([0, 50]);
    expect(keepOrder([wish(30), wish(0), wish(100)], [0, 10, 10])).toEqual([10, 20, 100]);
  });
  it("escapes what XML would take for its own", () => {
    const svg = diagramSvg({
      title: "a & b",
      nodes: [{ id: "x", label: "<x>", isPart: false }],
      edges: [],
      pointsBack: false,
    });
    expect(svg).toContain("<title>a &amp; b</title>");
    expect(svg).toContain("&lt;x&gt;");
  });
});
