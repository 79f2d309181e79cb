/**
 * @file Configs as `explain` reads them: rendered with a trace, composed, and built, with the ways back from a value to the text.
 *
 * One reader serves one question: it reads each config once, those of other projects when a path leads into them, and any of them again
 * with parts left out.
 */
import { isAbsolute, join, resolve } from "node:path";
import { type AliasPlace, composeConfig } from "../../config/compose.ts";
import type { ConfigNode } from "../../config/tree.ts";
import { type Diagnostic, DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { buildGraphFrom } from "../../graph/build.ts";
import { extendImportMap, lookup } from "../../graph/import-map.ts";
import type { GraphValue } from "../../graph/node.ts";
import type { PlainValue } from "../../graph/passes/index.ts";
import type { Origin, Span } from "../../source/span.ts";
import { Omissions, type Piece, RenderTrace } from "../../template/index.ts";
import { type ConfigRequest, loadProject, type Preprocessed, type Project, preprocess } from "../compile.ts";
import type { Variables } from "../environment.ts";
import { FileCache } from "../file-cache.ts";
import type { Host } from "../host.ts";
import type { Spot } from "./spot.ts";

/** A stretch of the text that one place wrote. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly origin: Origin;
}

export class Reading {
  readonly request: ConfigRequest;
  readonly preprocessed: Preprocessed;
  readonly trace: RenderTrace;
  readonly root: ConfigNode;
  /** Without overrides. */
  readonly graph: GraphValue;
  readonly diagnostics: readonly Diagnostic[];
  /** What the other project binds to this one's variables; absent for the config that was asked for. */
  readonly caller: Caller | undefined;
  readonly #values: ReadonlyMap<ConfigNode, GraphValue>;
  readonly #aliases: readonly AliasPlace[];
  readonly #importMap: ReturnType<typeof extendImportMap>;
  readonly #starts: readonly number[];
  #nodes: Map<GraphValue, ConfigNode> | undefined;

  constructor(host: Host, request: ConfigRequest, caller: Caller | undefined, without: readonly Span[]) {
    const trace = new RenderTrace();
    const options = { trace, ...(without.length === 0 ? {} : { without: new Omissions(without) }) };
    const preprocessed = preprocess(host, request, options);
    const composed = composeConfig(preprocessed);
    if (composed.root === undefined) throw new DiagnosticError(...composed.diagnostics);
    const built = buildGraphFrom(composed.root, preprocessed, request.project.yamlFloats);
    this.request = request;
    this.caller = caller;
    this.preprocessed = preprocessed;
    this.trace = trace;
    this.root = composed.root;
    this.#values = built.values;
    this.#aliases = composed.aliases;
    this.#importMap = extendImportMap(request.project.importMap);
    // A graph with faults has null in their place, and the rest of it can be explained.
    this.graph = built.graph ?? this.valueOf(composed.root);
    this.diagnostics = [...preprocessed.diagnostics, ...composed.diagnostics, ...built.diagnostics];
    let offset = 0;
    this.#starts = preprocessed.pieces.map(({ text }) => {
      const start = offset;
      offset += text.length;
      return start;
    });
  }

  get project(): Project {
    return this.request.project;
  }

  /** What the graph builder made of a node. Keys that it dropped have no value of their own. */
  valueOf(node: ConfigNode): GraphValue {
    const text = node.kind === "scalar" ? node.text : null;
    return this.#values.get(node) ?? { kind: "scalar", value: text, origin: this.preprocessed.originAt(node.start) };
  }

  nodeOf(value: GraphValue): ConfigNode | undefined {
    this.#nodes ??= new Map([...this.#values].map(([node, made]) => [made, node]));
    return this.#nodes.get(value);
  }

  /** The spec as the compiler reads it. */
  specOf(value: GraphValue): string {
    if (value.kind !== "call") return "";
    return lookup(this.#importMap, value.constructorSpec) ?? value.constructorSpec;
  }

  /** Where an alias of `target` stands between two offsets. */
  aliasesOf(target: ConfigNode, from: number, to: number): readonly AliasPlace[] {
    return this.#aliases.filter((alias) => alias.target === target && alias.start >= from && alias.end <= to);
  }

  /** The pieces that wrote the text from `start` to `end`, cut to it. */
  stretches(start: number, end: number): readonly Stretch[] {
    const { pieces } = this.preprocessed;
    const found: Stretch[] = [];
    for (let i = this.#pieceAt(start); i < pieces.length; i += 1) {
      const from = this.#starts[i] as number;
      const { text, origin } = pieces[i] as Piece;
      if (from >= end) break;
      if (from + text.length > start)
        found.push({ start: Math.max(start, from), end: Math.min(end, from + text.length), origin });
    }
    return found;
  }

  #pieceAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}

/** The node that opened a project: its arguments are the variables there. */
export interface Caller {
  readonly spot: Spot;
  /** `models/llama (4M.yaml)` */
  readonly name: string;
}

export interface SubProject {
  readonly projectDir: string;
  readonly config: string | undefined;
  readonly variables: Readonly<Record<string, PlainValue>>;
}

export class ConfigReader {
  readonly #host: Host;
  readonly #request: ConfigRequest;
  readonly #projects = new Map<string, Project>();
  readonly #readings = new Map<string, Reading>();
  readonly #counterfactuals = new Map<ConfigRequest, Map<string, Reading | undefined>>();
  #main: Reading | undefined;

  constructor(host: Host, request: ConfigRequest) {
    this.#host = { ...host, files: new FileCache(host.files) };
    this.#request = request;
  }

  get host(): Host {
    return this.#host;
  }

  /** The config that was asked for. */
  get main(): Reading {
    this.#main ??= new Reading(this.#host, this.#request, undefined, []);
    return this.#main;
  }

  /** A config of another project. */
  open({ projectDir, config, variables }: SubProject, spot: Spot): Reading {
    const from = spot.reading.project;
    const dir = isAbsolute(projectDir) ? resolve(projectDir) : join(from.dir, projectDir);
    const { clock } = this.#request;
    const project = this.#projects.get(dir) ?? loadProject(this.#host, dir, { clock });
    this.#projects.set(dir, project);
    const key = JSON.stringify([dir, config, variables], (_, value: unknown) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
    const known = this.#readings.get(key);
    if (known !== undefined) return known;
    const request = { project, config, variables: variables as Variables, clock };
    const name = `${project.name || projectDir}${config === undefined ? "" : ` (${config})`}`;
    const reading = new Reading(this.#host, request, { spot, name }, []);
    this.#readings.set(key, reading);
    return reading;
  }

  /** The same config as if nobody had written these parts of its templates; undefined where it would not be a config then. */
  without(reading: Reading, parts: readonly Span[]): Reading | undefined {
    const known = this.#counterfactuals.get(reading.request) ?? new Map<string, Reading | undefined>();
    this.#counterfactuals.set(reading.request, known);
    const key = parts.map(({ file, start }) => `${file.path}:${start}`).join("\n");
    // The values of one block have mostly lost to the same overrides.
    if (!known.has(key)) known.set(key, this.#readWithout(reading, parts));
    return known.get(key);
  }

  #readWithout(reading: Reading, parts: readonly Span[]): Reading | undefined {
    try {
      return new Reading(this.#host, reading.request, reading.caller, parts);
    } catch (error) {
      if (error instanceof DiagnosticError) return undefined;
      throw error;
    }
  }
}
