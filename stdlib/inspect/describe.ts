/**
 * @file A constructed value as plain data: classes with their fields, tensors with shape, dtype and a few values, modules as a tree.
 *
 * What has no end is cut: long lists and texts, deep nests, and whatever stands in itself. The compiler prints the result; it knows this
 * form as `compiler/driver/description.ts`.
 */
import { decodeToFloat32, Parameter, StateTensor, Tensor } from "fgc/runtime";
import { Module } from "../nn/module.ts";

export type Description =
  | { readonly kind: "plain"; readonly value: null | boolean | number | string }
  /** What JSON has no form for: bigints, undefined, symbols, dates. */
  | { readonly kind: "other"; readonly text: string }
  | { readonly kind: "text"; readonly start: string; readonly length: number }
  | { readonly kind: "list"; readonly class: string; readonly items: readonly Description[]; readonly length: number }
  | { readonly kind: "mapping"; readonly entries: readonly Entry[]; readonly length: number }
  | { readonly kind: "numbers"; readonly class: string; readonly values: readonly Shown[]; readonly length: number }
  | {
      readonly kind: "tensor";
      readonly role: "parameter" | "state" | "tensor";
      readonly dtype: string;
      readonly shape: readonly number[];
      /** The first of them; absent where they are only known when a program runs. */
      readonly values?: readonly Shown[];
    }
  | {
      readonly kind: "module";
      readonly class: string;
      /** What the module says of itself: `in=256, out=768`. */
      readonly about: string;
      readonly parameters: number;
      readonly trainable: number;
      readonly children: readonly Entry[];
    }
  | { readonly kind: "object"; readonly class: string; readonly fields: readonly Entry[] }
  | { readonly kind: "function"; readonly name: string; readonly source: string }
  /** Printed before, under that name. */
  | { readonly kind: "again"; readonly class: string; readonly path: string }
  | { readonly kind: "deep"; readonly class: string };

/** JSON has no NaN and no infinity. */
export type Shown = number | "NaN" | "Infinity" | "-Infinity";

export type Entry = readonly [name: string, value: Description];

const maximumItems = 20;
const maximumText = 200;
const maximumValues = 6;

/** @param depth how far to look into objects and lists; trees of modules are shown whole */
export function describeValue(value: unknown, depth = 6): Description {
  return new Describer().describe(value, "", depth);
}

class Describer {
  /** Objects that stand above, or that were described before. */
  readonly #seen = new Map<object, string>();

  describe(value: unknown, path: string, depth: number): Description {
    switch (typeof value) {
      case "string":
        return value.length > maximumText
          ? { kind: "text", start: value.slice(0, maximumText), length: value.length }
          : { kind: "plain", value };
      case "boolean":
        return { kind: "plain", value };
      case "number":
        return Number.isFinite(value) ? { kind: "plain", value } : { kind: "other", text: String(value) };
      case "function":
        return { kind: "function", name: value.name, source: sourceOf(value) };
      case "object":
        return value === null ? { kind: "plain", value } : this.#describeObject(value, path, depth);
      default:
        return { kind: "other", text: String(value) };
    }
  }

