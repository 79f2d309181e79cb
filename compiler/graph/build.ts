/**
 * @file Config tree → node graph (node-graph.md, 1.3 to 4).
 *
 *     main: !call:fgc/optim:AdamW@opt { lr: 0.001 }      { kind: "call", mode: "singleton", constructorSpec: "fgc/optim:AdamW", name: "opt", kwargs: [lr] }
 *
 * Needs:   a composed tree.
 * Leaves:  a graph in which an anchor's uses are one object; the root's dotted entries are dropped.
 * Faults:  graph/*. Building goes on after a fault with a faulty node in its place, so that one run reports all of them.
 */
import { configDiagnostics } from "../config/diagnostics.ts";
import { lazyOrigin, type RenderedText } from "../config/rendered.ts";
import {
  parseBool1_1,
  parseFloat1_1,
  parseInt1_1,
  parseTimestamp,
  resolvePlain,
  type YamlFloats,
} from "../config/scalars.ts";
import { yamlTagPrefix } from "../config/tags.ts";
import type { ConfigNode, ConfigScalar } from "../config/tree.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import type { Origin } from "../source/span.ts";
import { buildTagged, taggedWords } from "./build-tagged.ts";
import { checkGraph } from "./check.ts";
import { describe, placeOf } from "./describe.ts";
import { graphDiagnostics as faults } from "./diagnostics.ts";
import { findExplosion } from "./extent.ts";
import { buildEntries, type MappingPairs } from "./mapping.ts";
import type { DictEntry, GraphValue, ScalarNode, TupleNode } from "./node.ts";

export interface BuildGraphResult {
  /** Absent where there were errors. */
  readonly graph: GraphValue | undefined;
  /** The graph as far as it could be built, with faulty nodes where it could not. */
  readonly partial: GraphValue;
  /** What was made of each node of the config tree, those that lost against a later one included. */
  readonly values: ReadonlyMap<ConfigNode, GraphValue>;
  readonly diagnostics: readonly Diagnostic[];
}

export function buildGraphFrom(root: ConfigNode, rendered: RenderedText, yamlFloats: YamlFloats): BuildGraphResult {
  const builder = new GraphBuilder(rendered, yamlFloats);
  const value = builder.build(root);
  const explosion = findExplosion(value);
  if (explosion !== undefined) {
    builder.report(faults.aliasBomb(placeOf(explosion.origin), {}));
    return {
      graph: undefined,
      partial: builder.nothing(root),
      values: builder.built,
      diagnostics: builder.diagnostics,
    };
  }
  for (const diagnostic of checkGraph(value)) builder.report(diagnostic);
  const graph = builder.withoutDottedTargets(value);
  const { diagnostics, built } = builder;
  const failed = diagnostics.some((d) => d.severity === "error");
  return { graph: failed ? undefined : graph, partial: graph, values: built, diagnostics };
}

/** What the builders of the single tags get to work with. */
export class GraphBuilder {
  readonly diagnostics: Diagnostic[] = [];
  /** An alias is the very node of its anchor, so one construction serves all its places. */
  readonly built = new Map<ConfigNode, GraphValue>();
  private readonly rendered: RenderedText;
  private readonly yamlFloats: YamlFloats;

  constructor(rendered: RenderedText, yamlFloats: YamlFloats) {
    this.rendered = rendered;
    this.yamlFloats = yamlFloats;
  }

  /** Mappings that lost entries to faults: what is missing in them is not missed by the user. */
  readonly incomplete = new Set<ConfigNode>();
  /** Of mappings, merge keys followed: many may merge the same one. */
  readonly pairs = new Map<ConfigNode, MappingPairs>();
  /** How many pairs `<<` has brought in, all mappings together. */
  mergedPairs = 0;

  report(diagnostic: Diagnostic): void {
    this.diagnostics.push(diagnostic);
  }

  originOf(place: { readonly start: number; readonly end: number }): Origin {
    return lazyOrigin(this.rendered, place.start, place.end);
  }

  build(node: ConfigNode): GraphValue {
    const known = this.built.get(node);
    if (known !== undefined) return known;
    const value = this.construct(node);
    this.built.set(node, value);
    return value;
  }

  /** The entries of a mapping, merge keys applied and repeated keys settled. */
  entries(node: ConfigNode & { kind: "mapping" }): DictEntry[] {
    return buildEntries(node, this);
  }

  private construct(node: ConfigNode): GraphValue {
    if (node.faulty === true && node.kind === "scalar") return this.nothing(node);
    const tag = node.tag?.name;
    if (tag === undefined || tag === "!") {
      if (node.kind === "scalar") return this.plainScalar(node, node.plain || tag === "!");
      return this.collection(node);
    }
    if (tag.startsWith(yamlTagPrefix)) return this.standardTag(node, tag.slice(yamlTagPrefix.length));
    const tagged = buildTagged(node, tag, this);
    if (tagged !== undefined) return tagged;
    this.report(
      faults.unknownTag(placeOf(this.originOf(node.tag ?? node)), {
        tag,
        nearest: nearest(tag.replace(/:.*/, ""), taggedWords),
      }),
    );
    return this.nothing(node);
  }

