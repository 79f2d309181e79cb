/** @file Walking and measuring values. */
import { characters, codePointLength } from "./code-points.ts";
import { typeError } from "./errors.ts";
import { checkElements, elementLimit } from "./limits.ts";
import { Markup, PyObject, textOf, typeNameOf, type Value } from "./value.ts";

/** An iterator over any value; a type error for what cannot be iterated. Strings give their characters. */
export function iteratorOf(value: Value): Iterator<Value> {
  const iterator = tryIterator(value);
  if (iterator === undefined) throw typeError(`'${typeNameOf(value)}' object is not iterable`);
  return iterator;
}

/** The same, with `undefined` for what cannot be iterated. A strict undefined value still fails. */
export function tryIterator(value: Value): Iterator<Value> | undefined {
  const text = textOf(value);
  if (text !== undefined) {
    const parts = characters(text);
    // Python's safe text gives safe characters.
    return value instanceof Markup ? parts.map((part) => new Markup(part)).values() : parts.values();
  }
  return value instanceof PyObject ? value.iterate() : undefined;
}

/** For `for … of`: lazy, in the order of the value. */
export function iterate(value: Value): Iterable<Value> {
  const iterator = iteratorOf(value);
  return { [Symbol.iterator]: () => iterator };
}

/** All items. */
export function toArray(value: Value): Value[] {
  const items: Value[] = [];
  for (const item of iterate(value)) {
    items.push(item);
    if (items.length > elementLimit) checkElements(items.length);
  }
  return items;
}

/** `len(value)`; a type error for what has no length, generators among them. */
export function length(value: Value): number {
  const known = tryLength(value);
  if (known === undefined) throw typeError(`object of type '${typeNameOf(value)}' has no len()`);
  return known;
}

export function tryLength(value: Value): number | undefined {
  const text = textOf(value);
  if (text !== undefined) return codePointLength(text);
  return value instanceof PyObject ? value.length() : undefined;
}
