/**
 * @file The node graph: what a config means, as immutable plain data with places.
 *
 * Sharing is by reference: two uses of one anchor hold the same object, and a pass that rebuilds nodes keeps that (see `map.ts`).
 * Numbers follow the template language: `bigint` is an int, `number` a float.
 */
import type { Origin } from "../source/span.ts";

export type Scalar = null | boolean | bigint | number | string;

export type GraphValue = ScalarNode | OpaqueNode | ListNode | TupleNode | DictNode | VarNode | CallNode;

interface NodeBase {
  readonly origin: Origin;
  /**
   * Set where a fault has been reported: of a scalar, that nobody knows its value; of a collection or call, that entries are missing.
   * Passes go on with it, and report nothing that follows from it. A graph that is emitted has none.
   */
  readonly faulty?: true;
}
export interface ScalarNode extends NodeBase {
  readonly kind: "scalar";
  readonly value: Scalar;
  /** How it was written, where that matters for messages (`1e-4`). */
  readonly source?: string;
}
/** Values that YAML can make and a config may not use (dates, bytes, sets), except as keys and variable defaults. */
export interface OpaqueNode extends NodeBase {
  readonly kind: "opaque";
  readonly type: "date" | "datetime" | "bytes" | "set";
  readonly value: string | readonly GraphValue[];
}
export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly items: readonly GraphValue[];
}
export interface TupleNode extends NodeBase {
  readonly kind: "tuple";
  readonly items: readonly GraphValue[];
}
/** Keys are values, mostly string scalars; insertion order is observable. */
export interface DictNode extends NodeBase {
  readonly kind: "dict";
  readonly entries: readonly DictEntry[];
}
export interface DictEntry {
  readonly key: GraphValue;
  readonly value: GraphValue;
}
export interface VarNode extends NodeBase {
  readonly kind: "var";
  readonly varName: string;
  readonly name?: string;
  readonly fallback?: GraphValue;
}
export type CallMode = "singleton" | "factory" | "partial" | "meta";
export interface CallNode extends NodeBase {
  readonly kind: "call";
  readonly mode: CallMode;
  /** As written after the tag: `torch.optim:AdamW`. */
  readonly constructorSpec: string;
  readonly constructorOrigin: Origin;
  /** The explicit name, after `@`. */
  readonly name?: string;
  readonly args: readonly GraphValue[];
  readonly kwargs: readonly Keyword[];
  readonly latentArgs?: GraphValue;
  readonly submoduleSearchpath?: GraphValue;
  /** Set by the resolve pass: what to import. Absent before it, and for built-ins. */
  readonly symbol?: ResolvedSymbol;
  /** Set by the resolve pass where the spec leads nowhere, which it has told. */
  readonly unresolved?: true;
  /**
   * Set by the types pass. From then on `args` are the positional arguments and `kwargs` the properties of the callee's options object,
   * under the names of the TypeScript signature.
   */
  readonly layout?: CallLayout;
}

/** How the arguments of a call are laid out in the emitted code. Refers to no node, so passes may copy it as it is. */
export interface CallLayout {
  /** `new X(…)` or `f(…)`. */
  readonly construct: boolean;
  /** The callee gives a promise, to be awaited. */
  readonly async: boolean;
  /** The parameter that each of `args` goes to. */
  readonly positions: readonly number[];
  /** For each of `args` that was given by name: where that name stands. */
  readonly nameOrigins?: readonly (Origin | undefined)[];
  /** The options-object parameter that each of `kwargs` goes into. */
  readonly optionPositions: readonly number[];
  /** What a partial leaves to its caller: positional parameters in order, then properties of the options object. */
  readonly openPositional: readonly OpenParameter[];
  readonly openOptions: readonly OpenParameter[];
  /** The type of the result, as text. */
  readonly returns: string;
}
export interface OpenParameter {
  readonly name: string;
  readonly position: number;
  /** As text, for messages; the emitted code infers or imports what it needs. */
  readonly type: string;
}
export interface Keyword {
  readonly name: string;
  readonly nameOrigin: Origin;
  readonly value: GraphValue;
}
export interface ResolvedSymbol {
  /** Import specifier as emitted: `fgc/nn`, a package, `node:…`, or an absolute path of a source file. */
  readonly module: string;
  readonly isFile: boolean;
  readonly exportName: string;
  readonly members: readonly string[];
}

/** The values that `node` refers to, in canonical order (args, kwargs, latent_args, submodule_searchpath). The one place that knows every kind's edges. */
export function operands(node: GraphValue): readonly GraphValue[] {
  switch (node.kind) {
    case "scalar":
    case "opaque":
      return [];
    case "list":
    case "tuple":
      return node.items;
    case "dict":
      return node.entries.flatMap((entry) => [entry.key, entry.value]);
    case "var":
      return node.fallback === undefined ? [] : [node.fallback];
    case "call":
      return [
        ...node.args,
        ...node.kwargs.map((keyword) => keyword.value),
        ...(node.latentArgs === undefined ? [] : [node.latentArgs]),
        ...(node.submoduleSearchpath === undefined ? [] : [node.submoduleSearchpath]),
      ];
  }
}

export function isNullValue(value: GraphValue): boolean {
  return value.kind === "scalar" && value.value === null;
}

/** The entry of a mapping under a text key. */
export function entryOf(value: GraphValue, key: string): GraphValue | undefined {
  if (value.kind !== "dict") return undefined;
  return value.entries.find((entry) => entry.key.kind === "scalar" && entry.key.value === key)?.value;
}
