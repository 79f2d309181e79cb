/** @file What a value comes from, as plain data: what `explain` prints and what editors get. */
import type { Origin } from "../../source/span.ts";

export type SourceKind =
  /** Written in a template. */
  | "text"
  /** Given to a variable by `set`, a loop, an argument. */
  | "assignment"
  /** The fallback of `default(…)` or `toyaml(…)`. */
  | "fallback"
  /** Computed by an expression from other values. */
  | "computed"
  /** An argument of the command line: a flag of the config, `--set`. */
  | "flag"
  /** Given by fgc itself: the project's folder, the host's name. */
  | "machine"
  /** `PATH=VALUE` on the command line. */
  | "override"
  /** The default of the constructor. */
  | "default"
  /** A variable that only the caller of what is built fills in. */
  | "open";

export interface Source {
  readonly kind: SourceKind;
  /** As YAML on one line; undefined where it was never computed. */
  readonly value: string | undefined;
  /** Where the value is written; undefined for the command line and for constructors. */
  readonly origin: Origin | undefined;
  /** What gave it: `set ns.lr`, `default of lr`, `--lr`, `default of AdamW`. */
  readonly note: string;
  /** The way from there to the config's text, the nearest step first. */
  readonly via: readonly Step[];
  /** What it was computed from. */
  readonly inputs: readonly Input[];
}

export interface Step {
  readonly origin: Origin;
  readonly note: string;
}

export interface Input {
  readonly name: string;
  readonly value: string | undefined;
  readonly origin: Origin | undefined;
  readonly note: string;
}

export interface Argument {
  readonly name: string;
  readonly source: Source;
  /** Not given: this is the constructor's default. */
  readonly isDefault: boolean;
}

export interface Explanation {
  readonly path: string;
  /** As YAML on one line; undefined where an override has removed it. */
  readonly value: string | undefined;
  /** What the callee's documentation says of this argument. */
  readonly doc: string;
  /** The one that wins first. */
  readonly sources: readonly Source[];
  /** Of a node or mapping: what is in it. */
  readonly arguments: readonly Argument[];
}
