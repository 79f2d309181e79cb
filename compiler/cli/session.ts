/** @file One run of a command: which project, config, variables and overrides are meant. Everything is read at most once. */
import { dirname, relative, resolve } from "node:path";
import type { PlainData } from "../config/project.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import {
  type BuiltGraph,
  buildGraph,
  type ComposedGraph,
  type ConfigRequest,
  composeGraph,
  loadProject,
  type Preprocessed,
  type Project,
  preprocess,
} from "../driver/compile.ts";
import { fixedClock, type Variables } from "../driver/environment.ts";
import type { FixedClock } from "../driver/host.ts";
import { looksLikeOverride, readValue } from "../driver/overrides.ts";
import { plainData } from "../driver/plain-data.ts";
import { cliDiagnostics as faults } from "./diagnostics.ts";
import type { CliHost } from "./host.ts";

export interface GlobalOptions {
  readonly projectDir: string | undefined;
  readonly configTemplate: string | undefined;
  readonly dyn: boolean;
  readonly outputFile: string | undefined;
  readonly edit: boolean;
  readonly json: boolean;
  readonly set: readonly string[];
  readonly watch: boolean;
  readonly frozenTime: string | undefined;
  readonly color: "auto" | "always" | "never";
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly werror: boolean;
}

export class Session {
  readonly globals: GlobalOptions;
  readonly #host: CliHost;
  readonly #configArgument: string | undefined;
  readonly overrides: readonly string[];
  #project: Project | undefined;
  #saysProject = true;
  #flagVariables: Variables = {};
  #rendered = new Map<string, Preprocessed>();
  /** Before overrides. */
  #graphs = new Map<Preprocessed, ComposedGraph>();

  /** @param positionals what stands after the command: at most one config, and overrides */
  constructor(host: CliHost, globals: GlobalOptions, positionals: readonly string[]) {
    this.#host = host;
    this.globals = globals;
    this.overrides = positionals.filter(looksLikeOverride);
    const [config, second] = [
      ...(globals.configTemplate === undefined ? [] : [globals.configTemplate]),
      ...positionals.filter((p) => !looksLikeOverride(p)),
    ];
    if (config !== undefined && second !== undefined)
      throw new DiagnosticError(faults.severalConfigs({}, { first: config, second }));
    this.#configArgument = config;
  }

  get project(): Project {
    this.#project ??= loadProject(this.#host, this.#start(), this.#settings());
    return this.#project;
  }

  /** A config given as a path belongs to the project around it. */
  #start(): string {
    if (this.globals.projectDir !== undefined) return resolve(this.#host.cwd(), this.globals.projectDir);
    const file = this.#configFile();
    return file === undefined ? this.#host.cwd() : dirname(file);
  }

  #configFile(): string | undefined {
    const given = this.#configArgument;
    if (given === undefined || !given.includes("/")) return undefined;
    const path = resolve(this.#host.cwd(), given);
    return this.#host.files.readText(path) === undefined ? undefined : path;
  }

  /** The config's name relative to the prefix; undefined for the project's default. */
  get config(): string | undefined {
    const file = this.#configFile();
    if (file === undefined) return this.#configArgument;
    for (const folder of this.project.searchPath) {
      const name = relative(resolve(folder, this.project.configPrefix), file);
      if (!name.startsWith("..")) return name;
    }
    return this.#configArgument;
  }

  #settings() {
    return { clock: this.clock };
  }

  get clock(): FixedClock | undefined {
    return fixedClock(this.#host, this.globals.frozenTime);
  }

  /** Whether a flag that the config declares was given. */
  get hasFlags(): boolean {
    return Object.values(this.#flagVariables).some((value) => value !== false);
  }

  /** The same project and settings, but another config. */
  withConfig(config: string): Session {
    const other = new Session(this.#host, { ...this.globals, configTemplate: undefined }, [config]);
    if (!config.includes("/")) {
      this.#project ??= other.project;
      other.#project = this.#project;
    }
    return other;
  }

  /** Takes over what another session of the same project and config has read. */
  adopt(other: Session): void {
    this.#project = other.#project;
    this.#rendered = other.#rendered;
    this.#graphs = other.#graphs;
  }

  /** Values of the flags that the config declares. */
  bindFlags(variables: Variables): void {
    this.#flagVariables = variables;
  }

  get variables(): Variables {
    const bound: Record<string, PlainData> = {};
    for (const text of this.globals.set) {
      const [, name, value] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) throw new DiagnosticError(faults.badSet({}, { text }));
      bound[name] = plainData(readValue(value, `--set ${name}`, this.project.yamlFloats));
    }
    return { ...this.#flagVariables, ...bound };
  }

  get request(): ConfigRequest {
    return {
      project: this.project,
      config: this.config,
      variables: this.variables,
      overrides: this.overrides,
      ...this.#settings(),
    };
  }

  preprocess(): Preprocessed {
    const request = this.request;
    // The pass that reads the config's flags and the command itself mostly want the same text.
    const key = JSON.stringify(request.variables, (_, value: unknown) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
    const known = this.#rendered.get(key);
    if (known !== undefined) return known;
    const rendered = preprocess(this.#host, request);
    this.#rendered.set(key, rendered);
    return rendered;
  }

  buildGraph(): BuiltGraph {
    const preprocessed = this.preprocess();
    return buildGraph(this.#host, this.request, preprocessed, this.composeGraph());
  }

  /** The graph without overrides. */
  composeGraph(): ComposedGraph {
    const preprocessed = this.preprocess();
    const known = this.#graphs.get(preprocessed);
    if (known !== undefined) return known;
    const composed = composeGraph(preprocessed, this.project.yamlFloats);
    this.#graphs.set(preprocessed, composed);
    return composed;
  }

  /** Remarks on the project itself. */
  get projectDiagnostics(): readonly Diagnostic[] {
    return this.#saysProject ? (this.#project?.diagnostics ?? []) : [];
  }

  /** The command says them itself. */
  claimProjectDiagnostics(): void {
    this.#saysProject = false;
  }
}
