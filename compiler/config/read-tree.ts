/** @file The nodes of `yaml` → the config tree: tags and aliases resolved. What cannot be read is a faulty node, so that reading goes on. */
import { isAlias, isMap, isPair, isScalar, isSeq, type Range, Scalar } from "yaml";
import type { Diagnostic, Place } from "../diagnostics/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import type { Span } from "../source/span.ts";
import { configDiagnostics as faults } from "./diagnostics.ts";
import { maximumNesting } from "./limits.ts";
import type { ScannedTag } from "./tags.ts";
import type { ConfigNode, ConfigPair, ConfigScalar } from "./tree.ts";

/** Looking for a near name takes time that grows with the number of names: a text with more such faults has another problem. */
const mostSuggestions = 50;

export interface AnchorDefinition {
  readonly name: string;
  /** Of the node, its tag included. */
  readonly start: number;
  readonly end: number;
}

export interface AliasPlace {
  readonly start: number;
  readonly end: number;
  readonly target: ConfigNode;
}

export interface TreeReaderOptions {
  readonly tags: readonly ScannedTag[];
  readonly text: string;
  report(diagnostic: Diagnostic): void;
  place(start: number, end: number): Place & { readonly span: Span };
  /** The mark where text is missing. */
  readonly gap?: string | undefined;
}

export class TreeReader {
  /** In the order of the text. */
  readonly definitions: AnchorDefinition[] = [];
  readonly aliases: AliasPlace[] = [];
  readonly #anchors = new Map<string, ConfigNode | "open">();
  readonly #firstPlaces = new Map<string, AnchorDefinition>();
  /** How deep a node is, aliases followed: what every later stage recurses through. */
  readonly #depths = new WeakMap<ConfigNode, number>();
  readonly #options: TreeReaderOptions;
  readonly #undefinedUses = new Map<string, (readonly [number, number])[]>();
  isTooDeep = false;
  /** Whole lines are missing: there may be anchors and targets that nobody knows of. */
  isUncertain: boolean;
  /** What the nodes that are being read have for tags, and what their places count from. */
  #tags: readonly ScannedTag[];
  #base = 0;

  constructor(options: TreeReaderOptions) {
    this.#options = options;
    const { gap, text } = options;
    this.isUncertain = gap !== undefined && new RegExp(`^[ \\t]*(?:#[^\\n]*)?${gap}[ \\t${gap}]*$`, "m").test(text);
    this.#tags = options.tags;
  }

  /** The pairs of a block whose places count from `base`. */
  pairsOf(items: readonly unknown[], tags: readonly ScannedTag[], base: number): readonly ConfigPair[] {
    this.#tags = tags;
    this.#base = base;
    try {
      return this.pairs({ items }, base);
    } finally {
      this.#tags = this.#options.tags;
      this.#base = 0;
    }
  }

  /** Anchors in a part of the text that could not be read: their uses are no faults. */
  assume(anchors: Iterable<string>, at: number): void {
    for (const name of anchors) if (!this.#anchors.has(name)) this.#anchors.set(name, faultyScalar(at));
  }

  /** `after` is where an absent node would stand. */
  read(node: unknown, after: number): ConfigNode {
    if (isAlias(node)) return this.#alias(node.source, this.#rangeOf(node));
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return emptyScalar(after);
    const [valueStart, end] = this.#rangeOf(node) ?? [after, after];
    const tag = node.tag?.startsWith("!t") ? this.#tagAt(Number(node.tag.slice(2))) : undefined;
    const start = tag?.start ?? valueStart;
    // A tag that could not be read has no extent: what it would have made of the node is not known.
    if (tag !== undefined && tag.start === tag.end) {
      const faulty = faultyScalar(start);
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, faulty);
      return faulty;
    }
    if (node.anchor !== undefined) this.#define(node.anchor, start, end);
    let read: ConfigNode;
    if (isScalar(node)) {
      const plain = node.type === undefined || node.type === Scalar.PLAIN;
      const text = this.#scalarText(node, end);
      const { gap } = this.#options;
      const marks = gap !== undefined && text.includes(gap) ? { faulty: true as const } : {};
      read = {
        kind: "scalar",
        start,
        end: Math.max(end, tag?.end ?? 0),
        tag,
        text,
        plain,
        ...marks,
      };
    } else if (isSeq(node)) {
      read = this.#nested({ kind: "sequence", start, end, tag, items: node.items.map((item) => this.read(item, end)) });
    } else {
      read = this.#nested({ kind: "mapping", start, end, tag, pairs: this.pairs(node, valueStart) });
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, read);
    return read;
  }

  pairs(node: { readonly items: readonly unknown[] }, start: number): readonly ConfigPair[] {
    return node.items
      .filter((item) => isPair(item))
      .map((item): ConfigPair => {
        const key = this.read(item.key, start);
        return { key, value: this.read(item.value, key.end) };
      });
  }

