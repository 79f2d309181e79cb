/**
 * @file The pipeline up to the node graph: project → preprocessed text → config tree → graph. What every command starts from.
 *
 *     const project = loadProject(host, ".");
 *     const { graph, diagnostics } = buildGraph(host, { project, config: "tiny.yaml" });
 *
 * A user's fault is a `DiagnosticError` where a stage cannot go on, and an entry of `diagnostics` where it could.
 */
import { join } from "node:path";
import { composeConfig } from "../config/compose.ts";
import {
  findProjectDir,
  findWorkspace,
  knownMetaKeys,
  listTemplates,
  metaFileName,
  type ProjectMeta,
  readMeta,
  unknownMetaKeys,
} from "../config/project.ts";
import { projectDiagnostics } from "../config/project-diagnostics.ts";
import { gapMark } from "../config/rendered.ts";
import type { YamlFloats } from "../config/scalars.ts";
import { type Diagnostic, DiagnosticError, distinctDiagnostics, type Place } from "../diagnostics/diagnostic.ts";
import { buildGraphFrom } from "../graph/build.ts";
import { entryOf, type GraphValue } from "../graph/node.ts";
import { nearest } from "../source/nearest.ts";
import type { Origin, SourceFile } from "../source/span.ts";
import { TemplateFault } from "../template/diagnostics.ts";
import type { RunOptions } from "../template/index.ts";
import { hasGap, OriginMap, type Piece } from "../template/output.ts";
import type { Variables } from "./environment.ts";
import type { FixedClock, Host } from "./host.ts";
import { applyOverrides, type OverrideText } from "./overrides.ts";
import { plainData } from "./plain-data.ts";
import { type RenderedTemplate, renderTemplate } from "./render.ts";

