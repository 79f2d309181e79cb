/** @file A config text, taken through the passes with a small library and other projects from the sample's own folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { composeConfig } from "../../compiler/config/compose.ts";
import { literalText } from "../../compiler/config/rendered.ts";
import { type Diagnostic, DiagnosticError } from "../../compiler/diagnostics/diagnostic.ts";
import { buildGraphFrom } from "../../compiler/graph/build.ts";
import { wellKnownSpecs } from "../../compiler/graph/import-map.ts";
import type { GraphValue } from "../../compiler/graph/node.ts";
import {
  type PassName,
  type ProjectEnvironment,
  runPasses,
  type VariableUse,
} from "../../compiler/graph/passes/index.ts";
import { SignatureExtractor } from "../../compiler/graph/signatures/extract.ts";
import { SymbolTable } from "../../compiler/graph/symbols.ts";
import { startOf } from "../../compiler/source/span.ts";

const library = new URL("./library/", import.meta.url).pathname;

/** The samples' `fgc/nn` is the module beside this file. */
export function testSymbols(): SymbolTable {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
  const extractor = new SignatureExtractor({ ts, read, resolve: () => undefined });
  const nn = extractor.module(join(library, "nn.ts"));
  if (nn === undefined) throw new Error("the samples' library is missing");
  return new SymbolTable({
    library: { format: "fgc-signatures/1", modules: { "fgc/nn": nn } },
    readFile: (path) => (existsSync(path) && !path.endsWith("/") ? read(path) : undefined),
    resolvePackage: () => undefined,
    loadTypeScript: () => ts,
  });
}

export function graphOf(path: string): GraphValue {
  const rendered = literalText({ path, text: readFileSync(path, "utf8") });
  const composed = composeConfig(rendered);
  const built = composed.root === undefined ? undefined : buildGraphFrom(composed.root, rendered, "fgc");
  if (built?.graph === undefined) throw new DiagnosticError(...composed.diagnostics, ...(built?.diagnostics ?? []));
  return built.graph;
}

export interface SampleOptions {
  readonly targets?: readonly string[];
  readonly namePolicy?: "required" | "named" | "all";
  /** The pass whose graph is expected; absent: the last. */
  readonly pass?: PassName;
}

export interface SampleResult {
  readonly root: GraphValue | undefined;
  readonly graphs: ReadonlyMap<PassName, GraphValue>;
  readonly diagnostics: readonly Diagnostic[];
  readonly symbols: SymbolTable;
  readonly variableUses: Map<string, VariableUse[]>;
}

/** Runs the passes over `FOLDER/input.yaml`; `from_project` opens `FOLDER/NAME.yaml`. */
export function runSample(folder: string, options: SampleOptions): SampleResult {
  const diagnostics: Diagnostic[] = [];
  const graphs = new Map<PassName, GraphValue>();
  const symbols = testSymbols();
  const variableUses = new Map<string, VariableUse[]>();
  const project: ProjectEnvironment = { projectDir: folder, importMap: wellKnownSpecs, variables: new Map() };
  const { root } = runPasses(
    graphOf(join(folder, "input.yaml")),
    {
      report: (diagnostic) => void diagnostics.push(diagnostic),
      project,
      loadProject: ({ projectDir }) => ({
        root: graphOf(join(folder, `${projectDir}.yaml`)),
        environment: project,
        diagnostics: [],
      }),
      overrides: [],
      symbols,
      targets: options.targets,
      namePolicy: options.namePolicy ?? "named",
      allowFreeVariables: false,
      variableUses,
    },
    (pass, graph) => void graphs.set(pass, graph),
  );
  return { root, graphs, diagnostics, symbols, variableUses };
}

export function readOptions(folder: string): SampleOptions {
  const path = join(folder, "options.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as SampleOptions) : {};
}

/** One line for each, and where. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], folder: string): string {
  const lines = diagnostics.map(({ code, message, span, chain, hint }) => {
    const position = span === undefined ? undefined : startOf(span);
    const place =
      span === undefined || position === undefined
        ? ""
        : `${span.file.path.replace(`${folder}/`, "")}:${position.line}:${position.column} `;
    const way = (chain ?? []).map(({ kind, name }) => `${kind} ${name}`).join(" > ");
    return `${place}${code}: ${message}${hint === undefined ? "" : `\n  hint: ${hint}`}${way === "" ? "" : `\n  by: ${way}`}`;
  });
  return `${lines.join("\n")}\n`;
}
