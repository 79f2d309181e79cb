/** @file A diagram as SVG, laid out here: no Graphviz needed. Each connected part is drawn for itself, the biggest first; single boxes fill rows below. */
import type { Diagram, DiagramEdge, DiagramNode, EdgeStyle } from "./graph.ts";
import { orderInLayers, type Station } from "./layers.ts";
import { placeStations, type Size } from "./places.ts";

const margin = 24;
const partGap = 30;
const singleGap = 14;
/** Single boxes fill rows of this width at least. */
const minimumRow = 900;
// Of 12 px in the common monospace fonts.
const charWidth = 7.25;
const noteCharWidth = 6.05;
const padding = 12;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Hues by kind; the same in both themes, lightness differs. */
const hues: Readonly<Record<string, number>> = {
  config: 212,
  project: 212,
  "training script": 190,
  trainer: 28,
  model: 268,
  dataset: 140,
  tokenizer: 165,
  callbacks: 330,
  optimizer: 50,
  schedule: 50,
  prompts: 95,
  macros: 0,
};

const verbs: Readonly<Record<EdgeStyle, string>> = { extends: "extends", include: "includes", import: "imports" };

export function diagramSvg(diagram: Diagram): string {
  const shapes: string[] = [];
  let y = margin;
  let width = 0;
  const groups = connected(diagram);
  const single = groups.filter(({ nodes }) => nodes.length === 1);
  for (const group of groups.filter(({ nodes }) => nodes.length > 1)) {
    const drawn = drawGroup(group.nodes, group.edges, diagram.pointsBack, { x: margin, y });
    shapes.push(...drawn.shapes);
    y += drawn.height + partGap;
    width = Math.max(width, drawn.width);
  }
  const row = Math.max(width, minimumRow);
  let x = 0;
  let rowHeight = 0;
  for (const node of single.map(({ nodes }) => nodes[0] as DiagramNode)) {
    const size = sizeOf(node);
    if (x > 0 && x + size.width > row) {
      x = 0;
      y += rowHeight + singleGap;
      rowHeight = 0;
    }
    shapes.push(box(node, size, { x: margin + x, y }));
    x += size.width + singleGap;
    rowHeight = Math.max(rowHeight, size.height);
    width = Math.max(width, x - singleGap);
  }
  if (single.length > 0) y += rowHeight + partGap;
  const legend = drawLegend(diagram, { x: margin, y });
  return document(
    diagram,
    [...shapes, ...legend.shapes],
    Math.max(width, legend.width) + 2 * margin,
    y + legend.height + margin,
  );
}

function sizeOf({ label, note }: DiagramNode): Size {
  const width = Math.max([...label].length * charWidth, [...(note ?? "")].length * noteCharWidth) + 2 * padding;
  return { width, height: note === undefined ? 28 : 42 };
}

interface Group {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

/** Boxes that arrows hold together; big groups first, otherwise in their own order. */
function connected({ nodes, edges }: Diagram): readonly Group[] {
  const groupOf = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let up = groupOf.get(root); up !== undefined && up !== root; up = groupOf.get(root)) root = up;
    // The way is short for the next one that asks.
    for (let at = id; at !== root; ) {
      const up = groupOf.get(at) as string;
      groupOf.set(at, root);
      at = up;
    }
    return root;
  };
  for (const { from, to } of edges) groupOf.set(rootOf(to), rootOf(from));
  const groups = new Map<string, { nodes: DiagramNode[]; edges: DiagramEdge[] }>();
  for (const node of nodes) {
    const group = groups.get(rootOf(node.id)) ?? { nodes: [], edges: [] };
    group.nodes.push(node);
    groups.set(rootOf(node.id), group);
  }
  for (const edge of edges) groups.get(rootOf(edge.from))?.edges.push(edge);
  return [...groups.values()].sort((a, b) => b.nodes.length - a.nodes.length);
}

function drawGroup(nodes: readonly DiagramNode[], edges: readonly DiagramEdge[], pointsBack: boolean, at: Point) {
  const sizes = new Map(nodes.map((node) => [node.id, sizeOf(node)]));
  const size = (id: string) => sizes.get(id) as Size;
  // Where arrows point back, the columns count from what they point at.
  const links = edges.map(({ from, to }) => (pointsBack ? { from: to, to: from } : { from, to }));
  const { layers, routes } = orderInLayers(
    nodes.map(({ id }) => id),
    links,
  );
  const places = placeStations(layers, size);
  const left = (station: Station) => at.x + (places.columnX[station.layer] as number);
  const middle = (station: Station) => at.y + (places.middleY.get(station) as number);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const boxes = layers.flatMap((layer) =>
    layer.flatMap((station) => {
      const node = byId.get(station.id);
      if (station.isLane || node === undefined) return [];
      return [box(node, size(node.id), { x: left(station), y: middle(station) - size(node.id).height / 2 })];
    }),
  );
  const lines = routes.map((route, i) => {
    const edge = edges[i] as DiagramEdge;
    const points = route.flatMap((station, k): Point[] => {
      const y = middle(station);
      const columnRight = left(station) + (places.columnWidth[station.layer] as number);
      if (station.isLane) {
        const lane = [
          { x: left(station), y },
          { x: columnRight, y },
        ];
        return (route[0] as Station).layer <= (route.at(-1) as Station).layer ? lane : lane.reverse();
      }
      if (k > 0) return [{ x: left(station), y }];
      const own = { x: left(station) + size(station.id).width, y };
      // A line first leaves its column, then turns.
      return columnRight > own.x ? [own, { x: columnRight, y }] : [own];
    });
    return line(edge, pointsBack ? points.reverse() : points);
  });
  return { shapes: [...lines, ...boxes], width: places.width, height: places.height };
}

