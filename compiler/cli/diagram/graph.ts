/** @file A drawing before it has places: boxes and arrows. What the formats dot, mermaid and svg print. */

export interface DiagramNode {
  readonly id: string;
  readonly label: string;
  /** A second line, smaller. */
  readonly note?: string | undefined;
  /** What sort of thing it is: drawn as a colour, and named in the note. */
  readonly kind?: string | undefined;
  /** Lives inside another file: drawn with round corners. */
  readonly isPart: boolean;
}

export type EdgeStyle = "extends" | "include" | "import";

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  readonly style: EdgeStyle;
}

export interface Diagram {
  readonly title: string;
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
  /** Arrows point to the left: from a template to the one that it extends, where the roots stand in the first column. */
  readonly pointsBack: boolean;
}

const dashes: Readonly<Record<EdgeStyle, string>> = { extends: "solid", include: "dashed", import: "dotted" };

export function diagramDot({ nodes, edges, pointsBack }: Diagram): string {
  const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
  const lines = [
    ...nodes.map(({ id, label, note, isPart }) => {
      const text = note === undefined ? label : `${label}\n${note}`;
      const shown = text === id ? "" : `label=${quote(text)}, `;
      return `${quote(id)} [${shown}shape=box${isPart ? ", style=rounded" : ""}];`;
    }),
    ...edges.map(({ from, to, style }) => `${quote(from)} -> ${quote(to)} [label=${style}, style=${dashes[style]}];`),
  ];
  return `digraph templates {\n  rankdir=${pointsBack ? "RL" : "LR"};\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

export function diagramMermaid({ nodes, edges, pointsBack }: Diagram): string {
  const ids = new Map(nodes.map(({ id }, i) => [id, `t${i + 1}`]));
  const quoted = (text: string) => text.replaceAll("&", "#amp;").replaceAll('"', "#quot;").replaceAll("<", "#lt;");
  const arrows: Readonly<Record<EdgeStyle, string>> = { extends: "-->", include: "-.->", import: "-.->" };
  const lines = [
    ...nodes.map(({ id, label, note, isPart }) => {
      const text = `"${quoted(label)}${note === undefined ? "" : `<br/>${quoted(note)}`}"`;
      return `${ids.get(id)}${isPart ? `(${text})` : `[${text}]`}`;
    }),
    ...edges.map(({ from, to, style }) => `${ids.get(from)} ${arrows[style]}|${style}| ${ids.get(to)}`),
  ];
  return `flowchart ${pointsBack ? "RL" : "LR"}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
