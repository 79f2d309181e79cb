/** @file `fgc graph`: the node graph of a config, in one of many forms. */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import { choice, defineCommand, text, toggle } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";

const formats = ["yaml", "json", "dot", "mermaid", "outline", "fconfig", "repr", "ts", "python", "none"] as const;
const extensions: Partial<Record<(typeof formats)[number], string>> = {
  yaml: "yaml",
  json: "json",
  dot: "dot",
  mermaid: "mmd",
  ts: "ts",
  python: "ts",
};

export const graphCommand = defineCommand({
  name: "graph",
  group: "Seeing what is there",
  summary: "print the node graph of a config",
  example: "fgc -t tiny.yaml graph --format outline --target main",
  positionals: "config",
  hasConfigFlags: true,
  canWatch: true,
  options: {
    format: choice("--format <form>", "how to print it", formats, "yaml"),
    target: text("--target <name>", "only this target"),
    namePolicy: choice("--name-policy <policy>", "which nodes get a name", ["required", "named", "all"], "named"),
    debug: toggle("-d, --debug", "print the preprocessed text, numbered, to stderr first"),
  },
  async run(host, { options, session }) {
    const { canonicalGraph, entryOf, printGraph, targetNames } = await import("../../graph/index.ts");
    const preprocessed = session.preprocess();
    if (options.debug)
      for (const [i, line] of preprocessed.text.split("\n").entries())
        host.stderr.write(`${String(i + 1).padStart(5)}: ${line}\n`);
    const { graph, diagnostics } = session.buildGraph();
    const root = options.target === undefined ? graph : entryOf(graph, options.target);
    if (root === undefined) {
      const name = options.target as string;
      throw new DiagnosticError(faults.unknownTarget({}, { name, nearest: nearest(name, targetNames(graph)) }));
    }
    const { inputs } = preprocessed;
    const result = { diagnostics, inputs, json: canonicalGraph(root), extension: extensions[options.format] ?? "txt" };
    if (options.format === "none") return { ...result, text: "" };
    if (options.format === "ts" || options.format === "python") {
      if (options.format === "python")
        host.stderr.write("note: the code is TypeScript; '--format ts' is its name here\n");
      const { emitCode } = await import("../../driver/code.ts");
      const code = await emitCode(host, {
        ...session.request,
        target: options.target ?? "main",
        namePolicy: options.namePolicy,
      });
      return { ...result, text: code.text, diagnostics: code.diagnostics };
    }
    const format = options.format === "fconfig" ? "outline" : options.format;
    const language = format === "yaml" ? "config" : undefined;
    return { ...result, text: printGraph(root, format, options.namePolicy), language };
  },
});
