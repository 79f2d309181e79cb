/** @file Filters over sequences: taking, ordering, grouping, joining. Those that Python writes as generators are lazy here too. */
import { getItem } from "../access.ts";
import { binary } from "../arithmetic.ts";
import { compare, equals, sorted, truthy } from "../compare.ts";
import { PyDict, PyDictView } from "../dict.ts";
import { runtimeError, typeError } from "../errors.ts";
import { hashKey } from "../hash.ts";
import { iterate, iteratorOf, length, toArray, tryIterator } from "../iterate.ts";
import { checkSize } from "../limits.ts";
import { escapeValue } from "../markup.ts";
import { floorDivide, modulo } from "../numbers.ts";
import { str } from "../print.ts";
import { expectCount, expectElements } from "../signature.ts";
import { Undefined, undefinedBecause } from "../undefined.ts";
import { Markup, orElse, PyGenerator, PyList, PyRange, PyTuple, textOf, typeNameOf, type Value } from "../value.ts";
import { attributeGetter, comparable, type Getter, ignoreCase, sortKeyGetter } from "./attribute.ts";
import { filterTable, like } from "./filter.ts";

const count = (_context: unknown, value: Value): Value => BigInt(length(value));

export const sequenceFilters = filterTable({
  batch: [
    "linecount, fill_with=None",
    (_context, value, lineCount: Value, fill: Value) =>
      new PyGenerator(batch(value, fill === null ? expectCount(lineCount) : expectElements(lineCount), fill)),
  ],
  count: ["", count],
  dictsort: ["case_sensitive=False, by='key', reverse=False", dictSort],
  first: [
    "",
    (_context, value) => {
      const next = iteratorOf(value).next();
      return next.done ? undefinedBecause("No first item, sequence was empty.") : next.value;
    },
  ],
  groupby: ["attribute, default=None, case_sensitive=False", groupBy],
  items: [
    "",
    (_context, value) => {
      if (value instanceof Undefined) return new PyGenerator([][Symbol.iterator]());
      return new PyGenerator(itemsOf(value));
    },
  ],
  join: [
    "d='', attribute=None",
    (context, value, d: Value, attribute: Value) => join(context.autoescape, value, d, attribute),
  ],
  last: [
    "",
    (_context, value) => {
      const items = reversible(value);
      if (items === undefined) throw typeError(`'${typeNameOf(value)}' object is not reversible`);
      return orElse(items.at(-1), () => undefinedBecause("No last item, sequence was empty."));
    },
  ],
  length: ["", count],
  list: ["", (_context, value) => new PyList(toArray(value))],
  max: ["case_sensitive=False, attribute=None", extreme(">")],
  min: ["case_sensitive=False, attribute=None", extreme("<")],
  random: [
    "",
    (context, value) => {
      const size = length(value);
      if (size === 0) return undefinedBecause("No random item, sequence was empty.");
      const item = getItem(value, BigInt(Math.floor(context.host.random() * size)));
      return item instanceof Undefined ? item.fail() : item;
    },
  ],
  reverse: [
    "",
    (_context, value) => {
      const text = textOf(value);
      if (text !== undefined) return like(value, Array.from(text).reverse().join(""));
      const items = reversible(value);
      if (items !== undefined) return new PyGenerator(items.reverse()[Symbol.iterator]());
      if (tryIterator(value) === undefined) throw runtimeError("argument must be iterable");
      return new PyList(toArray(value).reverse());
    },
  ],
  slice: [
    "slices, fill_with=None",
    (_context, value, slices: Value, fill: Value) => new PyGenerator(sliceInto(value, slices, fill)),
  ],
  sort: [
    "reverse=False, case_sensitive=False, attribute=None",
    (_context, value, reverse: Value, caseSensitive: Value, attribute: Value) =>
      new PyList(sorted(toArray(value), sortKeyGetter(attribute, truthy(caseSensitive)), truthy(reverse))),
  ],
  sum: [
    "attribute=None, start=0",
    (_context, value, attribute: Value, start: Value) => {
      if (textOf(start) !== undefined) throw typeError("sum() can't sum strings [use ''.join(seq) instead]");
      const get = attributeGetter(attribute);
      let total = start;
      for (const item of iterate(value)) total = binary("+", total, get(item));
      return total;
    },
  ],
  unique: [
    "case_sensitive=False, attribute=None",
    (_context, value, caseSensitive: Value, attribute: Value) =>
      new PyGenerator(unique(value, comparable(attributeGetter(attribute), truthy(caseSensitive)))),
  ],
});

