/**
 * @file Projects and workspaces on disk, and what a meta file says (node-graph.md, 8).
 *
 *     workspace/forgather_workspace/     shared templates
 *     workspace/project/meta.yaml        name, description, searchdir, config_prefix, default_config
 *     workspace/project/templates/configs/*.yaml
 */
import { dirname, join, resolve } from "node:path";
import { type Diagnostic, DiagnosticError, type Place } from "../diagnostics/diagnostic.ts";
import type { FileTree } from "./files.ts";
import { projectDiagnostics as faults } from "./project-diagnostics.ts";
import type { YamlFloats } from "./scalars.ts";

export const metaFileName = "meta.yaml";
export const workspaceFolderNames = ["forgather_workspace", "fgc_workspace"];

export interface Workspace {
  readonly root: string;
  /** The folder of its shared templates; absent where no workspace was found. */
  readonly templates: string | undefined;
}

/** The nearest folder from `start` upward that holds a meta file. */
export function findProjectDir(files: FileTree, start: string): string {
  const from = resolve(start);
  if (!files.isDirectory(from)) throw new DiagnosticError(faults.noSuchFolder({}, { path: start }));
  for (const folder of ancestors(from)) if (files.readText(join(folder, metaFileName)) !== undefined) return folder;
  throw new DiagnosticError(faults.noProject({}, { path: from }));
}

/** The nearest folder from the project upward that holds a workspace folder. */
export function findWorkspace(files: FileTree, projectDir: string): Workspace {
  for (const root of ancestors(projectDir)) {
    const name = workspaceFolderNames.find((candidate) => files.isDirectory(join(root, candidate)));
    if (name !== undefined) return { root, templates: join(root, name) };
  }
  return { root: projectDir, templates: undefined };
}

function* ancestors(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}

/** Plain data, as a meta file or the `meta` target gives it. */
export type PlainData =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly PlainData[]
  | { readonly [key: string]: PlainData };

/** What a spec is called here: the new name, with the differences of the arguments where there are any; see graph/import-map.ts. */
export type ImportMapEntry =
  | string
  | {
      readonly to: string;
      readonly positional?: readonly string[];
      readonly rename?: Readonly<Record<string, string>>;
      readonly drop?: readonly string[];
      readonly unsupported?: readonly string[];
      readonly words?: Readonly<
        Record<string, Readonly<Record<string, Readonly<Record<string, null | boolean | bigint | number | string>>>>>
      >;
    }
  | { readonly missing: string };

export interface ProjectMeta {
  readonly name: string;
  readonly description: string;
  /** Absolute, in the order of search. */
  readonly searchPath: readonly string[];
  readonly configPrefix: string;
  /** Relative to the prefix. Absent where the project has no configs. */
  readonly defaultConfig: string | undefined;
  readonly systemPath: readonly string[];
  readonly importMap: Readonly<Record<string, ImportMapEntry>>;
  readonly yamlFloats: YamlFloats;
}

const metaKeys = [
  "name",
  "description",
  "searchdir",
  "config_prefix",
  "default_config",
  "system_path",
  "import_map",
  "yaml_floats",
];

export interface ReadMetaRequest {
  readonly files: FileTree;
  readonly projectDir: string;
  readonly values: PlainData;
  /** Where the meta file says something; the file itself where it does not. */
  readonly placeOf: (key?: string) => Place;
  /** Gets what is wrong; reading goes on as if that were not there. */
  report(diagnostic: Diagnostic): void;
  /** Folders that are searched last: the shipped library. */
  readonly library: readonly string[];
}

