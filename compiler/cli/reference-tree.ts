/**
 * @file The templates that a config used, as a tree, as Markdown and as a diagram.
 *
 *     configs/adamw.yaml
 *     └─ extends project.yaml
 *        └─ include project.trainer_config (in project.yaml) [trainer]
 *           └─ extends trainers/trainer.yaml = ns.trainer_class [trainer]
 */
import type { TemplateEdge, TemplateUse } from "../driver/render.ts";
import { templateKind } from "../driver/template-kind.ts";
import type { Diagram } from "./diagram/graph.ts";

export interface ReferenceGraph {
  /** In the order of first use; the first is the config. */
  readonly templates: readonly TemplateUse[];
  readonly edges: readonly TemplateEdge[];
}

/** The template and all that it extends, nearest first. */
function chainOf(name: string, edges: readonly TemplateEdge[]): readonly string[] {
  const chain = [name];
  for (;;) {
    const last = chain.at(-1);
    const next = edges.find(({ kind, from }) => kind === "extends" && from === last)?.to;
    if (next === undefined || chain.includes(next)) return chain;
    chain.push(next);
  }
}

export function kindOf(name: string, { edges }: ReferenceGraph): string | undefined {
  return templateKind(chainOf(name, edges));
}

/** Calls `visit` along the tree. A template that was shown with what is below it is not opened again. */
function walkTree(
  { templates, edges }: ReferenceGraph,
  visit: (edge: TemplateEdge, depth: number, isLast: boolean, isAgain: boolean) => void,
): void {
  const [root] = templates;
  const bySource = new Map<string, TemplateEdge[]>();
  for (const edge of edges) {
    const known = bySource.get(edge.from);
    if (known === undefined) bySource.set(edge.from, [edge]);
    else known.push(edge);
  }
  const opened = new Set<string>();
  const open = (name: string, depth: number): void => {
    opened.add(name);
    const below = bySource.get(name) ?? [];
    for (const [i, edge] of below.entries()) {
      const isAgain = opened.has(edge.to);
      const hasMore = bySource.has(edge.to);
      visit(edge, depth, i === below.length - 1, isAgain && hasMore);
      if (!isAgain) open(edge.to, depth + 1);
    }
  };
  if (root !== undefined) open(root.name, 1);
}

/** Lines of the tree. */
export function referenceTree(graph: ReferenceGraph): string[] {
  const [root] = graph.templates;
  if (root === undefined) return [];
  const uses = new Map(graph.templates.map((template) => [template.name, template]));
  const lines = [root.name];
  const bars: string[] = [];
  walkTree(graph, (edge, depth, isLast, isAgain) => {
    bars.length = depth - 1;
    const container = uses.get(edge.to)?.container;
    const kind = kindOf(edge.to, graph);
    const parts = [
      `${edge.kind} ${edge.to}`,
      ...(edge.computedBy === undefined ? [] : [`= ${oneLine(edge.computedBy)}`]),
      ...(container === undefined ? [] : [`(in ${container})`]),
      ...(kind === undefined ? [] : [`[${kind}]`]),
      ...(isAgain ? ["…"] : []),
    ];
    lines.push(`${bars.join("")}${isLast ? "└─" : "├─"} ${parts.join(" ")}`);
    bars.push(isLast ? "   " : "│  ");
  });
  return lines;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

export function referenceMarkdown(graph: ReferenceGraph, link: (path: string) => string): string[] {
  const [root] = graph.templates;
  if (root === undefined) return [];
  const uses = new Map(graph.templates.map((template) => [template.name, template]));
  const text = (name: string) => {
    const use = uses.get(name);
    const kind = kindOf(name, graph);
    const label = use?.path === undefined ? `\`${name}\`` : `[\`${name}\`](${encodeURI(link(use.path))})`;
    const about = [
      ...(use?.container === undefined ? [] : [`in \`${use.container}\``]),
      ...(kind === undefined ? [] : [kind]),
    ];
    return about.length === 0 ? label : `${label} (${about.join(", ")})`;
  };
  const lines = [`# Templates of \`${root.name}\``, "", `- ${text(root.name)}`];
  walkTree(graph, (edge, depth, _isLast, isAgain) => {
    const computed = edge.computedBy === undefined ? "" : ` \`= ${oneLine(edge.computedBy)}\``;
    lines.push(`${"    ".repeat(depth)}- ${edge.kind} ${text(edge.to)}${computed}${isAgain ? ", as above" : ""}`);
  });
  return lines;
}

export function referenceDiagram(graph: ReferenceGraph): Diagram {
  const { templates, edges } = graph;
  return {
    title: `Templates of ${templates[0]?.name ?? "no config"}`,
    nodes: templates.map(({ name, container }) => {
      const kind = kindOf(name, graph);
      const note = [...(kind === undefined ? [] : [kind]), ...(container === undefined ? [] : [`in ${container}`])];
      return {
        id: name,
        label: name,
        note: note.length === 0 ? undefined : note.join(", "),
        kind,
        isPart: container !== undefined,
      };
    }),
    edges: edges.map(({ from, to, kind }) => ({ from, to, style: kind })),
    pointsBack: false,
  };
}
