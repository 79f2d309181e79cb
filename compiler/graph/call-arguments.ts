/**
 * @file What follows a call tag → positional and keyword arguments.
 *
 *     [1, 2]                         args 1, 2
 *     {x: 1, arg0: a}                args a, kwargs x
 *     {args: [1], kwargs: {x: 2}}    the explicit form: exactly these keys, none of them null
 *     abc                            args 'a', 'b', 'c'
 */
import type { ConfigNode } from "../config/tree.ts";
import type { GraphBuilder } from "./build.ts";
import { describe, placeOf } from "./describe.ts";
import { graphDiagnostics as faults } from "./diagnostics.ts";
import { type CallNode, type DictEntry, type GraphValue, isNullValue, type Keyword, type Scalar } from "./node.ts";

type Arguments = Pick<CallNode, "args" | "kwargs" | "latentArgs" | "submoduleSearchpath">;

export function callArguments(node: ConfigNode, tag: string, builder: GraphBuilder): Arguments {
  switch (node.kind) {
    case "sequence":
      return { args: node.items.map((item) => builder.build(item)), kwargs: [] };
    case "scalar": {
      const origin = builder.originOf(node);
      const args = characters(node.text, origin);
      if (args.length > 0) builder.report(faults.spreadText(placeOf(origin), { tag, count: args.length }));
      return { args, kwargs: [] };
    }
    case "mapping":
      return mappingArguments(builder.entries(node), node, builder);
  }
}

function characters(text: string, origin: GraphValue["origin"]): GraphValue[] {
  return [...text].map((character) => ({ kind: "scalar", origin, value: character }));
}

function mappingArguments(entries: readonly DictEntry[], node: ConfigNode, builder: GraphBuilder): Arguments {
  const names = entries.map(({ key }) =>
    key.kind === "scalar" && typeof key.value === "string" ? key.value : undefined,
  );
  const isExplicit =
    entries.length > 0 && entries.length <= 2 && names.every((name) => name === "args" || name === "kwargs");
  if (isExplicit && entries.every(({ value }) => value.faulty === true || !isNullValue(value))) {
    const given = (name: "args" | "kwargs") => entries[names.indexOf(name)]?.value;
    const args = explicitArgs(given("args"), node, builder);
    return { args, ...explicitKwargs(given("kwargs"), node, builder) };
  }
  const numbered = entries.flatMap((entry, i) => {
    const number = /^arg(\d+)$/.exec(names[i] ?? "")?.[1];
    return number === undefined ? [] : [{ number: BigInt(number), value: entry.value }];
  });
  const named = entries.filter((_, i) => !/^arg\d+$/.test(names[i] ?? ""));
  return { args: sortByNumber(numbered, builder), ...keywords(named, node, builder) };
}

function explicitArgs(value: GraphValue | undefined, node: ConfigNode, builder: GraphBuilder): readonly GraphValue[] {
  if (value === undefined) return [];
  if (value.faulty === true) builder.incomplete.add(node);
  if (value.kind === "list" || value.kind === "tuple") return value.items;
  if (value.faulty === true) return [];
  if (value.kind === "dict") return value.entries.map((entry) => entry.key);
  if (value.kind === "scalar" && typeof value.value === "string") {
    const args = characters(value.value, value.origin);
    if (args.length > 0) builder.report(faults.spreadText(placeOf(value.origin), { tag: "args:", count: args.length }));
    return args;
  }
  builder.incomplete.add(node);
  builder.report(faults.badArguments(placeOf(value.origin), { what: "args", found: describe(value) }));
  return [];
}

function explicitKwargs(
  value: GraphValue | undefined,
  node: ConfigNode,
  builder: GraphBuilder,
): Omit<Arguments, "args"> {
  if (value === undefined) return { kwargs: [] };
  if (value.faulty === true) builder.incomplete.add(node);
  if (value.kind === "dict") return keywords(value.entries, node, builder);
  if (value.faulty === true) return { kwargs: [] };
  builder.incomplete.add(node);
  builder.report(faults.badArguments(placeOf(value.origin), { what: "kwargs", found: describe(value) }));
  return { kwargs: [] };
}

interface Numbered {
  readonly number: bigint;
  readonly value: GraphValue;
}

/** By number; equal numbers (`arg1`, `arg01`) by value, as far as these have an order. */
function sortByNumber(numbered: readonly Numbered[], builder: GraphBuilder): readonly GraphValue[] {
  const sorted = [...numbered].sort((a, b) => {
    if (a.number !== b.number) return a.number < b.number ? -1 : 1;
    const order = compareScalars(a.value, b.value);
    if (order === undefined)
      builder.report(faults.sameArgumentNumber(placeOf(a.value.origin), { number: String(a.number) }));
    return order ?? 0;
  });
  return sorted.map(({ value }) => value);
}

function compareScalars(a: GraphValue, b: GraphValue): number | undefined {
  if (a === b) return 0;
  if (a.kind !== "scalar" || b.kind !== "scalar") return undefined;
  const [x, y] = [orderable(a.value), orderable(b.value)];
  if (x === undefined || y === undefined || (typeof x === "string") !== (typeof y === "string")) return undefined;
  return x < y ? -1 : x > y ? 1 : 0;
}

function orderable(value: Scalar): bigint | number | string | undefined {
  return value === null ? undefined : typeof value === "boolean" ? Number(value) : value;
}

const reserved = ["constructor", "self", "_identity"];

/** Keywords of a call; the two that are not passed on are taken out. */
export function keywords(
  entries: readonly DictEntry[],
  node: ConfigNode,
  builder: GraphBuilder,
): Omit<Arguments, "args"> {
  const kwargs: Keyword[] = [];
  const taken: { latentArgs?: GraphValue; submoduleSearchpath?: GraphValue } = {};
  for (const { key, value } of entries) {
    if (key.faulty === true) builder.incomplete.add(node);
    else if (key.kind !== "scalar" || typeof key.value !== "string") {
      builder.incomplete.add(node);
      builder.report(faults.keywordName(placeOf(key.origin), { found: describe(key) }));
    } else if (reserved.includes(key.value)) {
      builder.report(faults.reservedKeyword(placeOf(key.origin), { name: key.value }));
    } else if (key.value === "latent_args") {
      if (!isNullValue(value)) taken.latentArgs = value;
    } else if (key.value === "submodule_searchpath") {
      if (!isNullValue(value)) taken.submoduleSearchpath = value;
    } else {
      kwargs.push({ name: key.value, nameOrigin: key.origin, value });
    }
  }
  return { kwargs, ...taken };
}
