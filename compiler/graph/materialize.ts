/**
 * @file Node graph → objects, by interpretation (node-graph.md, 5).
 *
 * The compiler needs it for little: the targets that describe a config (`meta`, `dynamic_args`). What its constructors are is
 * the caller's table, so the vectors run on it as well. Everything else is emitted as code, not interpreted.
 *
 * Values: null, boolean, bigint (int), number (float), string; arrays are lists, `Map`s mappings; `Tuple`, `View`, `Callable`; and
 * whatever objects the constructors make.
 */
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { builtins } from "./builtins.ts";
import { placeOf } from "./describe.ts";
import { graphDiagnostics as faults } from "./diagnostics.ts";
import { type CallNode, entryOf, type GraphValue } from "./node.ts";
import { Callable, CallError, type Keywords, Tuple, type Value } from "./value.ts";

/** Where constructors come from. Built-in names are tried first, then `module:symbol`. */
export interface ConstructorTable {
  /** The symbol, or undefined where the table does not know it. */
  lookup(module: string, symbol: string): Value | undefined;
}

export const noConstructors: ConstructorTable = { lookup: () => undefined };

export interface MaterializeRequest {
  /** One target's object, or a mapping of those that exist. Absent: the whole graph. */
  readonly targets?: string | readonly string[];
  readonly args?: readonly Value[];
  readonly kwargs?: Keywords;
  readonly variables?: ReadonlyMap<string, Value>;
}

/** Objects made of one graph. Singletons are kept here, so they are shared by all that one materializer makes. */
export class Materializer {
  private readonly singletons = new Map<CallNode, Value>();
  private readonly constructors: ConstructorTable;
  private readonly graph: GraphValue;

  constructor(graph: GraphValue, constructors: ConstructorTable = noConstructors) {
    this.graph = graph;
    this.constructors = constructors;
  }

  materialize(request: MaterializeRequest = {}): Value {
    const variables = request.variables ?? new Map<string, Value>();
    const { targets } = request;
    if (targets === undefined) return this.root(this.graph, variables, request);
    if (this.graph.kind !== "dict") throw new DiagnosticError(faults.noTargets(placeOf(this.graph.origin), {}));
    if (typeof targets === "string") return this.value(this.target(targets), variables);
    const made = new Map<Value, Value>();
    for (const { key, value } of this.graph.entries) {
      const name = this.value(key, variables);
      if (typeof name === "string" && targets.includes(name)) made.set(name, this.value(value, variables));
    }
    return made;
  }

  /** A value of the graph as the root: partials are called at once, with the arguments of the request. */
  root(
    value: GraphValue,
    variables: ReadonlyMap<string, Value>,
    { args = [], kwargs = new Map() }: MaterializeRequest = {},
  ): Value {
    return value.kind === "call" && value.mode === "partial"
      ? this.call(value, variables, args, kwargs)
      : this.value(value, variables);
  }

  private target(name: string): GraphValue {
    const value = entryOf(this.graph, name);
    if (value !== undefined) return value;
    throw new DiagnosticError(
      faults.unknownTarget(placeOf(this.graph.origin), { name, nearest: nearest(name, targetNames(this.graph)) }),
    );
  }

  private value(value: GraphValue, variables: ReadonlyMap<string, Value>): Value {
    switch (value.kind) {
      case "scalar":
        return value.value;
      case "opaque":
        return value;
      case "list":
        return value.items.map((item) => this.value(item, variables));
      case "tuple":
        return new Tuple(value.items.map((item) => this.value(item, variables)));
      case "dict":
        return new Map(
          value.entries.map((entry) => [this.key(entry.key), this.value(entry.value, variables)] as const),
        );
      case "var": {
        const bound = variables.get(value.varName);
        if (bound !== undefined) return bound;
        if (value.fallback !== undefined) return this.fallback(value.fallback);
        throw new DiagnosticError(
          faults.unboundVariable(placeOf(value.origin), {
            name: value.varName,
            nearest: nearest(value.varName, variables.keys()),
          }),
        );
      }
      case "call":
        return this.node(value, variables);
    }
  }

