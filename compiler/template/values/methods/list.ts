/** @file The methods of list, tuple and range. */
import { contains, equals, sorted, truthy } from "../compare.ts";
import { indexError, typeError, valueError } from "../errors.ts";
import { isSame } from "../hash.ts";
import { toArray } from "../iterate.ts";
import { checkElements } from "../limits.ts";
import { repr } from "../print.ts";
import { expectInteger } from "../signature.ts";
import { call, PyList, type PyRange, type PyTuple, type Value } from "../value.ts";
import { methodTable } from "./method.ts";
import { countOf, indexOf, resolveIndex, sliceBounds } from "./sequence.ts";

export const listMethods = methodTable<PyList>({
  append: [
    "object, /",
    ({ items }, object: Value) => {
      items.push(object);
      return null;
    },
  ],
  clear: [
    "",
    ({ items }) => {
      items.length = 0;
      return null;
    },
  ],
  copy: ["", ({ items }) => new PyList([...items])],
  count: ["value, /", ({ items }, value: Value) => countOf(items, value)],
  extend: [
    "iterable, /",
    ({ items }, iterable: Value) => {
      const more = toArray(iterable);
      checkElements(items.length + more.length);
      for (const item of more) items.push(item);
      return null;
    },
  ],
  index: [
    "value, start=None, stop=None, /",
    ({ items }, value: Value, start: Value, stop: Value) => indexOf(items, value, "list", start, stop),
  ],
  insert: [
    "index, object, /",
    ({ items }, index: Value, object: Value) => {
      const { start } = sliceBounds(items.length, expectInteger(index), null, null);
      items.splice(start, 0, object);
      return null;
    },
  ],
  pop: [
    "index=-1, /",
    ({ items }, index: Value) => {
      if (items.length === 0) throw indexError("pop from empty list");
      const at = resolveIndex(items.length, expectInteger(index));
      if (at === undefined) throw indexError("pop index out of range");
      return items.splice(at, 1)[0]!;
    },
  ],
  remove: [
    "value, /",
    ({ items }, value: Value) => {
      const at = items.findIndex((item) => isSame(item, value) || equals(item, value));
      if (at < 0) throw valueError(`list.remove(x): x not in list: ${repr(value)}`);
      items.splice(at, 1);
      return null;
    },
  ],
  reverse: [
    "",
    ({ items }) => {
      items.reverse();
      return null;
    },
  ],
  sort: [
    "*, key=None, reverse=False",
    ({ items }, key: Value, reverse: Value) => {
      const result = sorted(items, key === null ? (item) => item : (item) => call(key, [item]), truthy(reverse));
      items.splice(0, items.length, ...result);
      return null;
    },
  ],
});

export const tupleMethods = methodTable<PyTuple>({
  count: ["value, /", ({ items }, value: Value) => countOf(items, value)],
  index: [
    "value, start=None, stop=None, /",
    ({ items }, value: Value, start: Value, stop: Value) => indexOf(items, value, "tuple", start, stop),
  ],
});

export const rangeMethods = methodTable<PyRange>({
  count: ["value, /", (range, value: Value) => (contains(range, value) ? 1n : 0n)],
  index: [
    "value, /",
    (range, value: Value) => {
      if (!contains(range, value)) throw valueError(`${repr(value)} is not in range`);
      if (typeof value === "string" || value === null) throw typeError("not a number");
      return (BigInt(value as bigint | number | boolean) - range.start) / range.step;
    },
  ],
});

export function rangeAttribute(range: PyRange, name: string): Value | undefined {
  switch (name) {
    case "start":
      return range.start;
    case "stop":
      return range.stop;
    case "step":
      return range.step;
    default:
      return rangeMethods.get(name)?.(range);
  }
}
