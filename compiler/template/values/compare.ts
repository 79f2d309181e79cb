/** @file Truth, equality, order and membership. */
import { compareText } from "./code-points.ts";
import { PyDict, PyDictView } from "./dict.ts";
import { typeError } from "./errors.ts";
import { hashKey, isSame } from "./hash.ts";
import { checkSearch, Walk } from "./limits.ts";
import { Undefined } from "./undefined.ts";
import { PyList, PyObject, PyRange, PyTuple, textOf, typeNameOf, type Value } from "./value.ts";

export function truthy(value: Value): boolean {
  switch (typeof value) {
    case "boolean":
      return value;
    case "bigint":
      return value !== 0n;
    case "number":
      return value !== 0; // nan is true
    case "string":
      return value !== "";
    default:
      if (value === null) return false;
      return textOf(value) !== "" && value.truthy();
  }
}

/** int, float or bool as a JavaScript number or bigint: JavaScript compares the two exactly, as Python does. */
export function numeric(value: Value): bigint | number | undefined {
  if (typeof value === "bigint" || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  return undefined;
}

/** `a == b`. Fails for strict undefined values only. */
export function equals(a: Value, b: Value, walk?: Walk): boolean {
  if (a instanceof Undefined) return a.equals(b);
  if (b instanceof Undefined) return b.equals(a);
  const x = numeric(a);
  const y = numeric(b);
  // biome-ignore lint/suspicious/noDoubleEquals: between bigint and number only == compares by value
  if (x !== undefined && y !== undefined) return x == y;
  if (a === b) return true;
  const text = textOf(a);
  if (text !== undefined) return text === textOf(b);
  if (a instanceof PyList) return b instanceof PyList && equalItems(a.items, b.items, walk);
  if (a instanceof PyTuple) return b instanceof PyTuple && equalItems(a.items, b.items, walk);
  if (a instanceof PyDict) return b instanceof PyDict && equalDicts(a, b, walk);
  if (a instanceof PyRange) return b instanceof PyRange && hashKey(a) === hashKey(b);
  if (a instanceof PyDictView && a.kind !== "values") return b instanceof PyDictView && equalSets(a, b);
  return a instanceof PyObject && a.equals(b);
}

/** Equality of elements: an object is always equal to itself, even one that cannot be compared. */
function sameOrEqual(a: Value, b: Value, walk?: Walk): boolean {
  walk?.step();
  return isSame(a, b) || equals(a, b, walk);
}

function equalItems(a: readonly Value[], b: readonly Value[], walk = new Walk()): boolean {
  return a.length === b.length && a.every((item, i) => sameOrEqual(item, b[i]!, walk));
}

function equalDicts(a: PyDict, b: PyDict, walk = new Walk()): boolean {
  if (a.size !== b.size) return false;
  return a.entries().every(([key, value]) => {
    const other = b.get(key);
    return other !== undefined && sameOrEqual(value, other, walk);
  });
}

function equalSets(a: PyDictView, b: PyDictView): boolean {
  return b.kind !== "values" && a.dict.size === b.dict.size && [...a.iterate()].every((item) => contains(b, item));
}

export type Ordering = "<" | "<=" | ">" | ">=";

/** `a OP b`; a type error between values that have no order. */
export function compare(operator: Ordering, a: Value, b: Value): boolean {
  if (a instanceof Undefined) return a.fail();
  if (b instanceof Undefined) return b.fail();
  const x = numeric(a);
  const y = numeric(b);
  if (x !== undefined && y !== undefined) return orderHolds(operator, x, y);
  const left = textOf(a);
  const right = textOf(b);
  if (left !== undefined && right !== undefined) return orderHolds(operator, compareText(left, right), 0);
  if (a instanceof PyList && b instanceof PyList) return compareItems(operator, a.items, b.items);
  if (a instanceof PyTuple && b instanceof PyTuple) return compareItems(operator, a.items, b.items);
  const ordered = a instanceof PyObject ? a.compare(b) : undefined;
  if (ordered !== undefined) return orderHolds(operator, ordered, 0);
  throw typeError(`'${operator}' not supported between instances of '${typeNameOf(a)}' and '${typeNameOf(b)}'`);
}

/** `a < b`: the order that sorting uses. */
export function lessThan(a: Value, b: Value): boolean {
  return compare("<", a, b);
}

function orderHolds(operator: Ordering, x: bigint | number, y: bigint | number): boolean {
  switch (operator) {
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case ">":
      return x > y;
    case ">=":
      return x >= y;
  }
}

/** The first pair that differs decides; if none does, the lengths do. */
function compareItems(operator: Ordering, a: readonly Value[], b: readonly Value[]): boolean {
  const limit = Math.min(a.length, b.length);
  for (let i = 0; i < limit; i++) {
    if (!sameOrEqual(a[i]!, b[i]!)) return compare(operator, a[i]!, b[i]!);
  }
  return orderHolds(operator, a.length, b.length);
}

/** `item in container`. */
export function contains(container: Value, item: Value): boolean {
  const text = textOf(container);
  if (text !== undefined) {
    const part = textOf(item);
    if (part !== undefined) {
      checkSearch(text, part);
      return text.includes(part);
    }
    throw typeError(`'in <string>' requires string as left operand, not ${typeNameOf(item)}`);
  }
  if (container instanceof PyDict) return container.has(item);
  if (container instanceof PyDictView && container.kind === "keys") return container.dict.has(item);
  if (container instanceof PyRange) return rangeContains(container, item);
  const items = container instanceof PyObject ? container.iterate() : undefined;
  if (items === undefined) throw typeError(`argument of type '${typeNameOf(container)}' is not iterable`);
  for (let next = items.next(); !next.done; next = items.next()) {
    if (sameOrEqual(next.value, item)) return true;
  }
  return false;
}

function rangeContains(range: PyRange, item: Value): boolean {
  if (item instanceof Undefined) return range.count > 0n && item.equals(range.start);
  const number = numeric(item);
  if (number === undefined || (typeof number === "number" && !Number.isInteger(number))) return false;
  const offset = BigInt(number) - range.start;
  if (offset % range.step !== 0n) return false;
  const index = offset / range.step;
  return index >= 0n && index < range.count;
}

/**
 * Sort like Python's `sorted`: stable, and it asks for `a < b` only. `reverse` keeps equal elements in their order.
 */
export function sorted<T>(items: readonly T[], key: (item: T) => Value, reverse = false): T[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse ? -1 : 1;
  // JavaScript moves `undefined` to the end without asking and never calls back for one item, as Python does not either.
  keyed.sort((a, b) => (lessThan(a.key, b.key) ? -sign : lessThan(b.key, a.key) ? sign : 0));
  return keyed.map(({ item }) => item);
}
