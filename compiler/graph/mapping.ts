/**
 * @file The entries of a mapping: merge keys, then repeated keys.
 *
 *     base: &b {x: 1, y: 2}
 *     v: {z: 0, <<: *b, y: 3}        v: {x: 1, y: 3, z: 0}
 *
 * Merging is done on config nodes, as YAML 1.1 defines it: what a tag makes of the merged mapping does not matter, and the
 * values are the same nodes at all places.
 */
import { maximumPlaces } from "../config/limits.ts";
import { resolvePlain } from "../config/scalars.ts";
import { yamlTagPrefix } from "../config/tags.ts";
import type { ConfigMapping, ConfigNode, ConfigPair } from "../config/tree.ts";
import type { Origin } from "../source/span.ts";
import type { GraphBuilder } from "./build.ts";
import { describe, placeOf } from "./describe.ts";
import { graphDiagnostics as faults } from "./diagnostics.ts";
import { floatText } from "./float-text.ts";
import type { DictEntry, GraphValue } from "./node.ts";

export function buildEntries(node: ConfigMapping, builder: GraphBuilder): DictEntry[] {
  const { merged, own } = split(node, builder);
  const entries = new Map<unknown, DictEntry>();
  for (const pair of merged) {
    const key = hashableKey(pair, node, builder);
    if (key !== undefined) put(entries, key, builder.build(pair.value));
  }
  const seen = new Map<unknown, Origin>();
  for (const pair of own) {
    const key = hashableKey(pair, node, builder);
    if (key === undefined) continue;
    const value = builder.build(pair.value);
    const id = keyIdentity(key);
    const origin = builder.originOf(pair.key);
    if (entries.has(id)) warnRepeated(key, seen.get(id), origin, builder);
    seen.set(id, origin);
    put(entries, key, value);
  }
  return [...entries.values()];
}

/** The first key keeps its place and its spelling, the last value wins. */
function put(entries: Map<unknown, DictEntry>, key: GraphValue, value: GraphValue): void {
  const id = keyIdentity(key);
  entries.set(id, { key: entries.get(id)?.key ?? key, value });
}

function hashableKey(pair: ConfigPair, node: ConfigMapping, builder: GraphBuilder): GraphValue | undefined {
  const key = buildKey(pair.key, builder);
  if (key.faulty === true) {
    builder.incomplete.add(node);
    return undefined;
  }
  const isCollection = key.kind === "list" || key.kind === "tuple" || key.kind === "dict";
  if (!isCollection && !(key.kind === "opaque" && key.type === "set")) return key;
  builder.incomplete.add(node);
  builder.report(faults.unhashableKey(placeOf(key.origin), { found: describe(key) }));
  return undefined;
}

function buildKey(key: ConfigNode, builder: GraphBuilder): GraphValue {
  if (key.kind === "scalar" && key.plain && key.tag === undefined && key.text === "=") {
    return { kind: "scalar", origin: builder.originOf(key), value: "=" };
  }
  return builder.build(key);
}

/** `<<`, which merges other mappings into this one. */
export function isMergeKey(key: ConfigNode): boolean {
  if (key.kind !== "scalar") return false;
  if (key.tag === undefined) return key.plain && resolvePlain(key.text, "reference") === "merge";
  return key.tag.name === `${yamlTagPrefix}merge` || (key.tag.name === "!" && key.text === "<<");
}

export interface MappingPairs {
  /** What `<<` brings in; each key once. */
  readonly merged: readonly ConfigPair[];
  readonly own: readonly ConfigPair[];
}

/** Merged pairs come before own ones; of a list of mappings the last comes first, so that the first one wins. */
function split(node: ConfigMapping, builder: GraphBuilder): MappingPairs {
  const known = builder.pairs.get(node);
  if (known !== undefined) return known;
  const merged: ConfigPair[] = [];
  const own: ConfigPair[] = [];
  for (const pair of node.pairs) {
    if (!isMergeKey(pair.key)) {
      own.push(pair);
      continue;
    }
    const sources = pair.value.kind === "sequence" ? [...pair.value.items].reverse() : [pair.value];
    let wrong: ConfigNode | undefined;
    for (const source of sources) {
      if (source.kind === "mapping") {
        const inner = split(source, builder);
        for (const part of [inner.merged, inner.own]) for (const each of part) merged.push(each);
        if (builder.incomplete.has(source)) builder.incomplete.add(node);
        continue;
      }
      builder.incomplete.add(node);
      wrong ??= source;
    }
    if (wrong !== undefined && wrong.faulty !== true) reportMergeSource(pair, wrong, builder);
  }
  const pairs = { merged: bounded(distinct(merged, builder), node, builder), own };
  builder.pairs.set(node, pairs);
  return pairs;
}

/** A chain of mappings that each merge the one before holds the square of its length. */
function bounded(merged: readonly ConfigPair[], node: ConfigMapping, builder: GraphBuilder): readonly ConfigPair[] {
  const before = builder.mergedPairs;
  builder.mergedPairs += merged.length;
  if (builder.mergedPairs <= maximumPlaces) return merged;
  if (before <= maximumPlaces) builder.report(faults.aliasBomb(placeOf(builder.originOf(node)), {}));
  builder.incomplete.add(node);
  return [];
}

/** Told at the `<<`: what it merges is mostly an alias, whose node stands elsewhere. */
function reportMergeSource(pair: ConfigPair, wrong: ConfigNode, builder: GraphBuilder): void {
  const found = describe(wrong);
  const label = { span: builder.originOf(wrong).span, text: found };
  builder.report(
    faults.mergeSource(
      { ...placeOf(builder.originOf(pair.key)), labels: [label] },
      { found, inList: wrong !== pair.value },
    ),
  );
}

/** Each key once, at its first place, with its last value: mappings that merge each other over and over stay as small as what they hold. */
function distinct(pairs: readonly ConfigPair[], builder: GraphBuilder): readonly ConfigPair[] {
  const found = new Map<unknown, ConfigPair>();
  for (const pair of pairs) {
    const id = keyIdentity(buildKey(pair.key, builder));
    found.set(id, { key: found.get(id)?.key ?? pair.key, value: pair.value });
  }
  return [...found.values()];
}

/** Keys are equal as in Python: `1`, `1.0` and `true` are one key, and a node is equal to itself. */
export function keyIdentity(key: GraphValue): unknown {
  if (key.kind === "opaque") return `${key.type}:${String(key.value)}`;
  if (key.kind !== "scalar") return key;
  const { value } = key;
  if (typeof value === "string") return `s${value}`;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  return value;
}

/** Overriding by redeclaring is part of the language, but hardly within one block of one template. */
function warnRepeated(key: GraphValue, before: Origin | undefined, now: Origin, builder: GraphBuilder): void {
  if (before === undefined || before.span.file !== now.span.file || before.stack.length !== now.stack.length) return;
  if (!before.stack.every((frame, i) => frame.kind === now.stack[i]?.kind && frame.name === now.stack[i]?.name)) return;
  const text =
    key.kind === "scalar" ? (typeof key.value === "number" ? floatText(key.value) : String(key.value)) : describe(key);
  // `.define:` is repeated on purpose: it only carries an anchor.
  if (text.startsWith(".")) return;
  builder.report(
    faults.duplicateKey({ ...placeOf(now), labels: [{ span: before.span, text: "first given here" }] }, { key: text }),
  );
}
