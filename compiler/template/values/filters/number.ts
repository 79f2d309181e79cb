/** @file Filters that make and shape numbers. */
import { binary } from "../arithmetic.ts";
import { numeric } from "../compare.ts";
import { overflowError, runtimeError, TemplateError, typeError, valueError } from "../errors.ts";
import { formatMagnitude, scaledInteger } from "../format/float.ts";
import { bitLength, floorDivide, modulo, toFloat } from "../numbers.ts";
import { readFloat, readInteger } from "../read-number.ts";
import { expectInteger } from "../signature.ts";
import { Undefined } from "../undefined.ts";
import { textOf, typeNameOf, type Value } from "../value.ts";
import { filterTable } from "./filter.ts";

export const numberFilters = filterTable({
  abs: [
    "",
    (_context, value) => {
      const number = requireNumber(value, "abs()");
      if (typeof number === "number") return Math.abs(number);
      return number < 0n ? -number : number;
    },
  ],
  filesizeformat: [
    "binary=False",
    (_context, value, binaryUnits: Value) => fileSize(toDouble(value), binaryUnits === true || binaryUnits === 1n),
  ],
  float: ["default=0.0", (_context, value, fallback: Value) => orElse(() => toDouble(value), fallback)],
  int: [
    "default=0, base=10",
    (_context, value, fallback: Value, base: Value) => {
      const direct = orElse(() => toInteger(value, base), undefined);
      if (direct !== undefined) return direct;
      return orElse(() => truncate(toDouble(value)), fallback, "overflow");
    },
  ],
  round: ["precision=0, method='common'", round],
});

/** The result, or `fallback` when the value cannot be converted. Only failures that Python's filter catches are caught. */
function orElse<T extends Value | undefined>(convert: () => Value, fallback: T, ...alsoCaught: string[]): Value | T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof TemplateError && ["type", "value", ...alsoCaught].includes(error.kind)) return fallback;
    throw error;
  }
}

function requireNumber(value: Value, what: string): bigint | number {
  const number = numeric(value);
  if (number !== undefined) return number;
  if (value instanceof Undefined) return value.fail();
  throw typeError(`bad operand type for ${what}: '${typeNameOf(value)}'`);
}

/** Python's `float(value)` */
function toDouble(value: Value): number {
  const text = textOf(value);
  if (text !== undefined) return readFloat(text);
  return toFloat(requireNumber(value, "float()"));
}

/** Python's `int(value)`, with a base for text. */
function toInteger(value: Value, base: Value): bigint {
  const text = textOf(value);
  if (text !== undefined) return readInteger(text, Number(expectInteger(base)));
  const number = requireNumber(value, "int()");
  return typeof number === "bigint" ? number : truncate(number);
}

function truncate(value: number): bigint {
  if (Number.isNaN(value)) throw valueError("cannot convert float NaN to integer");
  if (!Number.isFinite(value)) throw overflowError("cannot convert float infinity to integer");
  return BigInt(Math.trunc(value));
}

const decimalUnits = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const binaryUnits = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

function fileSize(bytes: number, inBinary: boolean): string {
  const base = inBinary ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${truncate(bytes)} Bytes`;
  const units = inBinary ? binaryUnits : decimalUnits;
  // Powers are exact ints and are compared with the double exactly, as Python does it: 10**24 as a double is below 10**24.
  const exponent = units.findIndex((_, i) => bytes < BigInt(base) ** BigInt(i + 2));
  const index = exponent < 0 ? units.length - 1 : exponent;
  const shown = (base * bytes) / Number(BigInt(base) ** BigInt(index + 2));
  return `${formatMagnitude(shown, { type: "f", precision: 1, alternate: false })} ${units[index]}`;
}

function round(_context: unknown, value: Value, precision: Value, method: Value): Value {
  if (method === "common") {
    const number = requireNumber(value, "round()");
    if (precision === null) return typeof number === "bigint" ? number : roundToInteger(number);
    const places = expectInteger(precision);
    return typeof number === "bigint" ? roundInteger(number, places) : roundFloat(number, places);
  }
  if (method !== "ceil" && method !== "floor") throw runtimeError("method must be common, ceil or floor");
  const scale = binary("**", 10n, precision);
  const scaled = requireNumber(binary("*", value, scale), method);
  const rounded =
    typeof scaled === "bigint" ? scaled : truncate(method === "ceil" ? Math.ceil(scaled) : Math.floor(scaled));
  return binary("/", rounded, scale);
}

function roundToInteger(value: number): bigint {
  truncate(value);
  return value < 0 ? -scaledInteger(value, 0) : scaledInteger(value, 0);
}

/** To a multiple of a power of ten, ties to the even one. */
function roundInteger(value: bigint, places: bigint): bigint {
  if (places >= 0n) return value;
  if (-places > BigInt(bitLength(value))) return 0n;
  const unit = 10n ** -places;
  const below = floorDivide(value, unit);
  const twice = modulo(value, unit) * 2n;
  const up = twice > unit || (twice === unit && below % 2n !== 0n);
  return (up ? below + 1n : below) * unit;
}

function roundFloat(value: number, places: bigint): number {
  // Beyond these a double has no more digits, or nothing is left of it.
  if (!Number.isFinite(value) || places > 323n) return value;
  if (places < -308n) return value * 0;
  const digits = Number(places);
  const rounded = Number(`${scaledInteger(value, digits)}e${-digits}`);
  if (!Number.isFinite(rounded)) throw overflowError("rounded value too large to represent");
  return value < 0 || Object.is(value, -0) ? -rounded : rounded;
}
