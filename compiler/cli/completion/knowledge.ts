/**
 * @file What completion knows of a project: its configs, and each one's targets, flags and paths.
 *
 * To render a config for every press of a key would be slow, so what was found is kept in the user's cache folder beside the hashes of the
 * templates that it came from. A project or config that cannot be read has nothing to complete: faults are not told here.
 */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { findProjectDir, listTemplates } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { cacheFolder } from "../../driver/cache-folder.ts";
import { composeGraph, loadProject, type Project, preprocess } from "../../driver/compile.ts";
import { type DynamicFlag, readDynamicFlags } from "../../driver/dynamic-args.ts";
import { type GraphValue, targetNames } from "../../graph/index.ts";
import type { CliHost } from "../host.ts";

export interface Knowledge {
  configs(projectDir?: string): readonly string[];
  defaultConfig(projectDir?: string): string | undefined;
  /** Of a config, or of the default one; undefined where it cannot be read. */
  config(name?: string, projectDir?: string): ConfigFacts | undefined;
}

export type FlagFacts = Pick<DynamicFlag, "names" | "type" | "choices" | "isSwitch" | "help">;

export interface ConfigFacts {
  readonly targets: readonly string[];
  readonly flags: readonly FlagFacts[];
  /** What overrides can name: `trainer_args.max_steps`. */
  readonly paths: readonly string[];
}

interface ProjectFacts extends Pick<Project, "dir" | "searchPath" | "configPrefix"> {
  readonly defaultConfig: string | undefined;
}

interface Kept<T> {
  /** Hashes of the files that it came from. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly facts: T;
}

/** More than anyone chooses from. */
const maximumPaths = 5000;
const maximumDepth = 6;

export function knowledgeOf(host: CliHost): Knowledge {
  const know = new Keeper(host);
  return {
    configs(projectDir) {
      const facts = know.project(projectDir);
      return facts === undefined
        ? []
        : listTemplates(host.files, facts.searchPath, facts.configPrefix).map(({ name }) => name);
    },
    defaultConfig: (projectDir) => know.project(projectDir)?.defaultConfig,
    config: (name, projectDir) => know.config(name, projectDir),
  };
}

class Keeper {
  readonly #host: CliHost;
  readonly #projects = new Map<string, Project>();

  constructor(host: CliHost) {
    this.#host = host;
  }

  project(projectDir = "."): ProjectFacts | undefined {
    return this.#attempt(() => {
      const dir = findProjectDir(this.#host.files, resolve(this.#host.cwd(), projectDir));
      return this.#kept(["project", dir], () => {
        const { searchPath, configPrefix, defaultConfig, meta } = this.#load(dir);
        return { inputs: meta.inputs, facts: { dir, searchPath, configPrefix, defaultConfig } };
      });
    });
  }

  config(name: string | undefined, projectDir: string | undefined): ConfigFacts | undefined {
    const facts = this.project(projectDir);
    const config = name ?? facts?.defaultConfig;
    if (facts === undefined || config === undefined) return undefined;
    return this.#attempt(() =>
      this.#kept(["config", facts.dir, config], () => {
        const project = this.#load(facts.dir);
        const text = preprocess(this.#host, { project, config });
        const { graph } = composeGraph(text, project.yamlFloats);
        const inputs = [...new Set([...project.meta.inputs, ...text.inputs])];
        return { inputs, facts: { targets: targetNames(graph), flags: flagsOf(graph), paths: pathsOf(graph) } };
      }),
    );
  }

  #load(dir: string): Project {
    const project = this.#projects.get(dir) ?? loadProject(this.#host, dir);
    this.#projects.set(dir, project);
    return project;
  }

  /** Nobody who presses a key wants to read of a fault, of the user's or of ours. */
  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof DiagnosticError) return undefined;
      if (this.#host.environment("FGC_DEBUG_COMPLETION") !== undefined) throw error;
      return undefined;
    }
  }

  /** What an earlier run found, if the files that it read are still the same. */
  #kept<T>(key: readonly string[], find: () => { readonly inputs: readonly string[]; readonly facts: T }): T {
    const { files, versions } = this.#host;
    const path = join(cacheFolder(this.#host), "completion", `${hash(JSON.stringify([versions.fgc, ...key]))}.json`);
    const kept = readJson<Kept<T>>(files.readText(path));
    if (
      kept !== undefined &&
      Object.entries(kept.inputs).every(([input, known]) => hash(files.readText(input) ?? "") === known)
    )
      return kept.facts;
    const { inputs, facts } = find();
    const hashes = Object.fromEntries(inputs.map((input) => [input, hash(files.readText(input) ?? "")]));
    try {
      files.writeText(path, JSON.stringify({ inputs: hashes, facts } satisfies Kept<T>));
    } catch {
      // A cache that cannot be written costs time and nothing else.
    }
    return facts;
  }
}

const hash = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 27);

function readJson<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

function flagsOf(graph: GraphValue): readonly FlagFacts[] {
  return readDynamicFlags(graph).flags.map(({ names, type, choices, isSwitch, help }) => ({
    names,
    type,
    choices,
    isSwitch,
    help,
  }));
}

/** Keys of mappings and arguments of calls, from the targets down. Shared nodes are listed at each place: that is what people type. */
function pathsOf(graph: GraphValue): readonly string[] {
  const paths: string[] = [];
  const visit = (node: GraphValue, path: string, depth: number): void => {
    if (paths.length >= maximumPaths || depth > maximumDepth) return;
    const parts = partsOf(node).filter(([name]) => /^[A-Za-z_][\w-]*$/.test(name));
    if (parts.length === 0 && path !== "") paths.push(path);
    for (const [name, value] of parts) visit(value, path === "" ? name : `${path}.${name}`, depth + 1);
  };
  visit(graph, "", 0);
  return paths;
}

function partsOf(node: GraphValue): readonly (readonly [string, GraphValue])[] {
  if (node.kind === "call") return node.kwargs.map(({ name, value }) => [name, value] as const);
  if (node.kind !== "dict") return [];
  return node.entries.flatMap(({ key, value }) => (key.kind === "scalar" ? [[String(key.value), value] as const] : []));
}