/** Checks and completes what a meta file says. Folders are taken relative to the project, wherever the command runs. */
export function readMeta({ files, projectDir, values, placeOf, report, library }: ReadMetaRequest): ProjectMeta {
  if (values !== null && (typeof values !== "object" || Array.isArray(values)))
    throw new DiagnosticError(faults.metaShape(placeOf(), {}));
  const wrong = (key: string, expected: string): undefined =>
    void report(faults.metaValue(placeOf(key.replace(/:.*/, "")), { key, expected }));
  const data = (values ?? {}) as Readonly<Record<string, PlainData>>;
  const text = (key: string): string | undefined => {
    const value = data[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    if (typeof value === "object") return wrong(key, "a text");
    return String(value);
  };
  const folders = (key: string): string[] | undefined => {
    const value = data[key];
    if (value === undefined || value === null) return undefined;
    const list = Array.isArray(value) ? value : [value];
    if (!list.every((item) => typeof item === "string")) return wrong(key, "a list of folders");
    return list.map((folder) => resolve(projectDir, folder as string));
  };
  const searchPath = [...new Set([...(folders("searchdir") ?? [join(projectDir, "templates")]), ...library])];
  const configPrefix = text("config_prefix") ?? "configs";
  const written = text("yaml_floats") ?? "fgc";
  const yamlFloats = written === "fgc" || written === "reference" ? written : undefined;
  if (yamlFloats === undefined) wrong("yaml_floats", "'fgc' or 'reference'");
  const defaultConfig = text("default_config") ?? listTemplates(files, searchPath, configPrefix)[0]?.name;
  return {
    name: text("name") ?? "",
    description: text("description") ?? "",
    searchPath,
    configPrefix,
    defaultConfig,
    systemPath: folders("system_path") ?? [],
    importMap: importMap(data["import_map"] ?? null, wrong),
    yamlFloats: yamlFloats ?? "fgc",
  };
}

function importMap(
  value: PlainData,
  wrong: (key: string, expected: string) => void,
): Readonly<Record<string, ImportMapEntry>> {
  const isMapping = (data: PlainData): data is { readonly [key: string]: PlainData } =>
    typeof data === "object" && data !== null && !Array.isArray(data);
  if (value === null) return {};
  if (!isMapping(value)) {
    wrong("import_map", "a mapping of specs to specs");
    return {};
  }
  const isText = (data: PlainData): data is string => typeof data === "string";
  const isSettings = (data: PlainData): boolean =>
    isMapping(data) && Object.values(data).every((value) => value === null || typeof value !== "object");
  const isTexts = (data: PlainData): boolean => Array.isArray(data) && data.every(isText);
  const fits: Readonly<Record<string, (data: PlainData) => boolean>> = {
    to: isText,
    missing: isText,
    positional: isTexts,
    drop: isTexts,
    unsupported: isTexts,
    rename: (data) => isMapping(data) && Object.values(data).every(isText),
    words: (data) =>
      isMapping(data) &&
      Object.values(data).every((words) => isMapping(words) && Object.values(words).every(isSettings)),
  };
  for (const [spec, entry] of Object.entries(value)) {
    if (isText(entry)) continue;
    const isWhole =
      isMapping(entry) &&
      "to" in entry !== "missing" in entry &&
      Object.entries(entry).every(([key, data]) => Object.hasOwn(fits, key) && fits[key]?.(data) === true);
    if (!isWhole)
      wrong(
        `import_map: ${spec}`,
        "a spec, or a mapping: 'to' (with 'rename', 'words', and the lists 'positional', 'drop', 'unsupported'), or 'missing' with the reason",
      );
  }
  return value as Readonly<Record<string, ImportMapEntry>>;
}

/** Keys of a meta file that nothing reads: probably slips. */
export function unknownMetaKeys(values: PlainData): readonly string[] {
  if (values === null || typeof values !== "object" || Array.isArray(values)) return [];
  return Object.keys(values).filter((key) => !metaKeys.includes(key) && !key.startsWith("."));
}

export const knownMetaKeys: readonly string[] = metaKeys;

export interface FoundTemplate {
  /** Relative to the prefix. */
  readonly name: string;
  readonly path: string;
}

/** Deep enough for any library of templates, and safe from links that lead back up. */
export const maximumDepth = 12;

/** All `.yaml` files below `prefix` in any folder of the search path; the first folder wins, hidden folders are skipped. Sorted. */
export function listTemplates(
  files: FileTree,
  searchPath: readonly string[],
  prefix: string,
): readonly FoundTemplate[] {
  const found = new Map<string, string>();
  const walk = (folder: string, name: string, depth: number): void => {
    if (depth > maximumDepth) return;
    for (const entry of files.list(folder)) {
      if (entry.name.startsWith(".")) continue;
      const inner = name === "" ? entry.name : `${name}/${entry.name}`;
      if (entry.isDirectory) walk(join(folder, entry.name), inner, depth + 1);
      else if (
        /\.ya?ml$|\.jinja2?$/.test(entry.name) &&
        (prefix === "" || entry.name.endsWith(".yaml")) &&
        !found.has(inner)
      )
        found.set(inner, join(folder, entry.name));
    }
  };
  for (const folder of searchPath) walk(join(folder, prefix), "", 0);
  return [...found]
    .map(([name, path]) => ({ name, path }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
