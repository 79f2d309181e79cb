/** @file What the emitters are told of their surroundings: where things lie, and what the modules of one build know of each other. */
import type { CallNode, GraphValue } from "../graph/node.ts";
import type { VariableUse } from "../graph/passes/pass.ts";
import type { SymbolTable } from "../graph/symbols.ts";
import type { Code, Mark } from "./code.ts";
import type { KnownFolder } from "./literals.ts";

export interface EmitPlan {
  /** Name and description of the config, for headers. */
  readonly title: string;
  readonly description: string;
  /** The config as a reader knows it: `configs/4M.yaml`. */
  readonly configName: string;
  /** Folders of this machine and their names in emitted code, the output folder first. */
  readonly folders: readonly KnownFolder[];
  /** A template's path as a reader knows it. */
  shorten(path: string): string;
  /** How an emitted module imports a source file of the project. */
  importFile(path: string): string;
  readonly symbols: SymbolTable;
  readonly projectDir: string;
  readonly variableUses: ReadonlyMap<string, readonly VariableUse[]>;
  /** Where each asset lies, relative to the bundle: `assets/tokenizer`. */
  assetPath(asset: CallNode): string;
  /** Expressions that stand for nodes whose value is not known yet: what a config asks of an asset that nobody has made. */
  readonly placeholders?: ReadonlyMap<GraphValue, string>;
}

/** One emitted source file. */
export interface EmittedModule {
  /** `model.ts` */
  readonly name: string;
  readonly text: string;
}

/** A module as composed: before formatting, when it is still known what each range of it came from. */
export interface MarkedModule extends EmittedModule {
  readonly marks: readonly Mark[];
}

export function markedModule(name: string, code: Code): MarkedModule {
  return { name, text: code.text, marks: code.marks() };
}
