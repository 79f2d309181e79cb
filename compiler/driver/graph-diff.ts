/**
 * @file What differs between two node graphs: values added, removed and changed, by path.
 *
 * Keys have no order. Lists are aligned by what they have in common, so that an item put in front changes nothing behind it. A pair of nodes
 * is compared once, however many places share it. Names of nodes and of anchors are no values.
 */

import type { CallNode, GraphValue } from "../graph/node.ts";
import { asData } from "../graph/passes/queries.ts";

export type Change = Added | Removed | Changed;

export interface Added {
  readonly kind: "added";
  readonly path: string;
  readonly after: GraphValue;
}
export interface Removed {
  readonly kind: "removed";
  readonly path: string;
  readonly before: GraphValue;
}
export interface Changed {
  readonly kind: "changed";
  readonly path: string;
  /** The path in the first graph, where list items have moved. */
  readonly pathBefore: string;
  readonly before: GraphValue;
  readonly after: GraphValue;
  /** Only the constructor differs: what it is given is compared by itself. */
  readonly isConstructor: boolean;
}

export interface DiffOptions {
  /** Texts are compared in this form: folders and times of two machines by their names. */
  readonly normalize?: (text: string) => string;
}

export function diffGraphs(before: GraphValue, after: GraphValue, options: DiffOptions = {}): readonly Change[] {
  const differ = new Differ(options.normalize ?? ((text) => text));
  differ.compare(before, after, "", "");
  return differ.changes;
}

class Differ {
  readonly changes: Change[] = [];
  readonly #normalize: (text: string) => string;
  readonly #compared = new Map<GraphValue, Set<GraphValue>>();
  readonly #equal = new Map<GraphValue, Map<GraphValue, boolean>>();

  constructor(normalize: (text: string) => string) {
    this.#normalize = normalize;
  }

  compare(before: GraphValue, after: GraphValue, pathBefore: string, path: string): void {
    if (this.#isKnown(before, after)) return;
    const [a, b] = [contents(before), contents(after)];
    const changed = (isConstructor = false): void =>
      void this.changes.push({ kind: "changed", path, pathBefore, before, after, isConstructor });
    if (isList(a) && isList(b)) {
      this.#lists(a.items, b.items, pathBefore, path);
    } else if (a.kind === "dict" && b.kind === "dict") {
      this.#named(entriesOf(a), entriesOf(b), pathBefore, path);
    } else if (a.kind === "call" && b.kind === "call") {
      // Another constructor with arguments of its own: told by its name, as a rule few of the others are the same.
      if (a.constructorSpec !== b.constructorSpec || a.mode !== b.mode) changed(true);
      this.#named(argumentsOf(a), argumentsOf(b), pathBefore, path);
    } else if (a.kind === "var" && b.kind === "var" && a.varName === b.varName) {
      this.#named(fallbackOf(a), fallbackOf(b), pathBefore, path);
    } else if (!this.#isEqual(a, b)) {
      changed();
    }
  }

  #isKnown(before: GraphValue, after: GraphValue): boolean {
    const seen = this.#compared.get(before) ?? new Set();
    this.#compared.set(before, seen);
    const isKnown = seen.has(after);
    seen.add(after);
    return isKnown;
  }

  #named(before: NamedValues, after: NamedValues, pathBefore: string, path: string): void {
    for (const [name, value] of before) {
      const other = after.get(name);
      if (other === undefined) this.changes.push({ kind: "removed", path: stepped(pathBefore, name), before: value });
      else this.compare(value, other, stepped(pathBefore, name), stepped(path, name));
    }
    for (const [name, value] of after)
      if (!before.has(name)) this.changes.push({ kind: "added", path: stepped(path, name), after: value });
  }

  /** Equal items are left alone; between them, items of one sort are compared, the others were added or removed. */
  #lists(before: readonly GraphValue[], after: readonly GraphValue[], pathBefore: string, path: string): void {
    const at = (base: string, index: number): string => `${base}[${index}]`;
    const isEqual = (a: number, b: number): boolean => this.#isEqual(before[a] as GraphValue, after[b] as GraphValue);
    for (const gap of gaps(before.length, after.length, isEqual)) {
      const isSimilar = (a: number, b: number): boolean =>
        similar(before[gap.a + a] as GraphValue, after[gap.b + b] as GraphValue);
      const pairs = commonSubsequence(gap.countA, gap.countB, isSimilar);
      const pairedA = new Set(pairs.map(([a]) => a));
      const pairedB = new Set(pairs.map(([, b]) => b));
      for (const [a, b] of pairs) {
        const [i, j] = [gap.a + a, gap.b + b];
        this.compare(before[i] as GraphValue, after[j] as GraphValue, at(pathBefore, i), at(path, j));
      }
      for (let a = 0; a < gap.countA; a += 1)
        if (!pairedA.has(a))
          this.changes.push({
            kind: "removed",
            path: at(pathBefore, gap.a + a),
            before: before[gap.a + a] as GraphValue,
          });
      for (let b = 0; b < gap.countB; b += 1)
        if (!pairedB.has(b))
          this.changes.push({ kind: "added", path: at(path, gap.b + b), after: after[gap.b + b] as GraphValue });
    }
  }

  #isEqual(before: GraphValue, after: GraphValue): boolean {
    const known = this.#equal.get(before)?.get(after);
    if (known !== undefined) return known;
    const answer = this.#computeEqual(contents(before), contents(after));
    const answers = this.#equal.get(before) ?? new Map<GraphValue, boolean>();
    this.#equal.set(before, answers.set(after, answer));
    return answer;
  }

  #computeEqual(a: GraphValue, b: GraphValue): boolean {
    if (isList(a) && isList(b))
      return (
        a.items.length === b.items.length && a.items.every((item, i) => this.#isEqual(item, b.items[i] as GraphValue))
      );
    if (a.kind === "dict" && b.kind === "dict") return this.#equalNamed(entriesOf(a), entriesOf(b));
    if (a.kind === "call" && b.kind === "call")
      return (
        a.constructorSpec === b.constructorSpec && a.mode === b.mode && this.#equalNamed(argumentsOf(a), argumentsOf(b))
      );
    if (a.kind === "var" && b.kind === "var")
      return a.varName === b.varName && this.#equalNamed(fallbackOf(a), fallbackOf(b));
    if (a.kind === "opaque" && b.kind === "opaque") {
      if (a.type !== b.type || typeof a.value === "string" || typeof b.value === "string") return a.value === b.value;
      const [items, others] = [a.value, b.value];
      return items.length === others.length && items.every((item, i) => this.#isEqual(item, others[i] as GraphValue));
    }
    if (a.kind !== "scalar" || b.kind !== "scalar") return false;
    if (typeof a.value === "string" && typeof b.value === "string")
      return a.value === b.value || this.#normalize(a.value) === this.#normalize(b.value);
    return Object.is(a.value, b.value);
  }

  #equalNamed(a: NamedValues, b: NamedValues): boolean {
    if (a.size !== b.size) return false;
    return [...a].every(([name, value]) => {
      const other = b.get(name);
      return other !== undefined && this.#isEqual(value, other);
    });
  }
}

