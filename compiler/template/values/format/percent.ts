/** @file Percent formatting: `'%s-%05.2f' % (a, b)`, `'%(key)s' % mapping`. */
import { codePointLength, substring } from "../code-points.ts";
import { numeric } from "../compare.ts";
import { PyDict } from "../dict.ts";
import { keyError, overflowError, typeError, valueError } from "../errors.ts";
import { sizeLimit } from "../limits.ts";
import { escapeText } from "../markup.ts";
import { toFloat } from "../numbers.ts";
import { asciiRepr, repr, str } from "../print.ts";
import { Markup, orElse, PyObject, PyTuple, textOf, typeNameOf, type Value } from "../value.ts";
import { formatMagnitude, isNegative } from "./float.ts";

interface Conversion {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly type: string;
}

/** Hands out the arguments: a tuple spreads, anything else is one argument; a mapping may be asked by key instead. */
class Arguments {
  readonly #source: Value;
  readonly #items: readonly Value[];
  #next = 0;
  #byKey = false;

  constructor(source: Value) {
    this.#source = source;
    this.#items = source instanceof PyTuple ? source.items : [source];
  }
  next(): Value {
    const item = this.#items[this.#next++];
    if (item === undefined || this.#byKey) throw typeError("not enough arguments for format string");
    return item;
  }
  byKey(key: string): Value {
    this.#byKey = true;
    const source = this.#source;
    if (source instanceof PyTuple || !(source instanceof PyObject) || textOf(source) !== undefined) {
      throw typeError("format requires a mapping");
    }
    const value = source instanceof PyDict ? source.get(key) : source.item(key);
    if (value === undefined) throw keyError(repr(key));
    return value;
  }
  /** Everything must be used, except where the argument can be asked by key. */
  finish(): void {
    const asksByKey =
      this.#source instanceof PyObject && !(this.#source instanceof PyTuple) && textOf(this.#source) === undefined;
    if (this.#next < this.#items.length && !asksByKey) {
      throw typeError("not all arguments converted during string formatting");
    }
  }
}

const specifier = /%(?:\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?(.)?/gsu;

export function formatPercent(format: string, source: Value): string;
export function formatPercent(format: string | Markup, source: Value): string | Markup;
export function formatPercent(format: string | Markup, source: Value): string | Markup {
  if (format instanceof Markup) return new Markup(expand(format.text, source, escapeText));
  return expand(format, source, (text) => text);
}

/** `guard` is applied to printed arguments: safe text escapes them. */
function expand(format: string, source: Value, guard: (text: string) => string): string {
  const args = new Arguments(source);
  const size = (text: string | undefined): number => {
    const value = text === "*" ? integerOf(args.next(), "*") : BigInt(text || 0);
    if (value > sizeLimit) throw valueError("width or precision too big");
    return Number(value);
  };
  const result = format.replace(
    specifier,
    (whole, key?: string, flags = "", width?: string, precision?: string, type?: string) => {
      const keyed = key === undefined ? undefined : args.byKey(key);
      if (type === undefined) throw valueError("incomplete format");
      let columns = width === undefined ? 0 : size(width);
      const left = columns < 0;
      columns = Math.abs(columns);
      const places = precision === undefined ? undefined : Math.max(0, size(precision));
      if (type === "%") {
        if (whole !== "%%" && keyed === undefined && whole.includes("(")) throw valueError("incomplete format key");
        return "%";
      }
      const conversion = { flags: left ? `${flags}-` : flags, width: columns, precision: places, type };
      return convert(
        orElse(keyed, () => args.next()),
        conversion,
        guard,
      );
    },
  );
  args.finish();
  return result;
}

function convert(value: Value, conversion: Conversion, guard: (text: string) => string): string {
  const { type, precision } = conversion;
  switch (type) {
    case "s":
      return text(value instanceof Markup ? value.text : guard(str(value)), conversion);
    case "r":
      return text(guard(repr(value)), conversion);
    case "a":
      return text(guard(asciiRepr(value)), conversion);
    case "c":
      return pad("", "", character(value), { ...conversion, flags: conversion.flags.replaceAll("0", "") });
    case "d":
    case "i":
    case "u":
      return integer(truncated(value), 10, "", conversion);
    case "o":
      return integer(integerOf(value, type), 8, "0o", conversion);
    case "x":
      return integer(integerOf(value, type), 16, "0x", conversion);
    case "X":
      return integer(integerOf(value, type), 16, "0X", conversion);
    case "e":
    case "f":
    case "g":
    case "E":
    case "F":
    case "G": {
      const number = floatOf(value);
      const magnitude = formatMagnitude(number, {
        type: type.toLowerCase() as "e" | "f" | "g",
        precision: precision ?? 6,
        alternate: conversion.flags.includes("#"),
      });
      const cased = type < "a" ? magnitude.toUpperCase() : magnitude;
      return pad(signOf(isNegative(number), conversion), "", cased, conversion);
    }
    default:
      throw valueError(`unsupported format character '${type}' (0x${type.codePointAt(0)!.toString(16)})`);
  }
}

function text(shown: string, conversion: Conversion): string {
  const { precision, flags } = conversion;
  const cut = precision === undefined ? shown : substring(shown, 0, Math.min(precision, codePointLength(shown)));
  return pad("", "", cut, { ...conversion, flags: flags.replaceAll("0", "") });
}

function integer(value: bigint, radix: number, prefix: string, conversion: Conversion): string {
  const magnitude = (value < 0n ? -value : value).toString(radix).padStart(conversion.precision ?? 0, "0");
  const digits = conversion.type === "X" ? magnitude.toUpperCase() : magnitude;
  return pad(signOf(value < 0n, conversion), conversion.flags.includes("#") ? prefix : "", digits, conversion);
}

function signOf(negative: boolean, { flags }: Conversion): string {
  if (negative) return "-";
  return flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
}

function pad(sign: string, prefix: string, body: string, { flags, width }: Conversion): string {
  const missing = width - codePointLength(sign + prefix + body);
  if (missing <= 0) return sign + prefix + body;
  if (flags.includes("-")) return sign + prefix + body + " ".repeat(missing);
  if (flags.includes("0")) return sign + prefix + "0".repeat(missing) + body;
  return " ".repeat(missing) + sign + prefix + body;
}

function character(value: Value): string {
  const letter = textOf(value);
  if (letter !== undefined && codePointLength(letter) === 1) return letter;
  if (letter !== undefined || typeof numeric(value) !== "bigint") throw typeError("%c requires int or char");
  const code = integerOf(value, "c");
  if (code < 0n || code > 0x10ffffn) throw overflowError("%c arg not in range(0x110000)");
  return String.fromCodePoint(Number(code));
}

function integerOf(value: Value, type: string): bigint {
  const number = numeric(value);
  if (typeof number === "bigint") return number;
  if (type === "*") throw typeError("* wants int");
  if (value instanceof PyObject) str(value);
  throw typeError(`%${type} format: an integer is required, not ${typeNameOf(value)}`);
}

/** `%d` cuts a float toward zero. */
function truncated(value: Value): bigint {
  const number = numeric(value);
  if (typeof number === "bigint") return number;
  if (value instanceof PyObject) str(value);
  if (number === undefined) throw typeError(`%d format: a real number is required, not ${typeNameOf(value)}`);
  if (Number.isNaN(number)) throw valueError("cannot convert float NaN to integer");
  if (!Number.isFinite(number)) throw overflowError("cannot convert float infinity to integer");
  return BigInt(Math.trunc(number));
}

function floatOf(value: Value): number {
  const number = numeric(value);
  if (number !== undefined) return toFloat(number);
  if (value instanceof PyObject) str(value);
  throw typeError(`must be real number, not ${typeNameOf(value)}`);
}
