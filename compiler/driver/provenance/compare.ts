/**
 * @file The two sides of `fgc diff`: configs as they are now, or as a build left them, each able to say where its values come from.
 *
 *     configSide(host, request)         a config with arguments
 *     snapshotSide(host, folder)        output_models/NAME, or a run below it: the preprocessed text that its build kept
 */
import { basename, dirname, join } from "node:path";
import { composeConfig } from "../../config/compose.ts";
import { literalText } from "../../config/rendered.ts";
import type { YamlFloats } from "../../config/scalars.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { buildGraphFrom } from "../../graph/build.ts";
import { entryOf, type GraphValue } from "../../graph/node.ts";
import type { ConfigRequest, Project } from "../compile.ts";
import type { Host } from "../host.ts";
import { type Manifest, manifestName } from "../manifest.ts";
import { applyOverrides, type OverrideText, parseOverride } from "../overrides.ts";
import { portableText } from "../places.ts";
import { plainData } from "../plain-data.ts";
import { linkConfig } from "../program-graph.ts";
import { Attributor, type VariableNames } from "./attribution.ts";
import { ConfigReader } from "./reading.ts";
import type { Source } from "./source.ts";
import { valueText } from "./value-text.ts";

export interface Side {
  readonly graph: GraphValue;
  sourceOf(value: GraphValue): Source;
  /** Files that it was read from. */
  readonly inputs: readonly string[];
}

export interface SideOptions {
  readonly variableNames: VariableNames;
  /** With the graphs of other projects in it. */
  readonly linked: boolean;
}

export function configSide(host: Host, request: ConfigRequest, { variableNames, linked }: SideOptions): Side {
  const reader = new ConfigReader(host, request);
  const { main } = reader;
  const errors = main.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new DiagnosticError(...errors);
  const overrides = request.overrides ?? [];
  const apply = (root: GraphValue): GraphValue => applyOverrides(root, overrides, request.project.yamlFloats);
  const link = (): GraphValue => {
    const { graph, diagnostics } = linkConfig(reader.host, request, main.graph);
    const faults = diagnostics.filter(({ severity }) => severity === "error");
    if (faults.length > 0) throw new DiagnosticError(...faults);
    return graph;
  };
  const attributor = new Attributor(variableNames);
  return {
    graph: apply(linked ? link() : main.graph),
    inputs: main.preprocessed.inputs,
    sourceOf: (value) => {
      const node = main.nodeOf(value);
      if (node === undefined) return placed(value, overrides);
      return attributor.attribute({ reading: main, node, path: [], address: [], detours: [] }).winner;
    },
  };
}

/** A value whose text is not the config's own: an override's, another project's, a snapshot's. */
function placed(value: GraphValue, overrides: readonly OverrideText[]): Source {
  const { path } = value.origin.span.file;
  const override = overrides.find((text) => path === `<${parseOverride(text).text}>`);
  const base = { value: valueText(value), via: [], inputs: [] };
  if (override !== undefined) return { ...base, kind: "override", origin: undefined, note: override };
  return { ...base, kind: "text", origin: value.origin, note: "" };
}

export interface Snapshot extends Side {
  /** The folder of the build. */
  readonly folder: string;
  readonly config: string;
  readonly variables: NonNullable<ConfigRequest["variables"]>;
  readonly overrides: readonly OverrideText[];
  /** The clock that the build gave its templates. */
  readonly clock: ConfigRequest["clock"];
}

/** What a folder of a build or of a run keeps of its config; undefined where it is neither. */
export function snapshotSide(host: Host, folder: string, yamlFloats: YamlFloats): Snapshot | undefined {
  const home = snapshotFolder(host, folder);
  if (home === undefined) return undefined;
  const path = join(home, "config.yaml");
  const text = host.files.readText(path) as string;
  const rendered = literalText({ path, text });
  const composed = composeConfig(rendered);
  const built = composed.root === undefined ? undefined : buildGraphFrom(composed.root, rendered, yamlFloats);
  if (built?.graph === undefined) throw new DiagnosticError(...composed.diagnostics, ...(built?.diagnostics ?? []));
  const manifest = JSON.parse(host.files.readText(join(home, manifestName)) ?? "{}") as Partial<Manifest>;
  const { variables = {}, overrides = [], clock } = (manifest.request ?? {}) as Partial<RecordedRequest>;
  return {
    folder: home,
    config: manifest.config ?? `${basename(home)}.yaml`,
    variables: mapValues(variables, intOrFloat),
    overrides,
    clock: typeof clock === "number" ? { epochMs: clock, utcOffsetMinutes: 0 } : undefined,
    graph: applyOverrides(built.graph, overrides, yamlFloats),
    inputs: [path],
    sourceOf: (value) => placed(value, overrides),
  };
}

interface RecordedRequest {
  readonly variables: Readonly<Record<string, Json>>;
  readonly overrides: readonly string[];
  readonly clock: number | null;
}
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type PlainData = NonNullable<ConfigRequest["variables"]>[string];

function mapValues(record: RecordedRequest["variables"], map: (value: Json) => PlainData): Record<string, PlainData> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

/** JSON has one kind of number: what has no fraction was an int. */
function intOrFloat(value: Json): PlainData {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(intOrFloat);
  return mapValues(value as RecordedRequest["variables"], intOrFloat);
}

/** The folder itself, or that of the build whose run it is: `output_models/NAME/runs/RUN`. */
function snapshotFolder(host: Host, folder: string): string | undefined {
  const isSnapshot = (at: string): boolean =>
    host.files.readText(join(at, "config.yaml")) !== undefined &&
    host.files.readText(join(at, manifestName)) !== undefined;
  return [folder, dirname(dirname(folder))].find(isSnapshot);
}

/** Folders and times of this machine by the names that snapshots have for them. */
export function portableNames(host: Host, project: Project, { folder }: Snapshot, graph: GraphValue) {
  const meta = entryOf(graph, "meta") === undefined ? {} : plainData(graph, "meta");
  const named = Object.entries(meta ?? {}).flatMap(([name, value]) =>
    typeof value === "string" && value.startsWith("/") && name.endsWith("_dir") ? [[name, value] as const] : [],
  );
  const output = named.find(([name]) => name === "output_dir")?.[1] ?? folder;
  const folders = {
    outDir: folder,
    bundleDir: output,
    projectDir: project.dir,
    workspaceRoot: project.workspaceRoot,
    packageRoot: host.packageRoot,
    home: host.homeDirectory(),
    named,
  };
  return (text: string): string => portableText(text, folders);
}
