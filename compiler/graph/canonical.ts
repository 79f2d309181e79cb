/** @file The canonical JSON of a graph (`graph --format json`; node-graph.md, 6). Two graphs are equal when these texts are. */
import { floatText } from "./float-text.ts";
import type { CallNode, DictEntry, GraphValue, Scalar, VarNode } from "./node.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function canonicalGraph(root: GraphValue): Json {
  return { format: "fgc-graph/1", root: new CanonicalWriter().write(root) };
}

export function canonicalScalar(value: Scalar): Json {
  if (typeof value === "bigint") {
    const fits = value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
    return fits ? Number(value) : { $int: value.toString() };
  }
  if (typeof value === "number") return { $float: floatText(value) };
  return value;
}

/** JSON objects put digit-only keys first, and `$` marks our own: such mappings are lists of pairs. */
export function isPlainKey(key: string): boolean {
  return !key.startsWith("$") && !/^[0-9]+$/.test(key);
}

class CanonicalWriter {
  private readonly ids = new Map<CallNode | VarNode, number>();

  write(value: GraphValue): Json {
    switch (value.kind) {
      case "scalar":
        return canonicalScalar(value.value);
      case "opaque":
        return {
          [`$${value.type}`]:
            typeof value.value === "string" ? value.value : value.value.map((item) => this.write(item)),
        };
      case "list":
        return value.items.map((item) => this.write(item));
      case "tuple":
        return { $tuple: value.items.map((item) => this.write(item)) };
      case "dict":
        return this.mapping(value.entries);
      case "var":
      case "call":
        return this.node(value);
    }
  }

  private mapping(entries: readonly DictEntry[]): Json {
    const pairs = entries.map(({ key, value }) => {
      const written = this.write(key);
      return [written, this.write(value)] as const;
    });
    if (pairs.every(([key]) => typeof key === "string" && isPlainKey(key))) return Object.fromEntries(pairs);
    return { $dict: pairs };
  }

  private node(node: CallNode | VarNode): Json {
    const known = this.ids.get(node);
    if (known !== undefined) return { $ref: known };
    const id = this.ids.size + 1;
    this.ids.set(node, id);
    const name = node.name === undefined ? {} : { name: node.name };
    if (node.kind === "var") {
      return {
        $node: "var",
        id,
        var: node.varName,
        ...name,
        ...(node.fallback === undefined ? {} : { default: this.write(node.fallback) }),
      };
    }
    const written: Record<string, Json> = { $node: node.mode, id, constructor: node.constructorSpec, ...name };
    if (node.args.length > 0) written["args"] = node.args.map((arg) => this.write(arg));
    if (node.kwargs.length > 0) written["kwargs"] = this.keywords(node);
    if (node.latentArgs !== undefined) written["latent_args"] = this.write(node.latentArgs);
    if (node.submoduleSearchpath !== undefined) written["submodule_searchpath"] = this.write(node.submoduleSearchpath);
    return written;
  }

  private keywords(node: CallNode): Json {
    const pairs = node.kwargs.map(({ name, value }) => [name, this.write(value)] as const);
    return pairs.every(([name]) => isPlainKey(name)) ? Object.fromEntries(pairs) : { $dict: pairs };
  }
}