  #nested(whole: ConfigNode & { kind: "sequence" | "mapping" }): ConfigNode {
    const { place, report } = this.#options;
    const node = this.#lacksLines(whole.start, whole.end) ? { ...whole, faulty: true as const } : whole;
    let depth = 0;
    const count = (inner: ConfigNode): void => {
      depth = Math.max(depth, this.#depths.get(inner) ?? 0);
    };
    if (node.kind === "sequence") node.items.forEach(count);
    else
      for (const pair of node.pairs) {
        count(pair.key);
        count(pair.value);
      }
    if (depth < maximumNesting) {
      this.#depths.set(node, depth + 1);
      return node;
    }
    if (!this.isTooDeep) report(faults.tooDeep(place(node.start, node.start + 1), { most: maximumNesting }));
    this.isTooDeep = true;
    return faultyScalar(node.start);
  }

  /** Whether lines are missing between `start` and `end`, or in the blank lines after it. */
  #lacksLines(start: number, end: number): boolean {
    const { gap, text } = this.#options;
    if (gap === undefined || !this.isUncertain) return false;
    const after = /(?:[ \t]*(?:#[^\n]*)?\n)*/y;
    after.lastIndex = end;
    return text.slice(start, end + (after.exec(text)?.[0].length ?? 0)).includes(`#${gap}`);
  }

  #scalarText(node: Scalar, end: number): string {
    const { text } = this.#options;
    const value = String(node.value ?? "");
    const isBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
    // A block that the end of the text cuts off has no final newline, unless it says so.
    return isBlock && end === text.length && !text.endsWith("\n") ? value.replace(/\n$/, "") : value;
  }

  #define(name: string, start: number, end: number): void {
    if (this.#options.gap !== undefined && name.includes(this.#options.gap)) this.isUncertain = true;
    const { report } = this.#options;
    const first = this.#firstPlaces.get(name);
    if (first !== undefined) {
      const label = { span: this.#anchorPlace(first).span, text: "first defined here" };
      report(faults.duplicateAnchor({ ...this.#anchorPlace({ name, start, end }), labels: [label] }, { name }));
    }
    const definition = { name, start, end };
    if (first === undefined) this.#firstPlaces.set(name, definition);
    this.definitions.push(definition);
    this.#anchors.set(name, "open");
  }

  /** `&name` itself stands before the node, on its line or the ones above. */
  #anchorPlace({ name, start, end }: AnchorDefinition): Place & { readonly span: Span } {
    const { place, text } = this.#options;
    const at = text.lastIndexOf(`&${name}`, start + name.length + 1);
    return at >= 0 && start - at < 200 + name.length ? place(at, at + name.length + 1) : place(start, end);
  }

  #rangeOf(node: { range?: Range | null | undefined }): readonly [number, number] | undefined {
    const { range } = node;
    return range === undefined || range === null ? undefined : [range[0] + this.#base, range[1] + this.#base];
  }

  #tagAt(index: number): ScannedTag | undefined {
    const tag = this.#tags[index];
    if (tag === undefined || this.#base === 0) return tag;
    return { name: tag.name, start: tag.start + this.#base, end: tag.end + this.#base };
  }

  #alias(name: string, range: readonly [number, number] | undefined): ConfigNode {
    const { place, report, gap } = this.#options;
    const [start, end] = range ?? [0, 0];
    if (gap !== undefined && name.includes(gap)) return faultyScalar(start);
    const target = this.#anchors.get(name);
    if (target !== undefined && target !== "open") {
      this.aliases.push({ start, end, target });
      return target;
    }
    if (target === "open") report(faults.recursiveAlias(place(start, end), { name }));
    else {
      const uses = this.#undefinedUses.get(name);
      if (uses === undefined) this.#undefinedUses.set(name, [[start, end]]);
      else uses.push([start, end]);
    }
    return faultyScalar(start);
  }

  /** Reports each name that no anchor above its uses defines: once, whatever the number of uses. */
  finish(): void {
    const { place, report } = this.#options;
    const definitions = this.#undefinedUses.size === 0 ? new Map<string, number>() : anchorsOf(this.#options.text);
    let suggestions = 0;
    if (this.isUncertain) this.#undefinedUses.clear();
    for (const [name, [first, ...others]] of this.#undefinedUses) {
      const [start, end] = first as readonly [number, number];
      const definition = definitions.get(name);
      const later = definition !== undefined && definition > start ? definition : undefined;
      const labels = others.slice(0, 3).map((use) => ({ span: place(...use).span, text: "and used here" }));
      if (later !== undefined)
        labels.push({ span: place(later, later + name.length + 1).span, text: "defined only here" });
      suggestions += 1;
      const near =
        later === undefined && suggestions <= mostSuggestions ? nearest(name, definitions.keys()) : undefined;
      report(
        faults.undefinedAlias({ ...place(start, end), labels }, { name, nearest: near, later: later !== undefined }),
      );
    }
    this.#undefinedUses.clear();
  }
}

/** Every `&name` of the text, with the place of its last one. */
function anchorsOf(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/(?<=[\s[{,]|^)&([\w-]+)/g)].map((match) => [match[1] as string, match.index]));
}

function emptyScalar(at: number): ConfigScalar {
  return { kind: "scalar", start: at, end: at, tag: undefined, text: "", plain: true };
}

/** Stands for what could not be read; its fault has been reported. */
export function faultyScalar(at: number): ConfigScalar {
  return { ...emptyScalar(at), faulty: true };
}
