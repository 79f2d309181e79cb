/** @file Keys of dictionaries: equal values get one key, so that `1`, `1.0` and `true` are the same entry. */
import { typeError } from "./errors.ts";
import { checkSize, Walk } from "./limits.ts";
import { Undefined } from "./undefined.ts";
import { PyList, PyNamedTuple, type PyObject, PyRange, PyTuple, textOf, typeNameOf, type Value } from "./value.ts";

/** What stands for a value in a JavaScript Map: the same for equal values, different for others. */
export type HashKey = string | bigint | number | boolean | null | PyObject;

/** Types that Python cannot hash although they are not lists; PyDict and Namespace name themselves here by `typeName`. */
const unhashable = new Set(["dict", "set"]);

// Tuples are keyed by text. An object inside one takes part with a number that is its own for life.
const identities = new WeakMap<PyObject, number>();
let nextIdentity = 0;

function identity(object: PyObject): number {
  let id = identities.get(object);
  if (id === undefined) {
    id = nextIdentity++;
    identities.set(object, id);
  }
  return id;
}

/** The key of `value`. Lists and dictionaries have none (type error), nor have strict undefined values. */
export function hashKey(value: Value, walk?: Walk): HashKey {
  switch (typeof value) {
    case "string":
      return `s${value}`;
    case "bigint":
      return value;
    case "boolean":
      return value ? 1n : 0n;
    case "number":
      return Number.isInteger(value) ? BigInt(value) : value;
  }
  if (value === null) return null;
  const text = textOf(value);
  if (text !== undefined) return `s${text}`;
  if (value instanceof PyTuple) return tupleKey(value, walk ?? new Walk());
  if (value instanceof PyRange) return rangeKey(value);
  if (value instanceof PyList || unhashable.has(value.typeName)) {
    throw typeError(`unhashable type: '${typeNameOf(value)}'`);
  }
  if (value instanceof Undefined && !value.lenient) return value.fail();
  return value;
}

function tupleKey({ items }: PyTuple, walk: Walk): string {
  let key = "t";
  for (const item of items) key += tupleElement(item, walk);
  checkSize(key.length, "the key");
  return key;
}

/** Length first, so that neighbouring elements cannot run into each other. */
function tupleElement(value: Value, walk: Walk): string {
  walk.step();
  const key = hashKey(value, walk);
  const text = key !== null && typeof key === "object" ? `o${identity(key)}` : `${typeof key}:${key}`;
  return `${text.length}:${text}`;
}

/** Two ranges are equal when they run through the same numbers. */
function rangeKey({ start, step, count }: PyRange): string {
  if (count === 0n) return "r0";
  return count === 1n ? `r1:${start}` : `r${count}:${start}:${step}`;
}

/** Is this the very same object? Scalars are what they are worth, as Python's small ones are. */
export function isSame(a: Value, b: Value): boolean {
  return Object.is(a, b) || (a instanceof PyTuple && b instanceof PyTuple && isEmptyTuple(a) && isEmptyTuple(b));
}

function isEmptyTuple(tuple: PyTuple): boolean {
  return tuple.items.length === 0 && !(tuple instanceof PyNamedTuple);
}
