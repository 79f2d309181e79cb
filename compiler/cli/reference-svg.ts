/**
 * @file The templates that a config used, drawn: columns by distance from the config, boxes ordered so that few lines cross.
 *
 * A layered layout as Sugiyama's: layer by longest path, order by the mean of the neighbours, straight lines with bends at the layers.
 */
import type { ReferenceGraph } from "./reference-tree.ts";

const charWidth = 7.2;
const boxHeight = 26;
const rowGap = 14;
const columnGap = 90;
const margin = 20;

interface Box {
  readonly name: string;
  readonly isPart: boolean;
  readonly width: number;
  layer: number;
  x: number;
  y: number;
}

const strokes = { extends: "", include: ' stroke-dasharray="6 4"', import: ' stroke-dasharray="2 3"' } as const;

export function referenceSvg(graph: ReferenceGraph): string {
  const boxes = layOut(graph);
  const all = [...boxes.values()];
  const width = Math.max(...all.map((box) => box.x + box.width)) + margin;
  const height = Math.max(...all.map((box) => box.y + boxHeight)) + margin;
  const lines = graph.edges.flatMap(({ from, to, kind }) => {
    const [a, b] = [boxes.get(from), boxes.get(to)];
    if (a === undefined || b === undefined) return [];
    const [x1, y1, x2, y2] = [a.x + a.width, a.y + boxHeight / 2, b.x, b.y + boxHeight / 2];
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    const path = `M${round(x1)} ${round(y1)} C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}`;
    return `  <path class="${kind}" d="${path}"${strokes[kind]} marker-end="url(#arrow)"><title>${escapeText(`${from} ${kind} ${to}`)}</title></path>`;
  });
  const rectangles = all.map(
    (box) =>
      `  <g transform="translate(${round(box.x)} ${round(box.y)})"><rect width="${round(box.width)}" height="${boxHeight}" rx="${box.isPart ? 12 : 3}"/>` +
      `<text x="${round(box.width / 2)}" y="17">${escapeText(box.name)}</text></g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}">
  <style>
    rect { fill: #f6f8fa; stroke: #57606a }
    text { font: 12px ui-monospace, monospace; text-anchor: middle; fill: #24292f }
    path { fill: none; stroke: #57606a }
    .include { stroke: #0969da }
    .import { stroke: #8250df }
  </style>
  <defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" style="fill:#57606a;stroke:none"/></marker></defs>
${[...lines, ...rectangles].join("\n")}
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function layOut({ templates, edges }: ReferenceGraph): ReadonlyMap<string, Box> {
  const boxes = new Map<string, Box>();
  for (const { name, container } of templates)
    boxes.set(name, {
      name,
      isPart: container !== undefined,
      width: name.length * charWidth + 20,
      layer: 0,
      x: 0,
      y: 0,
    });
  // The longest way from the config; as many rounds as there are boxes, so that a circle ends too.
  for (let round = 0; round < boxes.size; round += 1) {
    let moved = false;
    for (const { from, to } of edges) {
      const [a, b] = [boxes.get(from), boxes.get(to)];
      if (a === undefined || b === undefined || b.layer > a.layer || a.layer + 1 >= boxes.size) continue;
      b.layer = a.layer + 1;
      moved = true;
    }
    if (!moved) break;
  }
  const layers: Box[][] = [];
  for (const box of boxes.values()) {
    layers[box.layer] ??= [];
    (layers[box.layer] as Box[]).push(box);
  }
  const filled = layers.filter((layer) => layer !== undefined);
  for (let sweep = 0; sweep < 4; sweep += 1)
    orderByNeighbours(sweep % 2 === 0 ? filled : [...filled].reverse(), edges, boxes);
  let x = margin;
  const tallest = Math.max(...filled.map((layer) => layer.length)) * (boxHeight + rowGap);
  for (const layer of filled) {
    const top = margin + (tallest - layer.length * (boxHeight + rowGap)) / 2;
    for (const [i, box] of layer.entries()) {
      box.x = x;
      box.y = top + i * (boxHeight + rowGap);
    }
    x += Math.max(...layer.map((box) => box.width)) + columnGap;
  }
  return boxes;
}

/** Sorts every layer but the first by the mean place of its neighbours in the layer before it. */
function orderByNeighbours(
  layers: readonly Box[][],
  edges: ReferenceGraph["edges"],
  boxes: ReadonlyMap<string, Box>,
): void {
  for (const [i, layer] of layers.entries()) {
    const before = layers[i - 1];
    if (before === undefined) continue;
    const places = new Map(before.map((box, place) => [box.name, place]));
    const wish = (box: Box, own: number): number => {
      const near = edges
        .flatMap(({ from, to }) => (to === box.name ? [from] : from === box.name ? [to] : []))
        .filter((name) => boxes.has(name));
      const known = near.map((name) => places.get(name)).filter((place) => place !== undefined);
      return known.length === 0 ? own : known.reduce((sum, place) => sum + place, 0) / known.length;
    };
    const wishes = new Map(layer.map((box, own) => [box, wish(box, own)]));
    layer.sort((a, b) => (wishes.get(a) as number) - (wishes.get(b) as number));
  }
}
