/** @file The encoding of values in the vectors: ints and floats told apart, shared objects marked. */
import { canonicalScalar, isPlainKey } from "../../compiler/graph/canonical.ts";
import type { GraphValue } from "../../compiler/graph/node.ts";
import { Callable, Tuple, type Value, View } from "../../compiler/graph/value.ts";
import { Point } from "./harness.ts";

export function decodeValue(encoded: unknown): Value {
  if (typeof encoded === "number") return BigInt(encoded);
  if (encoded === null || typeof encoded !== "object") return encoded as Value;
  if (Array.isArray(encoded)) return encoded.map(decodeValue);
  const record = encoded as Record<string, unknown>;
  if (typeof record["$int"] === "string") return BigInt(record["$int"]);
  if (typeof record["$float"] === "string")
    return Number(record["$float"].replace("inf", "Infinity").replace("nan", "NaN"));
  return new Map(Object.entries(record).map(([key, value]) => [key, decodeValue(value)]));
}

/** As the README says: a list, mapping or Point at several places is `$id` at the first and `$ref` at the others. */
export function encodeValue(root: Value): unknown {
  const places = new Map<object, number>();
  const count = (value: Value): void => {
    if (!isShareable(value)) {
      for (const part of parts(value)) count(part);
      return;
    }
    const before = places.get(value) ?? 0;
    places.set(value, before + 1);
    if (before === 0) for (const part of parts(value)) count(part);
  };
  count(root);
  const ids = new Map<object, number>();
  const encode = (value: Value): unknown => {
    if (!isShareable(value) || (places.get(value) ?? 0) < 2) return write(value, encode);
    const known = ids.get(value);
    if (known !== undefined) return { $ref: known };
    const id = ids.size + 1;
    ids.set(value, id);
    return { $id: id, $value: write(value, encode) };
  };
  return encode(root);
}

function isShareable(value: Value): value is object {
  return Array.isArray(value) || value instanceof Map || value instanceof Point;
}

function parts(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value as Value[];
  if (value instanceof Map) return [...(value.values() as Iterable<Value>)];
  if (value instanceof Tuple || value instanceof View) return value.items;
  return [];
}

function write(value: Value, encode: (value: Value) => unknown): unknown {
  if (value === null || typeof value !== "object") return canonicalScalar(value);
  if (Array.isArray(value)) return (value as Value[]).map(encode);
  if (value instanceof Tuple) return { $tuple: value.items.map(encode) };
  if (value instanceof View) return { $view: value.items.map(encode) };
  if (value instanceof Callable) return { $callable: true };
  if (value instanceof Point) return { $point: [encode(value.x), encode(value.y)] };
  if (value instanceof Map) {
    const pairs = [...(value as Map<Value, Value>)].map(([key, item]) => [encode(key), encode(item)] as const);
    return pairs.every(([key]) => typeof key === "string" && isPlainKey(key))
      ? Object.fromEntries(pairs)
      : { $dict: pairs };
  }
  const node = value as GraphValue;
  if (node.kind === "list") return node.items.map((item) => write(item.kind === "scalar" ? item.value : item, encode));
  return node;
}
