/** @file The constructors without a module: the language's own (`named_list`, `getitem` …) and the built-ins of Python that configs use. */
import { floatText } from "./float-text.ts";
import { Callable, CallError, hasAttributes, type Keywords, Tuple, type Value, View } from "./value.ts";

type Positional = (...args: Value[]) => Value;

/** A built-in that takes positional arguments only, between `least` and `most` of them. */
function positional(name: string, least: number, most: number, body: Positional): [string, Value] {
  const call = (args: readonly Value[], kwargs: Keywords): Value => {
    if (kwargs.size > 0) throw new CallError(`it takes no argument '${[...kwargs.keys()][0]}'`);
    if (args.length < least || args.length > most) {
      const count =
        least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
      throw new CallError(`it takes ${count} arguments, not ${args.length}`);
    }
    return body(...args);
  };
  return [name, new Callable(call)];
}

const anyNumber = Number.POSITIVE_INFINITY;

/** The elements that iterating gives. */
export function elements(value: Value): Value[] {
  if (typeof value === "string") return [...value];
  if (Array.isArray(value)) return [...(value as Value[])];
  if (value instanceof Tuple || value instanceof View) return [...value.items];
  if (value instanceof Map) return [...(value.keys() as Iterable<Value>)];
  throw new CallError(`${typeName(value)} has no elements`);
}

export function typeName(value: Value): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Map) return "a mapping";
  if (value instanceof Tuple) return "a tuple";
  if (value instanceof Callable) return "a function";
  return (
    { bigint: "an int", number: "a float", string: "a text", boolean: "a boolean" }[typeof value as string] ??
    "an object"
  );
}

function mapping(value: Value): ReadonlyMap<Value, Value> {
  if (value instanceof Map) return value as ReadonlyMap<Value, Value>;
  throw new CallError(`${typeName(value)} is not a mapping`);
}

function isNumeric(value: Value): value is bigint | number | boolean {
  return typeof value === "bigint" || typeof value === "number" || typeof value === "boolean";
}

function exact(value: bigint | number | boolean): bigint | number {
  return typeof value === "boolean" ? BigInt(value) : value;
}

/** Addition as Python has it: ints stay exact, a float on either side makes a float. */
export function add(a: Value, b: Value): Value {
  if (isNumeric(a) && isNumeric(b)) {
    const [x, y] = [exact(a), exact(b)];
    return typeof x === "bigint" && typeof y === "bigint" ? x + y : Number(x) + Number(y);
  }
  if (typeof a === "string" && typeof b === "string") return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as Value[]), ...(b as Value[])];
  throw new CallError(`${typeName(a)} and ${typeName(b)} cannot be added`);
}

function less(a: Value, b: Value): boolean {
  if (isNumeric(a) && isNumeric(b)) return exact(a) < exact(b);
  if (typeof a === "string" && typeof b === "string") return a < b;
  throw new CallError(`${typeName(a)} and ${typeName(b)} have no order`);
}

function extreme(better: (a: Value, b: Value) => boolean): Positional {
  return (...args) => {
    const values = args.length === 1 ? elements(args[0] as Value) : args;
    if (values.length === 0) throw new CallError("there is nothing to choose from");
    return values.reduce((best, value) => (better(value, best) ? value : best));
  };
}

export function isTrue(value: Value): boolean {
  if (value === null || value === false || value === "" || value === 0 || value === 0n) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Tuple || value instanceof View) return value.items.length > 0;
  return true;
}

function toInt(value: Value, base: Value = 10n): Value {
  if (typeof value === "bigint" || typeof value === "boolean") return BigInt(value);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return BigInt(Math.trunc(value));
    throw new CallError(`${floatText(value)} is not a whole number`);
  }
  if (typeof value !== "string" || typeof base !== "bigint") throw new CallError(`${typeName(value)} is not a number`);
  const [, sign, digits] = /^\s*([-+]?)(\w+)\s*$/.exec(value) ?? [];
  let total = 0n;
  for (const digit of (digits ?? "?").replaceAll("_", "").toLowerCase()) {
    const worth = "0123456789abcdefghijklmnopqrstuvwxyz".indexOf(digit);
    if (worth < 0 || worth >= Number(base)) throw new CallError(`'${value}' is not an int in base ${base}`);
    total = total * base + BigInt(worth);
  }
  return sign === "-" ? -total : total;
}

function toFloat(value: Value): Value {
  if (isNumeric(value)) return Number(value);
  if (typeof value === "string" && /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i.test(value)) return Number(value);
  if (typeof value === "string" && /^\s*[-+]?(inf|nan)\s*$/i.test(value)) {
    return /nan/i.test(value)
      ? Number.NaN
      : value.trim().startsWith("-")
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY;
  }
  throw new CallError(`${typeof value === "string" ? `'${value}'` : typeName(value)} is not a number`);
}

function toText(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return floatText(value);
  if (typeof value === "bigint" || typeof value === "string") return String(value);
  throw new CallError(`${typeName(value)} has no text here`);
}

