/** @file Config → linked, resolved, typed and named graph: the part of the pipeline that `check`, `code` and `build` share. */
import { isAbsolute, join, resolve } from "node:path";
import type { PlainData } from "../config/project.ts";
import { type Diagnostic, DiagnosticError, distinctDiagnostics } from "../diagnostics/diagnostic.ts";
import { extendImportMap } from "../graph/import-map.ts";
import { entryOf, type GraphValue } from "../graph/node.ts";
import {
  type NamePolicy,
  type PassName,
  type PlainValue,
  type ProjectEnvironment,
  type ProjectLoader,
  runPasses,
  type VariableUse,
} from "../graph/passes/index.ts";
import { link } from "../graph/passes/link.ts";
import { bundleTextSpec, faultyValue, scalar, walk } from "../graph/passes/queries.ts";
import { SymbolTable } from "../graph/symbols.ts";
import type { Origin, SourceFile } from "../source/span.ts";
import {
  type ConfigRequest,
  composePartially,
  loadProject,
  type Preprocessed,
  type Project,
  preprocessPartially,
} from "./compile.ts";
import type { Variables } from "./environment.ts";
import type { Host } from "./host.ts";
import { applyOverrides } from "./overrides.ts";
import { plainData } from "./plain-data.ts";
import { symbolHost } from "./symbol-host.ts";

export interface ProgramRequest extends ConfigRequest {
  /** What to keep; absent: every target. */
  readonly targets?: readonly string[] | undefined;
  readonly namePolicy?: NamePolicy | undefined;
  /** Leave unbound variables to the caller, as `fgc code` does; `library`: unless the config is a program that nobody calls. */
  readonly allowFreeVariables?: boolean | "library";
  /** Gets the table that symbols are looked up in, also where no graph comes of it. */
  readonly noteSymbols?: ((symbols: SymbolTable) => void) | undefined;
  /** Gets the graph after each pass. */
  readonly dump?: ((pass: PassName, graph: GraphValue) => void) | undefined;
}

export interface ProgramGraph {
  readonly root: GraphValue;
  readonly preprocessed: Preprocessed;
  /** The target `meta` as plain data; empty where there is none. */
  readonly meta: Readonly<Record<string, PlainData>>;
  /** How many nodes the config's own graph has. */
  readonly size: number;
  readonly symbols: SymbolTable;
  readonly variableUses: ReadonlyMap<string, readonly VariableUse[]>;
  /** Every template that was read, of this project and those that it uses. */
  readonly templates: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** What the stages took. */
  readonly timings: { readonly templatesMs: number; readonly graphMs: number; readonly typesMs: number };
}

/** The graph that emitters take. Throws a `DiagnosticError` with all that is wrong. */
export function compileProgram(host: Host, request: ProgramRequest): ProgramGraph {
  const { project } = request;
  const started = performance.now();
  const { text: preprocessed, faults: templateFaults } = preprocessPartially(host, request);
  const textDone = performance.now();
  const built = composePartially(preprocessed, project.yamlFloats);
  const graphDone = performance.now();
  const wrongMeta = project.diagnostics.filter(({ severity }) => severity === "error");
  const diagnostics: Diagnostic[] = [
    ...wrongMeta,
    ...templateFaults,
    ...preprocessed.diagnostics,
    ...built.diagnostics,
  ];
  if (built.graph === undefined) throw new DiagnosticError(...diagnostics);
  const { graph } = built;
  const templates = new Map<string, SourceFile>();
  const noteTemplates = (text: Preprocessed, owner: Project): void => {
    for (const file of templatesOf(host, text, owner)) templates.set(file.path, file);
  };
  noteTemplates(preprocessed, project);

  const symbols = new SymbolTable(symbolHost(host));
  request.noteSymbols?.(symbols);
  const variableUses = new Map<string, VariableUse[]>();
  const configText: GraphValue = bundledText("config.yaml", graph.origin);
  const environment = environmentOf(project, configText);
  const result = runPasses(
    graph,
    {
      report: (diagnostic) => void diagnostics.push(diagnostic),
      isPartial: built.failed || wrongMeta.length > 0 || templateFaults.length > 0,
      project: environment,
      loadProject: projectLoader(host, request, noteTemplates),
      overrides: (request.overrides ?? []).map(
        (text) => (root: GraphValue) => applyOverrides(root, [text], project.yamlFloats),
      ),
      symbols,
      targets: request.targets,
      namePolicy: request.namePolicy ?? "named",
      allowFreeVariables:
        request.allowFreeVariables === "library" ? !isProgram(graph) : (request.allowFreeVariables ?? false),
      variableUses,
    },
    request.dump,
  );
  if (result.root === undefined) throw new DiagnosticError(...distinctDiagnostics(diagnostics));
  const timings = {
    templatesMs: textDone - started,
    graphMs: graphDone - textDone,
    typesMs: performance.now() - graphDone,
  };
  return {
    root: result.root,
    preprocessed,
    meta: metaOf(graph),
    size: [...walk(graph)].length,
    symbols,
    variableUses,
    templates: [...templates.values()],
    diagnostics: distinctDiagnostics(diagnostics),
    timings,
  };
}

