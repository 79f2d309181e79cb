/**
 * @file The entries of a mapping: merge keys, then repeated keys.
 *
 *     base: &b {x: 1, y: 2}
 *     v: {z: 0, <<: *b, y: 3}        v: {x: 1, y: 3, z: 0}
 *
 * Merging is done on config nodes, as YAML 1.1 defines it: what a tag makes of the merged mapping does not matter, and the
 * values are the same nodes at all places.
 */
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
  const { merged, own } = flatten(node, builder);
  const entries = new Map<unknown, DictEntry>();
  const seen = new Map<unknown, Origin>();
  for (const pair of [...merged, ...own]) {
    const key = buildKey(pair.key, builder);
    if (
      key.kind === "list" ||
      key.kind === "tuple" ||
      key.kind === "dict" ||
      (key.kind === "opaque" && key.type === "set")
    ) {
      builder.report(faults.unhashableKey(placeOf(key.origin), { found: describe(key) }));
      continue;
    }
    const value = builder.build(pair.value);
    const id = keyIdentity(key);
    const first = entries.get(id);
    if (first !== undefined && own.includes(pair)) warnRepeated(key, seen.get(id), builder.originOf(pair.key), builder);
    if (own.includes(pair)) seen.set(id, builder.originOf(pair.key));
    // The first key keeps its place and its spelling, the last value wins.
    entries.set(id, { key: first?.key ?? key, value });
  }
  return [...entries.values()];
}

function buildKey(key: ConfigNode, builder: GraphBuilder): GraphValue {
  if (key.kind === "scalar" && key.plain && key.tag === undefined && key.text === "=") {
    return { kind: "scalar", origin: builder.originOf(key), value: "=" };
  }
  return builder.build(key);
}

function isMergeKey(key: ConfigNode): boolean {
  if (key.kind !== "scalar") return false;
  if (key.tag === undefined) return key.plain && resolvePlain(key.text, "reference") === "merge";
  return key.tag.name === `${yamlTagPrefix}merge` || (key.tag.name === "!" && key.text === "<<");
}

/** Merged pairs come before own ones; of a list of mappings the last comes first, so that the first one wins. */
function flatten(node: ConfigMapping, builder: GraphBuilder): { merged: ConfigPair[]; own: ConfigPair[] } {
  const merged: ConfigPair[] = [];
  const own: ConfigPair[] = [];
  for (const pair of node.pairs) {
    if (!isMergeKey(pair.key)) {
      own.push(pair);
      continue;
    }
    const sources = pair.value.kind === "sequence" ? [...pair.value.items].reverse() : [pair.value];
    for (const source of sources) {
      if (source.kind === "mapping") {
        const inner = flatten(source, builder);
        merged.push(...inner.merged, ...inner.own);
      } else {
        builder.report(faults.mergeSource(placeOf(builder.originOf(source)), { found: describe(source) }));
      }
    }
  }
  return { merged, own };
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
