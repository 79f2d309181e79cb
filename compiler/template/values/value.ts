/**
 * @file The values of the template language: Python's, kept apart as Python keeps them apart.
 *
 * | Python | here | | Python | here |
 * | --- | --- | --- | --- | --- |
 * | None | null | | list | PyList |
 * | bool | boolean | | tuple | PyTuple |
 * | int | bigint | | dict | PyDict (dict.ts) |
 * | float | number | | range | PyRange |
 * | str | string | | generator | PyGenerator |
 *
 * A string is a JavaScript string, but its length, order and items are those of its code points (code-points.ts).
 * The classes here hold data only; what one can do with them is in print.ts, compare.ts, arithmetic.ts, access.ts and methods/.
 */
import { typeError } from "./errors.ts";

export type Value = null | boolean | bigint | number | string | PyObject;

/**
 * Base of everything that is not a scalar. A class outside this folder (a macro, `loop`, an imported module) takes part by
 * overriding these hooks; each one's default is what Python does with a plain object.
 */
export abstract class PyObject {
  /** Python's name of the type, as messages show it. */
  abstract readonly typeName: string;

  /** The attribute or method `name`; JavaScript's `undefined` where there is none. */
  attribute(_name: string): Value | undefined {
    return undefined;
  }
  /** Names for a hint when an attribute is missing. */
  attributeNames(): readonly string[] {
    return [];
  }
  /** The item `key`; `undefined` where there is none. */
  item(_key: Value): Value | undefined {
    return undefined;
  }
  /** An iterator over the items; `undefined` where the value cannot be iterated. */
  iterate(): Iterator<Value> | undefined {
    return undefined;
  }
  /** Number of items; `undefined` where the value has no length. */
  length(): number | undefined {
    return undefined;
  }
  truthy(): boolean {
    const length = this.length();
    return length === undefined || length > 0;
  }
  /** Equality with a value that is not this same object. */
  equals(_other: Value): boolean {
    return false;
  }
  /** Negative, zero or positive; `undefined` where the two have no order. */
  compare(_other: Value): number | undefined {
    return undefined;
  }
  call(_args: readonly Value[], _kwargs: KeywordArguments): Value {
    throw typeError(`'${this.typeName}' object is not callable`);
  }
  /** The text for a non-empty format specification; `undefined` where the type takes none. */
  format(_specification: string): string | undefined {
    return undefined;
  }
  repr(): string {
    return `<${this.typeName} object>`;
  }
  /** The text that `{{ }}` prints. */
  str(): string {
    return this.repr();
  }
}

export class PyList extends PyObject {
  readonly typeName = "list";
  readonly items: Value[];
  constructor(items: Value[] = []) {
    super();
    this.items = items;
  }
  override length(): number {
    return this.items.length;
  }
  /** By index, so that items that a loop appends are seen by that loop, as in Python. */
  override *iterate(): Generator<Value> {
    for (let i = 0; i < this.items.length; i++) yield this.items[i]!;
  }
}

export class PyTuple extends PyObject {
  readonly typeName: string = "tuple";
  readonly items: readonly Value[];
  constructor(items: readonly Value[] = []) {
    super();
    this.items = items;
  }
  override length(): number {
    return this.items.length;
  }
  override iterate(): Iterator<Value> {
    return this.items[Symbol.iterator]();
  }
}

/** A tuple whose items have names too: what `groupby` yields, and `uname`. */
export class PyNamedTuple extends PyTuple {
  override readonly typeName: string;
  readonly fields: readonly string[];
  constructor(typeName: string, fields: readonly string[], items: readonly Value[]) {
    super(items);
    this.typeName = typeName;
    this.fields = fields;
  }
  override attribute(name: string): Value | undefined {
    const index = this.fields.indexOf(name);
    return index < 0 ? undefined : this.items[index];
  }
  override attributeNames(): readonly string[] {
    return this.fields;
  }
}

/** An arithmetic progression that is never written out. Bounds may exceed what a double can count. */
export class PyRange extends PyObject {
  readonly typeName = "range";
  readonly start: bigint;
  readonly stop: bigint;
  readonly step: bigint;
  /** Number of elements. */
  readonly count: bigint;
  constructor(start: bigint, stop: bigint, step: bigint) {
    super();
    this.start = start;
    this.stop = stop;
    this.step = step;
    const span = step > 0n ? stop - start : start - stop;
    const stride = step > 0n ? step : -step;
    this.count = span > 0n ? (span + stride - 1n) / stride : 0n;
  }
  override length(): number {
    return Number(this.count);
  }
  override *iterate(): Generator<Value> {
    for (let i = 0n; i < this.count; i++) yield this.start + i * this.step;
  }
}

/** A lazy sequence that can be walked once. */
export class PyGenerator extends PyObject {
  readonly typeName = "generator";
  readonly #iterator: Iterator<Value>;
  constructor(items: Iterator<Value>) {
    super();
    this.#iterator = items;
  }
  override iterate(): Iterator<Value> {
    return this.#iterator;
  }
}

/** Text that is already safe to print as HTML (`safe`, `escape`). A str in every other respect. */
export class Markup extends PyObject {
  readonly typeName = "Markup";
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
  override str(): string {
    return this.text;
  }
}

export type KeywordArguments = ReadonlyMap<string, Value>;

/** Keyword arguments of a call that has none. */
export const noKeywords: KeywordArguments = new Map();

/** Anything that can be called. Macros and `loop` extend it as well. */
export abstract class Callable extends PyObject {
  readonly typeName: string = "function";
  abstract readonly name: string;
  abstract override call(args: readonly Value[], kwargs: KeywordArguments): Value;
  override repr(): string {
    // Python shows a memory address here, which no output can depend on.
    return `<${this.typeName} ${this.name}>`;
  }
}

/** A function that is written in TypeScript. */
export class BuiltinFunction extends Callable {
  readonly name: string;
  readonly #body: (args: readonly Value[], kwargs: KeywordArguments) => Value;
  constructor(name: string, body: (args: readonly Value[], kwargs: KeywordArguments) => Value) {
    super();
    this.name = name;
    this.#body = body;
  }
  override call(args: readonly Value[], kwargs: KeywordArguments): Value {
    return this.#body(args, kwargs);
  }
}

/** `typeName` of any value. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float";
    case "string":
      return "str";
    default:
      return value === null ? "NoneType" : value.typeName;
  }
}

/** Call any value; what cannot be called is a type error. */
export function call(callee: Value, args: readonly Value[], kwargs: KeywordArguments = noKeywords): Value {
  if (callee instanceof PyObject) return callee.call(args, kwargs);
  throw typeError(`'${typeNameOf(callee)}' object is not callable`);
}

/** `value`, or what `otherwise` gives where there is none. (JavaScript's `??` would take None for nothing.) */
export function orElse<T>(value: Value | undefined, otherwise: () => T): Value | T {
  return value === undefined ? otherwise() : value;
}

/** The text of a str or of safe text; `undefined` for any other value. */
export function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Markup ? value.text : undefined;
}
