/** @file `fgc code`: one target as a TypeScript function whose parameters are the variables that nothing binds. */
import { join } from "node:path";
import { Formatter } from "../codegen/format.ts";
import { emitFunctionModule } from "../codegen/function-module.ts";
import type { EmitPlan } from "../codegen/plan.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { graphDiagnostics } from "../graph/diagnostics.ts";
import { entryOf, targetNames } from "../graph/index.ts";
import { nearest } from "../source/nearest.ts";
import { buildGraph } from "./compile.ts";
import type { Host } from "./host.ts";
import { type Folders, knownFolders, shortener } from "./places.ts";
import { compileProgram, type ProgramRequest } from "./program-graph.ts";

export interface CodeRequest extends ProgramRequest {
  readonly target: string;
}

export interface EmittedCode {
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly inputs: readonly string[];
}

export async function emitCode(host: Host, request: CodeRequest): Promise<EmittedCode> {
  const { project, target } = request;
  const { graph } = buildGraph(host, { ...request, overrides: [] });
  if (entryOf(graph, target) === undefined) {
    const known = targetNames(graph);
    throw new DiagnosticError(graphDiagnostics.unknownTarget({}, { name: target, nearest: nearest(target, known) }));
  }
  const program = compileProgram(host, { ...request, targets: [target], allowFreeVariables: true });
  const folders: Folders = {
    outDir: project.dir,
    bundleDir: project.dir,
    projectDir: project.dir,
    workspaceRoot: project.workspaceRoot,
    packageRoot: host.packageRoot,
    home: host.homeDirectory(),
  };
  const plan: EmitPlan = {
    title: program.preprocessed.config,
    description: "",
    configName: join(project.configPrefix, program.preprocessed.config),
    folders: knownFolders(folders),
    shorten: shortener(folders),
    importFile: (path) => path.replace(`${project.dir}/`, "./"),
    symbols: program.symbols,
    projectDir: project.dir,
    variableUses: program.variableUses,
    assetPath: (asset) => join("assets", asset.name ?? "asset"),
  };
  const module = emitFunctionModule(entryOf(program.root, target) ?? program.root, plan);
  const inputs = program.templates.map(({ path }) => path);
  return { text: await new Formatter().format(module.text), diagnostics: program.diagnostics, inputs };
}