  private node(node: CallNode, variables: ReadonlyMap<string, Value>): Value {
    if (node.mode === "factory") return this.call(node, variables);
    if (node.mode === "partial") return new Callable((args, kwargs) => this.call(node, variables, args, kwargs));
    const known = this.singletons.get(node);
    if (known !== undefined) return known;
    const made =
      node.mode === "meta" ? this.invoke(node, node.args.map(rawValue), rawKeywords(node)) : this.call(node, variables);
    if (made !== null) this.singletons.set(node, made); // a result of null is not remembered: the language has it so
    return made;
  }

  private call(
    node: CallNode,
    variables: ReadonlyMap<string, Value>,
    more: readonly Value[] = [],
    given: Keywords = new Map(),
  ): Value {
    const args = node.args.map((arg) => this.value(arg, variables));
    const kwargs = new Map<string, Value>();
    for (const keyword of node.kwargs) kwargs.set(keyword.name, this.value(keyword.value, variables));
    for (const [name, value] of this.latent(node, variables)) kwargs.set(name, value);
    for (const [name, value] of given) kwargs.set(name, value);
    return this.invoke(node, [...args, ...more], kwargs);
  }

  private latent(node: CallNode, variables: ReadonlyMap<string, Value>): Keywords {
    if (node.latentArgs === undefined) return new Map();
    const made = this.value(node.latentArgs, variables);
    if (made instanceof Map && [...made.keys()].every((key) => typeof key === "string"))
      return made as Map<string, Value>;
    throw new DiagnosticError(faults.latentArgs(placeOf(node.latentArgs.origin), {}));
  }

  private invoke(node: CallNode, args: readonly Value[], kwargs: Keywords): Value {
    const spec = node.constructorSpec;
    const place = placeOf(node.constructorOrigin);
    const callee = this.resolve(node);
    if (!(callee instanceof Callable)) throw new DiagnosticError(faults.notCallable(place, { spec }));
    try {
      return callee.call(args, kwargs);
    } catch (error) {
      if (error instanceof CallError)
        throw new DiagnosticError(faults.callFailed(place, { spec, reason: error.message }));
      throw error;
    }
  }

  private resolve(node: CallNode): Value {
    const spec = node.constructorSpec;
    const place = placeOf(node.constructorOrigin);
    const parts = spec.split(":");
    if (parts.length > 2) throw new DiagnosticError(faults.constructorSpec(place, { spec }));
    const found =
      parts.length === 1 ? builtins.get(spec) : this.constructors.lookup(parts[0] as string, parts[1] as string);
    if (found !== undefined) return found;
    const known = parts.length === 1 ? nearest(spec, builtins.keys()) : undefined;
    throw new DiagnosticError(faults.unknownConstructor(place, { spec, nearest: known }));
  }

  /** A default is not materialized: nodes in it come out as nodes. */
  private fallback(value: GraphValue): Value {
    switch (value.kind) {
      case "scalar":
        return value.value;
      case "list":
        return value.items.map((item) => this.fallback(item));
      case "tuple":
        return new Tuple(value.items.map((item) => this.fallback(item)));
      case "dict":
        return new Map(value.entries.map((entry) => [this.key(entry.key), this.fallback(entry.value)] as const));
      default:
        return value;
    }
  }

  private key(key: GraphValue): Value {
    return key.kind === "scalar" ? key.value : key;
  }
}

function rawKeywords(node: CallNode): Keywords {
  return new Map(node.kwargs.map((keyword) => [keyword.name, rawValue(keyword.value)]));
}

/** What a meta node's constructor is handed: the graph, plain scalars as such. */
function rawValue(value: GraphValue): Value {
  return value.kind === "scalar" ? value.value : value;
}

/** The targets of a config, in its order. */
export function targetNames(graph: GraphValue): string[] {
  if (graph.kind !== "dict") return [];
  return graph.entries.flatMap(({ key }) =>
    key.kind === "scalar" && typeof key.value === "string" ? [key.value] : [],
  );
}