  #describeObject(value: object, path: string, depth: number): Description {
    const className = classOf(value);
    const before = this.#seen.get(value);
    if (before !== undefined) return { kind: "again", class: className, path: before };
    this.#seen.set(value, path);
    if (value instanceof Tensor) return describeTensor(value);
    if (value instanceof Module) return this.#describeModule(value, path);
    if (ArrayBuffer.isView(value)) return describeNumbers(value, className);
    if (value instanceof Date || value instanceof RegExp || value instanceof Error || value instanceof URL)
      return { kind: "other", text: String(value) };
    if (depth <= 0) return { kind: "deep", class: className };
    if (value instanceof Map) return this.#describeMapping([...value], path, depth);
    if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)
      return this.#describeMapping(Object.entries(value), path, depth);
    const length = lengthOf(value);
    if (isIterable(value) && length !== undefined) return this.#describeList(value, className, length, path, depth);
    const fields = Object.entries(value).map(([name, field]) => this.#entry(name, field, path, depth));
    return { kind: "object", class: className, fields };
  }

  #entry(name: string, value: unknown, path: string, depth: number): Entry {
    return [name, this.describe(value, path === "" ? name : `${path}.${name}`, depth - 1)];
  }

  #describeMapping(entries: readonly (readonly [unknown, unknown])[], path: string, depth: number): Description {
    const shown = entries.slice(0, 5 * maximumItems);
    return {
      kind: "mapping",
      entries: shown.map(([key, item]) => this.#entry(String(key), item, path, depth)),
      length: entries.length,
    };
  }

  #describeList(value: Iterable<unknown>, className: string, length: number, path: string, depth: number): Description {
    const items: Description[] = [];
    // Rows of a dataset are all alike: a few tell enough.
    const limit = Array.isArray(value) || value instanceof Set ? maximumItems : 2;
    for (const item of value) {
      if (items.length === limit) break;
      items.push(this.describe(item, `${path}[${items.length}]`, depth - 1));
    }
    return { kind: "list", class: Array.isArray(value) ? "" : className, items, length };
  }

  #describeModule(module: Module, path: string): Description {
    const parts = Object.entries(module).flatMap(([name, part]): Entry[] => {
      if (Array.isArray(part))
        return part.flatMap((item: unknown, index) =>
          isPart(item) ? [this.#entry(`${name}.${index}`, item, path, 1)] : [],
        );
      return isPart(part) ? [this.#entry(name, part, path, 1)] : [];
    });
    const parameters = module.parameters();
    const count = (list: readonly Parameter[]) => list.reduce((sum, { size }) => sum + size, 0);
    return {
      kind: "module",
      class: classOf(module),
      about: /\((.*)\)$/.exec(module.toString().split("\n")[0] ?? "")?.[1] ?? "",
      parameters: count(parameters),
      trainable: count(parameters.filter(({ requiresGrad }) => requiresGrad)),
      children: parts,
    };
  }
}

const isPart = (value: unknown): boolean => value instanceof Module || value instanceof StateTensor;

function describeTensor(tensor: Tensor): Description {
  const { dtype, shape } = tensor;
  if (!(tensor instanceof StateTensor)) return { kind: "tensor", role: "tensor", dtype, shape: [...shape] };
  const { initial } = tensor;
  const data = typeof initial === "function" ? initial() : initial;
  const first = data.subarray(0, maximumValues);
  const isHalf = dtype === "f16" || dtype === "bf16";
  const values = Array.from(isHalf ? decodeToFloat32(dtype, first as Uint16Array) : first, (x) => shown(Number(x)));
  return {
    kind: "tensor",
    role: tensor instanceof Parameter ? "parameter" : "state",
    dtype,
    shape: [...shape],
    values,
  };
}

const shown = (value: number): Shown => (Number.isFinite(value) ? value : (String(value) as Shown));

function describeNumbers(value: ArrayBufferView, className: string): Description {
  const { buffer, byteOffset, byteLength } = value;
  // Every view of a buffer but `DataView` is a typed array.
  const numbers =
    value instanceof DataView ? new Uint8Array(buffer, byteOffset, byteLength) : (value as NodeJS.TypedArray);
  const values = Array.from({ length: Math.min(numbers.length, maximumValues) }, (_, i) => shown(Number(numbers[i])));
  return { kind: "numbers", class: className, values, length: numbers.length };
}

/** Short arrows say best what they do; of others the head. */
function sourceOf(value: object): string {
  const source = String(value).replaceAll(/\s+/g, " ");
  if (source.length <= maximumText) return source;
  return `${source
    .slice(0, source.search(/[{]|=> /) + 1 || maximumText)
    .replace(/[={]$/, "")
    .trim()} …`;
}

/** Anonymous objects and those without a prototype have none. */
function classOf(value: object): string {
  const maker: unknown = Reflect.get(value, "constructor");
  if (maker === Object || maker === Array) return "";
  // Bundlers give classes that name themselves an underscore.
  return typeof maker === "function" ? maker.name.replace(/^_(?=[A-Z])/, "") : "";
}

function lengthOf(value: object): number | undefined {
  const { length, size } = value as { length?: unknown; size?: unknown };
  return [length, size].find((n): n is number => typeof n === "number");
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === "function";
}
