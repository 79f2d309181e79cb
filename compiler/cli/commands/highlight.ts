/** @file `fgc highlight FILE`: a template in colours, for terminals and pages. */
import { resolve } from "node:path";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { choice, defineCommand } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";

export const highlightCommand = defineCommand({
  name: "highlight",
  group: "Projects and templates",
  summary: "print a template in colours, for a terminal or as a page",
  example: "fgc highlight templates/project.yaml --format html -o project.html",
  positionals: "names",
  arguments: [{ usage: "<file>", description: "a template, or a config that templates have printed" }],
  options: { format: choice("--format <form>", "for a terminal, or a page", ["ansi", "html"], "ansi") },
  async run(host, { options, names }) {
    const [name = ""] = names;
    const source = host.files.readText(resolve(host.cwd(), name));
    if (source === undefined) throw new DiagnosticError(faults.unknownFile({}, { what: "file", path: name }));
    const { loadHighlighter } = await import("../highlight/highlighter.ts");
    const { highlightAnsi, highlightHtml } = await import("../highlight/print.ts");
    const highlighter = await loadHighlighter(host.packageRoot, "template");
    const text =
      options.format === "html" ? highlightHtml(highlighter, source, name) : highlightAnsi(highlighter, source);
    const json = [...highlighter.lines(source)].map((line) =>
      line.map(({ text: part, style }) => [part, style ?? null]),
    );
    return { text, json, extension: options.format === "html" ? "html" : "txt" };
  },
});
