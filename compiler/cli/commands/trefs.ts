/** @file `fgc trefs`: the templates that one config really used, and how it came to them. */
import { choice, defineCommand } from "../command.ts";
import { showPath } from "../output.ts";
import { referenceDot, referenceMarkdown, referenceMermaid, referenceTree } from "../reference-tree.ts";

const formats = ["files", "md", "tree", "dot", "svg", "mermaid", "json"] as const;
const extensions: Partial<Record<(typeof formats)[number], string>> = {
  md: "md",
  dot: "dot",
  svg: "svg",
  mermaid: "mmd",
  json: "json",
};

export const trefsCommand = defineCommand({
  name: "trefs",
  group: "Seeing what is there",
  summary: "show the templates that a config uses",
  example: "fgc -t tiny.yaml trefs --format tree",
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
      })),
      edges: edges.map(({ from, to, kind }) => ({ from, to, kind })),
    };
    const lines = (text: readonly string[]) => text.map((line) => `${line}\n`).join("");
    const print: Record<(typeof formats)[number], () => string | Promise<string>> = {
      files: () => lines(inputs.map(show)),
      md: () => lines(referenceMarkdown(graph, show)),
      tree: () => lines(referenceTree(graph)),
      dot: () => referenceDot(graph),
      svg: async () => (await import("../reference-svg.ts")).referenceSvg(graph),
      mermaid: () => referenceMermaid(graph),
      json: () => `${JSON.stringify(json, null, 2)}\n`,
    };
    return { text: await print[options.format](), json, diagnostics, extension: extensions[options.format] ?? "txt" };
  },
});
