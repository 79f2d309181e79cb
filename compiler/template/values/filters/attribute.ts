/** @file The `attribute` argument of filters: a name, a dotted path, or an index; items are looked up before attributes. */
import { getItem } from "../access.ts";
import { Undefined } from "../undefined.ts";
import { PyList, textOf, type Value } from "../value.ts";

export type Getter = (item: Value) => Value;

/** `default` replaces what is missing at any step of the path; null stands for none. */
export function attributeGetter(attribute: Value, fallback: Value = null): Getter {
  const steps = pathOf(attribute);
  return (item) => {
    let value = item;
    for (const step of steps) {
      value = getItem(value, step);
      if (fallback !== null && value instanceof Undefined) value = fallback;
    }
    return value;
  };
}

/** The values of several attributes, `'a,b.c'`, as a list to sort by. */
export function sortKeyGetter(attribute: Value, caseSensitive: boolean): Getter {
  const text = textOf(attribute);
  const paths = text === undefined ? [attribute] : text.split(",");
  const getters = paths.map((path) => comparable(attributeGetter(path), caseSensitive));
  return (item) => new PyList(getters.map((get) => get(item)));
}

/** A getter whose strings compare without regard to case, unless asked to. */
export function comparable(get: Getter, caseSensitive: boolean): Getter {
  return caseSensitive ? get : (item) => ignoreCase(get(item));
}

export function ignoreCase(value: Value): Value {
  return textOf(value)?.toLowerCase() ?? value;
}

function pathOf(attribute: Value): readonly Value[] {
  if (attribute === null) return [];
  const text = textOf(attribute);
  if (text === undefined) return [attribute];
  return text.split(".").map((step) => (/^\d+$/.test(step) ? BigInt(step) : step));
}