/** Straight along columns, a curve between them. */
function line(edge: DiagramEdge, points: readonly Point[]): string {
  const [first, ...rest] = points as [Point, ...Point[]];
  let path = `M${at(first)}`;
  let from = first;
  for (const to of rest) {
    const bend = (to.x - from.x) / 2;
    path +=
      from.y === to.y
        ? ` H${round(to.x)}`
        : ` C${at({ x: from.x + bend, y: from.y })} ${at({ x: to.x - bend, y: to.y })} ${at(to)}`;
    from = to;
  }
  const title = `<title>${escapeText(`${edge.from} ${verbs[edge.style]} ${edge.to}`)}</title>`;
  return `  <path class="${edge.style}" d="${path}" marker-end="url(#arrow-${edge.style})">${title}</path>`;
}

function box(node: DiagramNode, size: Size, place: Point): string {
  const kind = node.kind === undefined ? "" : ` class="${node.kind.replaceAll(" ", "-")}"`;
  const note =
    node.note === undefined
      ? ""
      : `<text class="note" x="${round(size.width / 2)}" y="34">${escapeText(node.note)}</text>`;
  return (
    `  <g transform="translate(${at(place)})"${kind}><rect width="${round(size.width)}" height="${size.height}" rx="${node.isPart ? 13 : 4}"/>` +
    `<text x="${round(size.width / 2)}" y="18">${escapeText(node.label)}</text>${note}</g>`
  );
}

/** What lines and corners mean, as far as they occur. */
function drawLegend({ edges, nodes }: Diagram, place: Point) {
  const styles = (["extends", "include", "import"] as const).filter((style) =>
    edges.some((edge) => edge.style === style),
  );
  let x = place.x;
  const shapes = styles.map((style) => {
    const shape =
      `  <path class="${style}" d="M${at({ x, y: place.y + 8 })} H${round(x + 34)}" marker-end="url(#arrow-${style})"/>` +
      `<text class="legend" x="${round(x + 42)}" y="${round(place.y + 12)}">${verbs[style]}</text>`;
    x += 120;
    return shape;
  });
  if (nodes.some(({ isPart }) => isPart)) {
    shapes.push(
      `  <rect class="sample" x="${round(x)}" y="${round(place.y)}" width="34" height="16" rx="8"/>` +
        `<text class="legend" x="${round(x + 42)}" y="${round(place.y + 12)}">part of another file</text>`,
    );
    x += 200;
  }
  return { shapes, width: x - place.x, height: 20 };
}

function document({ title, nodes }: Diagram, shapes: readonly string[], width: number, height: number): string {
  const kinds = [...new Set(nodes.flatMap(({ kind }) => (kind === undefined || !(kind in hues) ? [] : [kind])))];
  const tint = (lightness: string) =>
    kinds.map((kind) => `.${kind.replaceAll(" ", "-")} rect { fill: hsl(${hues[kind]} ${lightness}) }`).join(" ");
  const marker = (style: EdgeStyle) =>
    `<marker id="arrow-${style}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head-${style}" d="M0 0.5 8 4 0 7.5z"/></marker>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img">
  <title>${escapeText(title)}</title>
  <style>
    svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --box: #f6f8fa; --extends: #424a53; --include: #0969da; --import: #8250df }
    ${tint("70% 95%")}
    @media (prefers-color-scheme: dark) {
      svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --box: #161b22; --extends: #aeb7c0; --include: #4493f8; --import: #ab7df8 }
      ${tint("28% 17%")}
    }
    .paper { fill: var(--paper) }
    rect { stroke: var(--faint); fill: var(--box) }
    rect.paper { stroke: none; fill: var(--paper) }
    text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; text-anchor: middle; fill: var(--ink) }
    .note { font-size: 10px; fill: var(--faint) }
    .legend { font-size: 11px; text-anchor: start; fill: var(--faint) }
    path { fill: none; stroke-width: 1.3 }
    .extends { stroke: var(--extends) } .head-extends { fill: var(--extends) }
    .include { stroke: var(--include); stroke-dasharray: 6 4 } .head-include { fill: var(--include) }
    .import { stroke: var(--import); stroke-dasharray: 2 3 } .head-import { fill: var(--import) }
  </style>
  <defs>${(["extends", "include", "import"] as const).map(marker).join("")}</defs>
  <rect class="paper" width="100%" height="100%"/>
${shapes.join("\n")}
</svg>
`;
}

function at({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
