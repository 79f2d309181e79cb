/**
 * @file The templates that a config used, as a tree.
 *
 *     configs/adamw.yaml
 *     └─ extends project.yaml
 *        └─ include project.trainer_config (in project.yaml)
 */
import type { TemplateEdge, TemplateUse } from "../driver/render.ts";

export interface ReferenceGraph {
  /** In the order of first use; the first is the config. */
  readonly templates: readonly TemplateUse[];
  readonly edges: readonly TemplateEdge[];
}

/** Lines of the tree. A template that was shown with what is below it is not opened again. */
export function referenceTree({ templates, edges }: ReferenceGraph): string[] {
  const [root] = templates;
  if (root === undefined) return [];
  const uses = new Map(templates.map((template) => [template.name, template]));
  const lines = [root.name];
  const opened = new Set<string>();
  const open = (name: string, indent: string): void => {
    opened.add(name);
    const below = edges.filter((edge) => edge.from === name);
    for (const [i, edge] of below.entries()) {
      const isLast = i === below.length - 1;
      const container = uses.get(edge.to)?.container;
      const inFile = container === undefined ? "" : ` (in ${container})`;
      const again = opened.has(edge.to) && edges.some(({ from }) => from === edge.to);
      lines.push(`${indent}${isLast ? "└─" : "├─"} ${edge.kind} ${edge.to}${inFile}${again ? " …" : ""}`);
      if (!opened.has(edge.to)) open(edge.to, `${indent}${isLast ? "   " : "│  "}`);
    }
  };
  open(root.name, "");
  return lines;
}

export function referenceMarkdown(graph: ReferenceGraph, link: (path: string) => string): string[] {
  const [root] = graph.templates;
  if (root === undefined) return [];
  const uses = new Map(graph.templates.map((template) => [template.name, template]));
  const text = (name: string) => {
    const use = uses.get(name);
    const label = use?.path === undefined ? name : `[${name}](${link(use.path)})`;
    return use?.container === undefined ? label : `${label} (in ${use.container})`;
  };
  const lines = [`- ${text(root.name)}`];
  const opened = new Set<string>();
  const open = (name: string, depth: number): void => {
    opened.add(name);
    for (const edge of graph.edges.filter(({ from }) => from === name)) {
      lines.push(`${"    ".repeat(depth)}- ${edge.kind} ${text(edge.to)}`);
      if (!opened.has(edge.to)) open(edge.to, depth + 1);
    }
  };
  open(root.name, 1);
  return lines;
}

const dashes = { extends: "solid", include: "dashed", import: "dotted" } as const;

export function referenceDot({ templates, edges }: ReferenceGraph): string {
  const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const lines = [
    ...templates.map(({ name, container }) => `${quote(name)} [shape=${container === undefined ? "box" : "note"}];`),
    ...edges.map(({ from, to, kind }) => `${quote(from)} -> ${quote(to)} [label=${kind}, style=${dashes[kind]}];`),
  ];
  return `digraph templates {\n  rankdir=LR;\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

export function referenceMermaid({ templates, edges }: ReferenceGraph): string {
  const ids = new Map(templates.map(({ name }, i) => [name, `t${i + 1}`]));
  const arrows = { extends: "-->", include: "-.->", import: "-.->" } as const;
  const lines = [
    ...templates.map(({ name }) => `${ids.get(name)}["${name.replaceAll('"', "#quot;")}"]`),
    ...edges.map(({ from, to, kind }) => `${ids.get(from)} ${arrows[kind]}|${kind}| ${ids.get(to)}`),
  ];
  return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