function getItem(container: Value, key: Value): Value {
  if (container instanceof Map) {
    const found = (container as ReadonlyMap<Value, Value>).get(key);
    if (found === undefined)
      throw new CallError(`there is no key ${typeof key === "string" ? `'${key}'` : typeName(key)}`);
    return found;
  }
  if (typeof key !== "bigint") throw new CallError(`an index must be an int, not ${typeName(key)}`);
  const items = elements(container);
  const found = items.at(Number(key));
  if (found === undefined) throw new CallError(`the index ${key} is out of range`);
  return found;
}

function pairsToMap(value: Value): Map<Value, Value> {
  if (value instanceof Map) return new Map(value as ReadonlyMap<Value, Value>);
  return new Map(
    elements(value).map((pair) => {
      const [key, item, ...rest] = elements(pair);
      if (key === undefined || item === undefined || rest.length > 0)
        throw new CallError("it takes pairs of a key and a value");
      return [key, item] as const;
    }),
  );
}

function range(...bounds: Value[]): Value {
  const [first, second, third] = bounds.map((bound) => toInt(bound) as bigint) as [bigint, bigint?, bigint?];
  const [start, stop, step] = second === undefined ? [0n, first, 1n] : [first, second, third ?? 1n];
  if (step === 0n) throw new CallError("the step must not be 0");
  const items: Value[] = [];
  for (let i = start; step > 0n ? i < stop : i > stop; i += step) items.push(i);
  return items;
}

function call(args: readonly Value[], kwargs: Keywords): Value {
  const [target, ...rest] = args;
  if (target instanceof Callable) return target.call(rest, kwargs);
  throw new CallError(`${target === undefined ? "nothing" : typeName(target)} cannot be called`);
}

function getAttribute(target: Value, name: Value, fallback?: Value): Value {
  const found = typeof name === "string" && hasAttributes(target) ? target.getAttribute(name) : undefined;
  if (found !== undefined) return found;
  if (fallback !== undefined) return fallback;
  throw new CallError(`${typeName(target)} has no attribute '${String(name)}'`);
}

const dictFromKeys = positional(
  "dict.fromkeys",
  1,
  2,
  (keys, value = null) => new Map(elements(keys).map((key) => [key, value])),
);

/** By name. Python's are looked up first there; no name here is in both. */
export const builtins: ReadonlyMap<string, Value> = new Map<string, Value>([
  positional("named_list", 0, 1, (items = []) => elements(items)),
  positional("named_tuple", 0, 1, (items = []) => new Tuple(elements(items))),
  ["named_dict", new Callable((_, kwargs) => new Map<Value, Value>(kwargs))],
  positional("getitem", 2, 2, getItem),
  positional("items", 1, 1, (x) => new View([...mapping(x)].map(([key, value]) => new Tuple([key, value])))),
  positional("keys", 1, 1, (x) => new View([...mapping(x).keys()])),
  positional("values", 1, 1, (x) => new View([...mapping(x).values()])),
  ["call", new Callable(call)],
  positional("getattr", 2, 3, getAttribute),
  [
    "dict",
    new Callable(
      (args, kwargs) => new Map<Value, Value>([...(args[0] === undefined ? [] : pairsToMap(args[0])), ...kwargs]),
    ),
  ],
  dictFromKeys,
  positional("list", 0, 1, (items = []) => elements(items)),
  positional("tuple", 0, 1, (items = []) => new Tuple(elements(items))),
  positional("len", 1, 1, (x) => BigInt(elements(x).length)),
  positional("int", 0, 2, (value = 0n, base = 10n) => toInt(value, base)),
  positional("float", 0, 1, (value = 0) => toFloat(value)),
  positional("str", 0, 1, (value = "") => toText(value)),
  positional("bool", 0, 1, (value = false) => isTrue(value)),
  positional("sum", 1, 2, (items, start = 0n) => elements(items).reduce(add, start)),
  positional(
    "max",
    1,
    anyNumber,
    extreme((a, b) => less(b, a)),
  ),
  positional("min", 1, anyNumber, extreme(less)),
  positional("abs", 1, 1, (x) => (typeof x === "bigint" ? (x < 0n ? -x : x) : Math.abs(toFloat(x) as number))),
  positional("any", 1, 1, (items) => elements(items).some(isTrue)),
  positional("all", 1, 1, (items) => elements(items).every(isTrue)),
  positional("sorted", 1, 1, (items) => elements(items).sort((a, b) => (less(a, b) ? -1 : less(b, a) ? 1 : 0))),
  positional("range", 1, 3, range),
  positional("enumerate", 1, 1, (items) => elements(items).map((item, i) => new Tuple([BigInt(i), item]))),
  positional("zip", 0, anyNumber, (...columns) => {
    const rows = columns.map(elements);
    const length = rows.length === 0 ? 0 : Math.min(...rows.map((row) => row.length));
    return Array.from({ length }, (_, i) => new Tuple(rows.map((row) => row[i] as Value)));
  }),
  ["__name__", "builtins"],
]);