type NamedValues = ReadonlyMap<string, GraphValue>;

/** `!list`, `!dict` and their kin: the list or mapping itself. */
function contents(value: GraphValue): GraphValue {
  return value.kind === "call" ? (asData(value) ?? value) : value;
}

function isList(value: GraphValue): value is GraphValue & { kind: "list" | "tuple" } {
  return value.kind === "list" || value.kind === "tuple";
}

function entriesOf(value: GraphValue & { kind: "dict" }): NamedValues {
  return new Map(
    value.entries.map((entry, i) => [entry.key.kind === "scalar" ? String(entry.key.value) : `key ${i}`, entry.value]),
  );
}

function argumentsOf({ args, kwargs, latentArgs, submoduleSearchpath }: CallNode): NamedValues {
  return new Map([
    ...args.map((value, i) => [`[${i}]`, value] as const),
    ...kwargs.map(({ name, value }) => [name, value] as const),
    ...(latentArgs === undefined ? [] : [["latent_args", latentArgs] as const]),
    ...(submoduleSearchpath === undefined ? [] : [["submodule_searchpath", submoduleSearchpath] as const]),
  ]);
}

function fallbackOf({ fallback }: GraphValue & { kind: "var" }): NamedValues {
  return new Map(fallback === undefined ? [] : [["default", fallback]]);
}

function stepped(path: string, step: string): string {
  if (path === "" || step.startsWith("[")) return `${path}${step}`;
  return `${path}.${step}`;
}

/** Whether one item may have become the other. */
function similar(a: GraphValue, b: GraphValue): boolean {
  const [x, y] = [contents(a), contents(b)];
  if (x.kind === "call" && y.kind === "call") return x.constructorSpec === y.constructorSpec;
  return x.kind === y.kind;
}

interface Gap {
  readonly a: number;
  readonly countA: number;
  readonly b: number;
  readonly countB: number;
}

/** The stretches between what two lists have in common. */
function gaps(countA: number, countB: number, isEqual: (a: number, b: number) => boolean): readonly Gap[] {
  const found: Gap[] = [];
  let [a, b] = [0, 0];
  for (const [i, j] of [...commonSubsequence(countA, countB, isEqual), [countA, countB] as const]) {
    if (i > a || j > b) found.push({ a, countA: i - a, b, countB: j - b });
    [a, b] = [i + 1, j + 1];
  }
  return found;
}

/** Pairs of indexes of a longest common subsequence, equal ends first: lists are mostly alike. */
function commonSubsequence(
  countA: number,
  countB: number,
  isEqual: (a: number, b: number) => boolean,
): readonly (readonly [number, number])[] {
  let head = 0;
  while (head < countA && head < countB && isEqual(head, head)) head += 1;
  let tail = 0;
  while (tail < countA - head && tail < countB - head && isEqual(countA - 1 - tail, countB - 1 - tail)) tail += 1;
  const [rows, width] = [countA - head - tail, countB - head - tail + 1];
  const lengths = new Uint32Array((rows + 1) * width);
  const at = (a: number, b: number): number => lengths[a * width + b] as number;
  for (let a = rows - 1; a >= 0; a -= 1)
    for (let b = width - 2; b >= 0; b -= 1)
      lengths[a * width + b] = isEqual(head + a, head + b)
        ? at(a + 1, b + 1) + 1
        : Math.max(at(a + 1, b), at(a, b + 1));
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0; i < head; i += 1) pairs.push([i, i]);
  for (let a = 0, b = 0; a < rows && b < width - 1; ) {
    if (isEqual(head + a, head + b)) {
      pairs.push([head + a, head + b]);
      [a, b] = [a + 1, b + 1];
    } else if (at(a + 1, b) >= at(a, b + 1)) a += 1;
    else b += 1;
  }
  for (let i = tail; i > 0; i -= 1) pairs.push([countA - i, countB - i]);
  return pairs;
}
