/** @file Dictionaries: insertion order, Python's equality of keys, live views. */
import { TemplateError } from "./errors.ts";
import { type HashKey, hashKey } from "./hash.ts";
import { PyObject, PyTuple, type Value } from "./value.ts";

export class PyDict extends PyObject {
  readonly typeName = "dict";
  readonly #entries = new Map<HashKey, [Value, Value]>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    super();
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }
  get(key: Value): Value | undefined {
    return this.#entries.get(hashKey(key))?.[1];
  }
  has(key: Value): boolean {
    return this.#entries.has(hashKey(key));
  }
  /** An equal key keeps its first spelling and its place, as in Python. */
  set(key: Value, value: Value): void {
    const hashed = hashKey(key);
    const entry = this.#entries.get(hashed);
    if (entry === undefined) this.#entries.set(hashed, [key, value]);
    else entry[1] = value;
  }
  /** Removes the entry; tells its value, or `undefined` where there was none. */
  delete(key: Value): Value | undefined {
    const hashed = hashKey(key);
    const entry = this.#entries.get(hashed);
    this.#entries.delete(hashed);
    return entry?.[1];
  }
  clear(): void {
    this.#entries.clear();
  }
  /** The entries, in order of insertion. For TypeScript callers that do not change the dictionary meanwhile. */
  entries(): readonly (readonly [Value, Value])[] {
    return [...this.#entries.values()];
  }
  keys(): Value[] {
    return this.entries().map(([key]) => key);
  }
  values(): Value[] {
    return this.entries().map(([, value]) => value);
  }

  /** Walk the live entries; adding or removing one meanwhile is an error, as in Python. */
  *walk(): Generator<readonly [Value, Value]> {
    const size = this.#entries.size;
    for (const entry of this.#entries.values()) {
      yield entry;
      if (this.#entries.size !== size) {
        throw new TemplateError("runtime", "dictionary changed size during iteration");
      }
    }
  }
  override *iterate(): Generator<Value> {
    for (const [key] of this.walk()) yield key;
  }
  override length(): number {
    return this.#entries.size;
  }
}

export type ViewKind = "keys" | "values" | "items";

/** `dict.keys()`, `.values()`, `.items()`: they show the dictionary as it is when they are looked at. */
export class PyDictView extends PyObject {
  readonly typeName: string;
  readonly dict: PyDict;
  readonly kind: ViewKind;
  constructor(dict: PyDict, kind: ViewKind) {
    super();
    this.typeName = `dict_${kind}`;
    this.dict = dict;
    this.kind = kind;
  }
  override length(): number {
    return this.dict.size;
  }
  override *iterate(): Generator<Value> {
    for (const [key, value] of this.dict.walk()) {
      yield this.kind === "keys" ? key : this.kind === "values" ? value : new PyTuple([key, value]);
    }
  }
}

/** A dictionary with string keys, from TypeScript. */
export function dictOf(entries: Readonly<Record<string, Value>>): PyDict {
  return new PyDict(Object.entries(entries));
}
