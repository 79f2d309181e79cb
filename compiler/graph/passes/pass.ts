/** @file What a pass is: graph in, graph out, faults reported on the way. Everything that a pass needs of the world comes in its context. */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { Origin } from "../../source/span.ts";
import type { ImportMap } from "../import-map.ts";
import type { GraphValue } from "../node.ts";
import type { SymbolTable } from "../symbols.ts";
import type { PythonParts } from "./python-specs.ts";

export interface GraphPass {
  readonly name: PassName;
  /** One line for `--dump-ir` and the docs. */
  readonly summary: string;
  run(root: GraphValue, context: PassContext): GraphValue;
}

export type PassName = "link" | "boundaries" | "overrides" | "prune" | "resolve" | "types" | "names";

export interface PassContext {
  report(diagnostic: Diagnostic): void;
  /** The graph has faults already: it is looked through for more. */
  readonly isPartial?: boolean | undefined;
  readonly project: ProjectEnvironment;
  /** Absent where sub-projects may not be opened (a config that stands alone). */
  readonly loadProject?: ProjectLoader | undefined;
  readonly overrides: readonly Override[];
  readonly symbols: SymbolTable;
  /** Gathers what is met of Python; absent: told of at once. */
  readonly pythonParts?: PythonParts | undefined;
  /** What to keep; absent: every target. */
  readonly targets?: readonly string[] | undefined;
  readonly namePolicy: NamePolicy;
  /** Variables that may stay free: they become parameters of what is emitted. */
  readonly allowFreeVariables: boolean;
  /** Filled by the types pass: where the variables of a model go, so that its config gets their types. */
  readonly variableUses: Map<string, VariableUse[]>;
}

export type NamePolicy = "required" | "named" | "all";

/** `PATH=VALUE`, read and ready to be applied. Throws a `DiagnosticError` where the path leads nowhere. */
export type Override = (root: GraphValue) => GraphValue;

/** The project that specs are read in: relative files and renamed imports are its own matter. */
export interface ProjectEnvironment {
  readonly projectDir: string;
  readonly importMap: ImportMap;
  /** Variables with a value from the start, such as `pp_config`. */
  readonly variables: ReadonlyMap<string, GraphValue>;
}

export type PlainValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

export interface ProjectRequest {
  readonly projectDir: string;
  /** Absent: the project's default config. */
  readonly configTemplate: string | undefined;
  readonly ppKwargs: Readonly<Record<string, PlainValue>>;
}

export interface LinkedProject {
  /** As far as it could be built. */
  readonly root: GraphValue;
  readonly environment: ProjectEnvironment;
  /** What is to be said of the other project and its config. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Preprocesses a config of another project and builds its graph. Throws a `DiagnosticError` where there is none. */
export type ProjectLoader = (request: ProjectRequest, origin: Origin) => LinkedProject;

export interface VariableUse {
  /** The type of the parameter that it goes to, as text. */
  readonly type: string;
  readonly module: string;
  readonly literalsOnly: boolean;
  readonly doc: string;
}
