/** @file Values as the vectors write them: JSON cannot tell int from float, nor list from tuple. */
import { PyDict, PyList, PyTuple, type Value } from "../../compiler/template/index.ts";

export type Encoded = null | boolean | number | string | readonly Encoded[] | { readonly [key: string]: Encoded };

/** A bare number is an int; everything else that JSON lacks is an object with one key that begins with `$`. */
export function decode(value: Encoded): Value {
  if (typeof value === "number") return BigInt(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return new PyList(value.map(decode));
  const [first] = Object.entries(value as { readonly [key: string]: Encoded });
  if (first === undefined || !first[0].startsWith("$")) {
    return new PyDict(Object.entries(value).map(([key, item]) => [key, decode(item as Encoded)] as const));
  }
  const [tag, content] = first;
  switch (tag) {
    case "$int":
      return BigInt(content as string);
    case "$float":
      return decodeFloat(content as string);
    case "$tuple":
      return new PyTuple((content as readonly Encoded[]).map(decode));
    case "$dict":
      return new PyDict(
        (content as readonly (readonly [Encoded, Encoded])[]).map(
          ([key, item]) => [decode(key), decode(item)] as const,
        ),
      );
    default:
      throw new Error(`no value is written as ${tag}`);
  }
}

function decodeFloat(text: string): number {
  const special: Readonly<Record<string, number>> = {
    inf: Number.POSITIVE_INFINITY,
    "-inf": Number.NEGATIVE_INFINITY,
    nan: Number.NaN,
  };
  return special[text] ?? Number(text);
}

export function decodeEntries(values: Readonly<Record<string, Encoded>>): (readonly [string, Value])[] {
  return Object.entries(values).map(([name, value]) => [name, decode(value)] as const);
}