/** The items of what Python can walk backwards; `undefined` for generators and the like. */
function reversible(value: Value): Value[] | undefined {
  if (value instanceof Undefined) return value.lenient ? [] : value.fail();
  const walkable =
    textOf(value) !== undefined ||
    value instanceof PyList ||
    value instanceof PyTuple ||
    value instanceof PyDict ||
    value instanceof PyDictView ||
    value instanceof PyRange;
  return walkable ? toArray(value) : undefined;
}

function* batch(value: Value, lineCount: number, fill: Value): Generator<Value> {
  let line: Value[] = [];
  for (const item of iterate(value)) {
    if (line.length === lineCount) {
      yield new PyList(line);
      line = [];
    }
    line.push(item);
  }
  if (line.length === 0) return;
  if (fill !== null) while (line.length < lineCount) line.push(fill);
  yield new PyList(line);
}

function* sliceInto(value: Value, slices: Value, fill: Value): Generator<Value> {
  const items = toArray(value);
  const total = BigInt(items.length);
  const number = BigInt(expectElements(slices));
  const size = Number(floorDivide(total, number));
  const withExtra = Number(modulo(total, number));
  let start = 0;
  for (let i = 0; i < Number(number); i++) {
    const end = start + size + (i < withExtra ? 1 : 0);
    const part = items.slice(start, end);
    if (fill !== null && i >= withExtra) part.push(fill);
    start = end;
    yield new PyList(part);
  }
}

function* unique(value: Value, key: Getter): Generator<Value> {
  const seen = new Set<unknown>();
  for (const item of iterate(value)) {
    const hashed = hashKey(key(item));
    if (seen.has(hashed)) continue;
    seen.add(hashed);
    yield item;
  }
}

function* itemsOf(value: Value): Generator<Value> {
  if (!(value instanceof PyDict)) throw typeError("Can only get item pairs from a mapping.");
  for (const [key, item] of value.walk()) yield new PyTuple([key, item]);
}

function extreme(operator: "<" | ">") {
  return (_context: unknown, value: Value, caseSensitive: Value, attribute: Value): Value => {
    const key = comparable(attributeGetter(attribute), truthy(caseSensitive));
    let best: { item: Value; key: Value } | undefined;
    for (const item of iterate(value)) {
      const candidate = { item, key: key(item) };
      if (best === undefined || compare(operator, candidate.key, best.key)) best = candidate;
    }
    return best === undefined ? undefinedBecause("No aggregated item, sequence was empty.") : best.item;
  };
}

function dictSort(_context: unknown, value: Value, caseSensitive: Value, by: Value, reverse: Value): Value {
  const position = by === "key" ? 0 : by === "value" ? 1 : undefined;
  if (position === undefined) throw runtimeError('You can only sort by either "key" or "value"');
  if (value instanceof Undefined) value.truthy();
  if (!(value instanceof PyDict)) throw typeError(`dictsort needs a dict, not ${typeNameOf(value)}`);
  const sensitive = truthy(caseSensitive);
  const key = (entry: readonly [Value, Value]): Value => (sensitive ? entry[position] : ignoreCase(entry[position]));
  return new PyList(sorted(value.entries(), key, truthy(reverse)).map((entry) => new PyTuple([...entry])));
}

/** A group prints as a plain tuple, and has its parts by name as well. */
class GroupTuple extends PyTuple {
  override attribute(name: string): Value | undefined {
    return name === "grouper" ? this.items[0] : name === "list" ? this.items[1] : undefined;
  }
  override attributeNames(): readonly string[] {
    return ["grouper", "list"];
  }
}

function groupBy(_context: unknown, value: Value, attribute: Value, fallback: Value, caseSensitive: Value): Value {
  const spelled = attributeGetter(attribute, fallback);
  const key = comparable(spelled, truthy(caseSensitive));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(toArray(value), key)) {
    const itemKey = key(item);
    const last = groups.at(-1);
    if (last !== undefined && equals(last.key, itemKey)) last.items.push(item);
    else groups.push({ key: itemKey, items: [item] });
  }
  // The key shown is the first item's own spelling, not the one that was compared.
  return new PyList(groups.map(({ items }) => new GroupTuple([spelled(items[0]!), new PyList(items)])));
}

function join(autoescape: boolean, value: Value, separator: Value, attribute: Value): Value {
  const get = attributeGetter(attribute);
  const items = Array.from(iterate(value), get);
  if (!autoescape) {
    const texts = items.map(str);
    const between = str(separator);
    let size = between.length * texts.length;
    for (const { length: more } of texts) size += more;
    checkSize(size, "the joined text");
    return texts.join(between);
  }
  if (separator instanceof Markup || items.some((item) => item instanceof Markup)) {
    const between = escapeValue(separator).text;
    return new Markup(items.map((item) => escapeValue(item).text).join(between));
  }
  return items.map(str).join(str(separator));
}