  private collection(node: ConfigNode & { kind: "sequence" | "mapping" }): GraphValue {
    if (node.kind === "mapping") {
      const entries = this.entries(node);
      return { kind: "dict", origin: this.originOf(node), entries, ...this.marks(node) };
    }
    return { kind: "list", origin: this.originOf(node), items: node.items.map((item) => this.build(item)) };
  }

  private plainScalar(node: ConfigScalar, plain: boolean): GraphValue {
    const origin = this.originOf(node);
    const type = plain ? resolvePlain(node.text, this.yamlFloats) : "str";
    if (type === "exponent-float") {
      this.report(configDiagnostics.exponentFloat(placeOf(origin), { text: node.text }));
      return this.standardScalar(node, "float");
    }
    if (type === "merge" || type === "value") {
      this.report(faults.strayIndicator(placeOf(origin), { text: node.text }));
      return this.nothing(node);
    }
    return this.standardScalar(node, type);
  }

  private standardScalar(node: ConfigScalar, type: string): GraphValue {
    const origin = this.originOf(node);
    const scalar = (value: ScalarNode["value"] | undefined, what: string): GraphValue => {
      if (value !== undefined)
        return {
          kind: "scalar",
          origin,
          value,
          ...(typeof value === "number" || typeof value === "bigint" ? { source: node.text } : {}),
        };
      this.report(faults.badScalar(placeOf(origin), { text: node.text, type: what }));
      return this.nothing(node);
    };
    switch (type) {
      case "null":
        return scalar(null, "");
      case "bool":
        return scalar(parseBool1_1(node.text), "a boolean");
      case "int":
        return scalar(parseInt1_1(node.text), "an int");
      case "float":
        return scalar(parseFloat1_1(node.text), "a float");
      case "timestamp": {
        const timestamp = parseTimestamp(node.text);
        if (timestamp === undefined) return scalar(undefined, "a date");
        return { kind: "opaque", origin, type: timestamp.type, value: timestamp.text };
      }
      case "binary":
        return { kind: "opaque", origin, type: "bytes", value: node.text.replace(/\s+/g, "") };
      default:
        return scalar(node.text, "");
    }
  }

  private standardTag(node: ConfigNode, type: string): GraphValue {
    const wrong = (expected: string): GraphValue => {
      this.report(
        faults.wrongShape(placeOf(this.originOf(node)), { tag: `!!${type}`, expected, found: describe(node) }),
      );
      return this.nothing(node);
    };
    switch (type) {
      case "null":
      case "bool":
      case "int":
      case "float":
      case "timestamp":
      case "binary":
      case "str":
        return node.kind === "scalar" ? this.standardScalar(node, type) : wrong("a scalar");
      case "seq":
        return node.kind === "sequence" ? this.collection(node) : wrong("a sequence");
      case "map":
        return node.kind === "mapping" ? this.collection(node) : wrong("a mapping");
      case "set":
        if (node.kind !== "mapping") return wrong("a mapping");
        return {
          kind: "opaque",
          origin: this.originOf(node),
          type: "set",
          value: this.entries(node).map((entry) => entry.key),
        };
      case "omap":
      case "pairs": {
        if (node.kind !== "sequence") return wrong("a sequence of pairs");
        const items = node.items.map((item): TupleNode | undefined => {
          const pair = item.kind === "mapping" && item.pairs.length === 1 ? item.pairs[0] : undefined;
          if (pair === undefined) return undefined;
          return { kind: "tuple", origin: this.originOf(item), items: [this.build(pair.key), this.build(pair.value)] };
        });
        if (items.some((item) => item === undefined)) return wrong("a sequence of pairs");
        return { kind: "list", origin: this.originOf(node), items: items.filter((item) => item !== undefined) };
      }
      default:
        this.report(faults.unknownTag(placeOf(this.originOf(node.tag ?? node)), { tag: `!!${type}` }));
        return this.nothing(node);
    }
  }

  /** Stands where a fault was reported. */
  nothing(node: ConfigNode): ScalarNode {
    return { kind: "scalar", origin: this.originOf(node), value: null, faulty: true };
  }

  marks(node: ConfigNode): { readonly faulty?: true } {
    return node.faulty === true || this.incomplete.has(node) ? { faulty: true } : {};
  }

  /** Only at the root: `.name` entries carry anchors and are no targets. */
  withoutDottedTargets(root: GraphValue): GraphValue {
    if (root.kind !== "dict") return root;
    let lost = root.faulty === true;
    const entries = root.entries.filter(({ key }) => {
      if (key.kind === "scalar" && typeof key.value === "string") return !key.value.startsWith(".");
      if (key.faulty !== true) this.report(faults.rootKey(placeOf(key.origin), { found: describe(key) }));
      lost = true;
      return false;
    });
    return { ...root, entries, ...(lost ? { faulty: true } : {}) };
  }
}
