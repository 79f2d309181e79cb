/**
 * @file The tags of the language: `!call:CONSTRUCTOR[@NAME]` and its kin, the data tags, `!var` (node-graph.md, 2).
 *
 * All but `!var` are matched by prefix, and the first character after the word is dropped whatever it is. That is how
 * existing configs are read, so it stays; where it is probably a slip, a warning says how the tag was read.
 */
import type { ConfigNode } from "../config/tree.ts";
import type { GraphBuilder } from "./build.ts";
import { callArguments, keywords } from "./call-arguments.ts";
import { describe, placeOf } from "./describe.ts";
import { graphDiagnostics as faults } from "./diagnostics.ts";
import { type CallMode, type CallNode, type DictEntry, type GraphValue, isNullValue, type VarNode } from "./node.ts";

const callModes = {
  "!call": "singleton",
  "!singleton": "singleton",
  "!factory": "factory",
  "!partial": "partial",
  "!lambda": "partial",
  "!meta": "meta",
} as const satisfies Record<string, CallMode>;

const dataTags = { "!list": buildList, "!tuple": buildTuple, "!dict": buildDict, "!dlist": buildDlist } as const;

/** For "did you mean". */
export const taggedWords: readonly string[] = [...Object.keys(callModes), ...Object.keys(dataTags), "!var"];

/** What follows the tag's word. */
interface Suffix {
  readonly spec: string;
  readonly name: string | undefined;
}

export function buildTagged(node: ConfigNode, tag: string, builder: GraphBuilder): GraphValue | undefined {
  if (tag === "!var") return buildVar(node, builder);
  const word = taggedWords.find((known) => known !== "!var" && tag.startsWith(known));
  if (word === undefined) return undefined;
  const rest = tag.slice(word.length);
  const suffix = splitSuffix(rest);
  if (rest !== "" && !rest.startsWith(":")) {
    const reading = `'${word}' of '${suffix.spec}'${suffix.name === undefined ? "" : ` with the name '${suffix.name}'`}`;
    builder.report(faults.tagSuffix(placeOf(builder.originOf(node.tag ?? node)), { tag, reading }));
  }
  if (word in dataTags) {
    const built = dataTags[word as keyof typeof dataTags](node, builder);
    return built === undefined ? wrongShape(node, word, builder) : withName(built, suffix.name);
  }
  if (rest === "") {
    builder.report(faults.tagWithoutConstructor(placeOf(builder.originOf(node.tag ?? node)), { tag }));
    return builder.nothing(node);
  }
  const call = callBase(node, suffix.spec, builder);
  const given = callArguments(node, tag, builder);
  return withName(
    { ...call, mode: callModes[word as keyof typeof callModes], ...given, ...builder.marks(node) },
    suffix.name,
  );
}

function splitSuffix(rest: string): Suffix {
  const text = rest.slice(1);
  const at = text.indexOf("@");
  return at < 0 ? { spec: text, name: undefined } : { spec: text.slice(0, at), name: text.slice(at + 1) };
}

function withName(call: CallNode, name: string | undefined): CallNode {
  return name === undefined ? call : { ...call, name };
}

function callBase(node: ConfigNode, constructorSpec: string, builder: GraphBuilder): CallNode {
  const origin = builder.originOf(node);
  const constructorOrigin = node.tag === undefined ? origin : builder.originOf(node.tag);
  return { kind: "call", mode: "singleton", origin, constructorSpec, constructorOrigin, args: [], kwargs: [] };
}

const expectedShape: Record<string, string> = {
  "!list": "a list",
  "!tuple": "a list",
  "!dict": "a mapping",
  "!dlist": "a mapping",
};

function wrongShape(node: ConfigNode, tag: string, builder: GraphBuilder): GraphValue {
  builder.report(
    faults.wrongShape(placeOf(builder.originOf(node)), {
      tag,
      expected: expectedShape[tag] ?? "",
      found: describe(node),
    }),
  );
  return builder.nothing(node);
}

