/** @file The methods of dict and of its views. */
import { PyDict, PyDictView } from "../dict.ts";
import { keyError, typeError, valueError } from "../errors.ts";
import { iterate, toArray } from "../iterate.ts";
import { repr } from "../print.ts";
import { BuiltinFunction, orElse, PyTuple, typeNameOf, type Value } from "../value.ts";
import { methodTable } from "./method.ts";

export const dictMethods = methodTable<PyDict>({
  clear: [
    "",
    (dict) => {
      dict.clear();
      return null;
    },
  ],
  copy: ["", (dict) => new PyDict(dict.entries())],
  fromkeys: [
    "iterable, value=None, /",
    (_dict, iterable: Value, value: Value) => new PyDict(toArray(iterable).map((key) => [key, value] as const)),
  ],
  get: ["key, default=None, /", (dict, key: Value, fallback: Value) => orElse(dict.get(key), () => fallback)],
  items: ["", (dict) => new PyDictView(dict, "items")],
  keys: ["", (dict) => new PyDictView(dict, "keys")],
  pop: [
    "key, default=?, /",
    (dict, key: Value, fallback?: Value) => {
      const value = orElse(dict.delete(key), () => fallback);
      if (value === undefined) throw keyError(repr(key));
      return value;
    },
  ],
  popitem: [
    "",
    (dict) => {
      const last = dict.entries().at(-1);
      if (last === undefined) throw keyError("popitem(): dictionary is empty");
      dict.delete(last[0]);
      return new PyTuple(last);
    },
  ],
  setdefault: [
    "key, default=None, /",
    (dict, key: Value, fallback: Value) => {
      const present = dict.get(key);
      if (present !== undefined) return present;
      dict.set(key, fallback);
      return fallback;
    },
  ],
  update: [
    "other=?, /, **more",
    (dict, other: Value | undefined, more: PyDict) => {
      if (other !== undefined) for (const [key, value] of pairsOf(other)) dict.set(key, value);
      for (const [key, value] of more.entries()) dict.set(key, value);
      return null;
    },
  ],
  values: ["", (dict) => new PyDictView(dict, "values")],
});

/** `mapping` of a view, and `isdisjoint` of those that are sets. */
export function dictViewAttribute(view: PyDictView, name: string): Value | undefined {
  if (name === "mapping") return view.dict;
  if (name !== "isdisjoint" || view.kind === "values") return undefined;
  return new BuiltinFunction("isdisjoint", ([other]) => {
    if (other === undefined) throw typeError("isdisjoint() takes exactly one argument (0 given)");
    const own = new PyDict([...view.iterate()].map((item) => [item, null] as const));
    return toArray(other).every((item) => !own.has(item));
  });
}

/** The entries of a mapping, or of something iterable that yields pairs: what `dict()` and `update` take. */
export function pairsOf(source: Value): readonly (readonly [Value, Value])[] {
  if (source instanceof PyDict) return source.entries();
  const pairs: (readonly [Value, Value])[] = [];
  for (const item of iterate(source)) {
    let pair: Value[];
    try {
      pair = toArray(item);
    } catch {
      throw typeError(`cannot convert dictionary update sequence element #${pairs.length} to a sequence`);
    }
    const [key, value] = pair;
    if (pair.length !== 2 || key === undefined || value === undefined) {
      throw valueError(
        `dictionary update sequence element #${pairs.length} has length ${pair.length}; 2 is required (${typeNameOf(item)})`,
      );
    }
    pairs.push([key, value]);
  }
  return pairs;
}