export interface Project extends ProjectMeta {
  readonly dir: string;
  readonly workspaceRoot: string;
  /** The rendered meta file: its text and the templates that it used. */
  readonly meta: RenderedTemplate;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Settings {
  /** Fixes what templates take for now. */
  readonly clock?: FixedClock | undefined;
}

/** Finds the project at `start` or above it, and reads its meta file. */
export function loadProject(host: Host, start: string, settings: Settings = {}): Project {
  const { files } = host;
  const dir = findProjectDir(files, start);
  const workspace = findWorkspace(files, dir);
  const userTemplates = join(
    host.environment("FGC_CONFIG_DIR") ?? join(host.homeDirectory(), ".config", "fgc"),
    "templates",
  );
  const diagnostics: Diagnostic[] = [];
  if (workspace.templates === undefined) diagnostics.push(projectDiagnostics.noWorkspace({}, { path: dir }));
  const workspaceTemplates = workspace.templates ?? join(host.packageRoot, "templatelib", "workspace");
  const library = [...(workspace.templates === undefined ? [workspaceTemplates] : []), ...libraryFolders(host)];
  const searchPath = [dir, workspaceTemplates, userTemplates];
  const globals = { project_dir: dir, workspace_root: workspace.root };
  const meta = renderTemplate(host, {
    searchPath,
    main: metaFileName,
    variables: { workspace_root: workspace.root },
    globals,
    ...settings,
  });
  diagnostics.push(...meta.diagnostics);
  const { graph, diagnostics: graphFaults, failed } = composePartially(meta, "fgc");
  // What a library's file remarks on itself is no news about this project, but a fault is.
  diagnostics.push(...graphFaults);
  // Without folders to search in, everything else would be told as missing.
  if (graph === undefined || (failed && isUnsure(graph, "searchdir"))) throw new DiagnosticError(...diagnostics);
  const values = plainData(graph);
  const file: SourceFile = { path: join(dir, metaFileName), text: files.readText(join(dir, metaFileName)) ?? "" };
  const keyOf = (key: string): Origin | undefined =>
    graph.kind === "dict"
      ? graph.entries.find((entry) => entry.key.kind === "scalar" && entry.key.value === key)?.key.origin
      : undefined;
  const placeOf = (key?: string): Place => {
    const origin = key === undefined ? undefined : keyOf(key);
    return origin === undefined ? { span: { file, start: 0, end: 0 } } : { span: origin.span, chain: origin.stack };
  };
  for (const key of unknownMetaKeys(values))
    diagnostics.push(projectDiagnostics.unknownMetaKey(placeOf(key), { key, nearest: nearest(key, knownMetaKeys) }));
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const read = readMeta({ files, projectDir: dir, values, placeOf, report, library });
  const floats = host.environment("FGC_YAML_FLOATS") === "reference" ? "reference" : read.yamlFloats;
  return { ...read, yamlFloats: floats, dir, workspaceRoot: workspace.root, meta, diagnostics };
}

/** Whether a fault keeps from knowing what stands under `key` of a mapping. */
function isUnsure(graph: GraphValue, key: string): boolean {
  const value = entryOf(graph, key);
  return value === undefined ? graph.faulty === true || graph.kind !== "dict" : value.faulty === true;
}

/** The shipped templates: searched after everything that a meta file names. */
function libraryFolders(host: Host): readonly string[] {
  return ["examples", "base"].map((part) => join(host.packageRoot, "templatelib", part));
}

/** The configs of a project, by name. */
export function listConfigs(host: Host, project: Project): readonly string[] {
  return listTemplates(host.files, project.searchPath, project.configPrefix).map(({ name }) => name);
}

export interface ConfigRequest extends Settings {
  readonly project: Project;
  /** Relative to the config prefix; absent: the project's default config. */
  readonly config?: string | undefined;
  /** Render arguments: flags that the config declares, `--set`, what another project passes. */
  readonly variables?: Variables;
  /** Applied to the graph, in order. */
  readonly overrides?: readonly OverrideText[];
}

export interface Preprocessed extends RenderedTemplate {
  /** The config's name, the default one filled in. */
  readonly config: string;
}

/**
 * The text that a config prints. Throws a `DiagnosticError` where it cannot be rendered.
 * @param options a trace of the render, parts to leave out
 */
export function preprocess(host: Host, request: ConfigRequest, options: RunOptions = {}): Preprocessed {
  const { project, variables = {}, clock } = request;
  const config = configName(host, project, request.config);
  const main = project.configPrefix === "" ? config : `${project.configPrefix}/${config}`;
  const globals = { project_dir: project.dir, workspace_root: project.workspaceRoot };
  return {
    ...renderTemplate(host, { searchPath: project.searchPath, main, variables, globals, clock, ...options }),
    config,
  };
}

/** Checks the name first, so that a slip gets the nearest config instead of "template not found". */
export function configName(host: Host, project: Project, given: string | undefined): string {
  const name = given ?? project.defaultConfig;
  if (name === undefined) throw new DiagnosticError(projectDiagnostics.noConfigs({}, { name: project.name }));
  const relative = join(project.configPrefix, name);
  if (project.searchPath.some((folder) => host.files.readText(join(folder, relative)) !== undefined)) return name;
  const known = listConfigs(host, project);
  // The ending counts for nothing: `tny` is near to `tiny.yaml`.
  const stem = (config: string) => config.replace(/\.yaml$/, "");
  const closeStem = known.map(stem).includes(stem(name)) ? stem(name) : nearest(stem(name), known.map(stem));
  const close = known.find((config) => stem(config) === closeStem);
  throw new DiagnosticError(
    projectDiagnostics.unknownConfig({}, { name, project: project.name || project.dir, nearest: close }),
  );
}

/**
 * The same for looking on behind faults of templates: the text with a mark wherever they left a gap, and the faults. Throws them where no
 * text is left, or none that tells what is missing.
 */
export function preprocessPartially(
  host: Host,
  request: ConfigRequest,
): { readonly text: Preprocessed; readonly faults: readonly Diagnostic[] } {
  try {
    return { text: preprocess(host, request), faults: [] };
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    const { partialPieces = [], used, diagnostics } = error;
    if (!hasGap(partialPieces)) throw error;
    const map = new OriginMap(
      partialPieces.map((piece) => (piece.isGap === true ? { ...piece, text: gapText(piece) } : piece)),
    );
    const text: Preprocessed = {
      text: map.text,
      originAt: (offset) => map.originAt(offset),
      hasGaps: true,
      pieces: map.pieces,
      inputs: used.map(({ path }) => path),
      templates: [],
      edges: [],
      diagnostics: [],
      config: configName(host, request.project, request.config),
    };
    return { text, faults: diagnostics };
  }
}

/** An expression fails to print a part of a line, a statement whole lines: a comment stands for these. */
function gapText({ origin: { span } }: Piece): string {
  const before = span.file.text.slice(span.file.text.lastIndexOf("\n", span.start) + 1, span.start + 2);
  return /(?:\{\{|^\s*==)(?:(?!\}\}).)*$/.test(before) ? gapMark : `#${gapMark}\n`;
}

export interface BuiltGraph {
  readonly preprocessed: Preprocessed;
  /** Not linked: other projects' graphs are not in it. */
  readonly graph: GraphValue;
  /** Warnings and remarks of all stages. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A text's graph before overrides: what several passes over one config can share. */
export interface ComposedGraph {
  readonly graph: GraphValue;
  readonly diagnostics: readonly Diagnostic[];
}

/** The node graph of a config. Throws a `DiagnosticError` with all that is wrong. */
export function buildGraph(
  host: Host,
  request: ConfigRequest,
  preprocessed: Preprocessed = preprocess(host, request),
  composed: ComposedGraph = composeGraph(preprocessed, request.project.yamlFloats),
): BuiltGraph {
  const { graph, diagnostics } = composed;
  const changed = applyOverrides(graph, request.overrides ?? [], request.project.yamlFloats);
  return { preprocessed, graph: changed, diagnostics: [...preprocessed.diagnostics, ...diagnostics] };
}

export function composeGraph(rendered: RenderedTemplate, yamlFloats: YamlFloats): ComposedGraph {
  const { graph, diagnostics, failed } = composePartially(rendered, yamlFloats);
  if (failed || graph === undefined) throw new DiagnosticError(...rendered.diagnostics, ...diagnostics);
  return { graph, diagnostics };
}

/** What could be read of a text that may have faults: later stages look through it for more. */
export interface PartialGraph {
  /** With faulty nodes where something could not be read; absent where nothing could. */
  readonly graph: GraphValue | undefined;
  readonly failed: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export function composePartially(rendered: RenderedTemplate, yamlFloats: YamlFloats): PartialGraph {
  const composed = composeConfig(rendered);
  if (composed.partial === undefined)
    return { graph: undefined, failed: true, diagnostics: distinctDiagnostics(composed.diagnostics) };
  const built = buildGraphFrom(composed.partial, rendered, yamlFloats);
  const failed = composed.root === undefined || built.graph === undefined;
  const diagnostics = distinctDiagnostics([...composed.diagnostics, ...built.diagnostics]);
  return { graph: built.partial, failed, diagnostics };
}