/** The tag stands before nothing at all (not before `~`). */
function isAbsent(node: ConfigNode): boolean {
  return node.kind === "scalar" && node.text === "";
}

function items(node: ConfigNode & { kind: "sequence" }, builder: GraphBuilder): GraphValue {
  return { kind: "list", origin: builder.originOf(node), items: node.items.map((item) => builder.build(item)) };
}

function buildList(node: ConfigNode, builder: GraphBuilder): CallNode | undefined {
  const call = callBase(node, "named_list", builder);
  if (isAbsent(node)) return { ...call, args: [{ kind: "list", origin: call.origin, items: [] }] };
  return node.kind === "sequence" ? { ...call, args: [items(node, builder)] } : undefined;
}

/** Before nothing it makes a list, not a tuple: the language has it so. */
function buildTuple(node: ConfigNode, builder: GraphBuilder): CallNode | undefined {
  if (isAbsent(node)) return callBase(node, "named_list", builder);
  if (node.kind !== "sequence") return undefined;
  return { ...callBase(node, "named_tuple", builder), args: [items(node, builder)] };
}

function buildDict(node: ConfigNode, builder: GraphBuilder): CallNode | undefined {
  const call = callBase(node, "named_dict", builder);
  if (isAbsent(node)) return call;
  if (node.kind !== "mapping") return undefined;
  const given = keywords(builder.entries(node), node, builder);
  return { ...call, ...given, ...builder.marks(node) };
}

/** A list as a mapping: repeating a key replaces an item, null erases it. */
function buildDlist(node: ConfigNode, builder: GraphBuilder): CallNode | undefined {
  const call = callBase(node, "named_list", builder);
  if (isAbsent(node)) return call;
  if (node.kind !== "mapping") return undefined;
  const kept = builder.entries(node).map((entry) => entry.value);
  return { ...call, args: [{ kind: "list", origin: call.origin, items: kept.filter((value) => !isNullValue(value)) }] };
}

function buildVar(node: ConfigNode, builder: GraphBuilder): GraphValue {
  const origin = builder.originOf(node);
  if (node.kind === "scalar") return { kind: "var", origin, varName: node.text };
  const problem = (text: string, at: GraphValue["origin"] = origin): GraphValue => {
    builder.report(faults.variableShape(placeOf(at), { problem: text }));
    return builder.nothing(node);
  };
  if (node.kind === "sequence") {
    const [given, fallback] = node.items.map((item) => builder.build(item));
    if (node.items.length !== 2 || given === undefined || fallback === undefined)
      return problem("'!var' takes a name, a list of a name and its default, or a mapping");
    if (given.kind !== "scalar" || typeof given.value !== "string")
      return problem(`the name of a variable must be text, not ${describe(given)}`, given.origin);
    return { kind: "var", origin, varName: given.value, fallback };
  }
  const entries = new Map<string, DictEntry>();
  for (const entry of builder.entries(node)) {
    if (entry.key.faulty === true) return builder.nothing(node);
    const key = entry.key.kind === "scalar" ? entry.key.value : undefined;
    if (key !== "name" && key !== "default" && key !== "_identity")
      return problem(`'!var' has the keys 'name' and 'default', and not ${describe(entry.key)}`, entry.key.origin);
    entries.set(key, entry);
  }
  const text = (key: string): string | undefined => {
    const value = entries.get(key)?.value;
    return value?.kind === "scalar" && typeof value.value === "string" ? value.value : undefined;
  };
  const varName = text("name");
  if (varName === undefined) {
    const given = entries.get("name")?.value;
    return given === undefined
      ? problem("'!var' needs a 'name'")
      : problem(`the name of a variable must be text, not ${describe(given)}`, given.origin);
  }
  const fallback = entries.get("default")?.value;
  const name = text("_identity");
  const made: VarNode = { kind: "var", origin, varName };
  return { ...made, ...(name === undefined ? {} : { name }), ...(fallback === undefined ? {} : { fallback }) };
}
