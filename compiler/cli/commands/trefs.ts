/** @file `fgc trefs`: the templates that one config really used, and how it came to them. */
import { choice, defineCommand } from "../command.ts";
import { linkTo } from "../links.ts";
import { showPath } from "../output.ts";
import { kindOf, referenceDiagram, referenceMarkdown, referenceTree } from "../reference-tree.ts";

const formats = ["files", "md", "tree", "dot", "svg", "mermaid", "json"] as const;
type Format = (typeof formats)[number];
const extensions: Partial<Record<Format, string>> = { md: "md", dot: "dot", svg: "svg", mermaid: "mmd", json: "json" };

export const trefsCommand = defineCommand({
  name: "trefs",
  group: "Seeing what is there",
  summary: "show the templates that a config uses",
  example: "fgc -t tiny.yaml trefs --format svg -o templates.svg",
  positionals: "config",
  hasConfigFlags: true,
  options: { format: choice("--format <form>", "how to print it", formats, "tree") },
  async run(host, { options, session }) {
    const { templates, edges, diagnostics, inputs } = session.preprocess();
    const graph = { templates, edges };
    const show = (path: string) => showPath(host, path);
    const json = {
      templates: templates.map(({ name, path, container }) => ({
        name,
        path: path ?? null,
        container: container ?? null,
        kind: kindOf(name, graph) ?? null,
      })),
      edges: edges.map(({ from, to, kind, computedBy }) => ({ from, to, kind, computedBy: computedBy ?? null })),
    };
    const lines = (text: readonly string[]) => text.map((line) => `${line}\n`).join("");
    const print: Record<Format, () => string | Promise<string>> = {
      files: () => lines(inputs.map(show)),
      md: () => lines(referenceMarkdown(graph, linkTo(host, session))),
      tree: () => lines(referenceTree(graph)),
      dot: async () => (await import("../diagram/graph.ts")).diagramDot(referenceDiagram(graph)),
      svg: async () => (await import("../diagram/svg.ts")).diagramSvg(referenceDiagram(graph)),
      mermaid: async () => (await import("../diagram/graph.ts")).diagramMermaid(referenceDiagram(graph)),
      json: () => `${JSON.stringify(json, null, 2)}\n`,
    };
    return { text: await print[options.format](), json, diagnostics, extension: extensions[options.format] ?? "txt" };
  },
});