/** A training script runs by itself; a dataset, a model or a tokenizer is a part of what another config makes, which binds its variables. */
export function isProgram(graph: GraphValue): boolean {
  const kind = kindOf(graph);
  if (typeof kind === "string" && kind.startsWith("type.training_script")) return true;
  const main = entryOf(graph, "main");
  return main?.kind === "call" && /[:.]TrainingScript$/.test(main.constructorSpec);
}

/**
 * A config's graph with those of other projects spliced in, before any override. What the link has wrong is handed back, and null stands
 * in its place: for those who ask about a config, not for building it.
 */
export function linkConfig(
  host: Host,
  request: ConfigRequest,
  graph: GraphValue,
): { readonly graph: GraphValue; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const linked = link.run(graph, {
    report: (diagnostic) => void diagnostics.push(diagnostic),
    project: environmentOf(request.project, bundledText("config.yaml", graph.origin)),
    loadProject: projectLoader(host, request, () => {}),
    overrides: [],
    symbols: new SymbolTable(symbolHost(host)),
    namePolicy: "named",
    allowFreeVariables: true,
    variableUses: new Map(),
  });
  return { graph: linked, diagnostics };
}

/** What the config says it is; nothing where its `meta` cannot be made, which is told where it is wanted. */
function kindOf(graph: GraphValue): PlainData | undefined {
  try {
    return metaOf(graph)["config_class"];
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

function metaOf(graph: GraphValue): Readonly<Record<string, PlainData>> {
  if (entryOf(graph, "meta") === undefined) return {};
  const meta = plainData(graph, "meta");
  return typeof meta === "object" && meta !== null && !Array.isArray(meta) ? (meta as Record<string, PlainData>) : {};
}

/** `pp_config` and the like: read from beside the bundle when the program runs. */
function bundledText(name: string, origin: Origin): GraphValue {
  return {
    kind: "call",
    mode: "singleton",
    name: "pp_config",
    constructorSpec: bundleTextSpec,
    constructorOrigin: origin,
    args: [scalar(name, origin)],
    kwargs: [],
    origin,
  };
}

function environmentOf(project: Project, configText: GraphValue): ProjectEnvironment {
  return {
    projectDir: project.dir,
    importMap: extendImportMap(project.importMap),
    variables: new Map([["pp_config", configText]]),
  };
}

/** Opens other projects for the link pass. One and the same request gives one graph: what it makes is shared by all that ask for it. */
function projectLoader(
  host: Host,
  { project: from, clock }: ConfigRequest,
  note: (text: Preprocessed, owner: Project) => void,
): ProjectLoader {
  const projects = new Map<string, Project>();
  return ({ projectDir, configTemplate, ppKwargs }, origin) => {
    const dir = isAbsolute(projectDir) ? resolve(projectDir) : join(from.dir, projectDir);
    const project = projects.get(dir) ?? loadProject(host, dir, { clock });
    projects.set(dir, project);
    const variables = ppKwargs as Variables;
    const { text, faults } = preprocessPartially(host, { project, config: configTemplate, variables, clock });
    note(text, project);
    const built = composePartially(text, project.yamlFloats);
    const remarks = project.diagnostics.filter(({ severity }) => severity !== "info");
    return {
      root: built.graph ?? faultyValue(origin),
      environment: environmentOf(project, scalar(text.text, origin)),
      diagnostics: [...remarks, ...faults, ...text.diagnostics, ...built.diagnostics],
    };
  };
}

/** The templates that a text came from, and the meta file's own. */
function templatesOf(host: Host, text: Preprocessed, project: Project): readonly SourceFile[] {
  const paths = new Set([...text.inputs, ...project.meta.inputs]);
  return [...paths].flatMap((path) => {
    const content = host.files.readText(path);
    return content === undefined ? [] : [{ path, text: content }];
  });
}

export type { PlainValue };
