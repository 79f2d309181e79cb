/** @file Format specifications, `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`: what `format(value, spec)` does. */
import { codePointLength, substring } from "../code-points.ts";
import { overflowError, typeError, valueError } from "../errors.ts";
import { sizeLimit } from "../limits.ts";
import { toFloat } from "../numbers.ts";
import { str } from "../print.ts";
import { PyObject, textOf, typeNameOf, type Value } from "../value.ts";
import { type FloatStyle, formatMagnitude, isNegative } from "./float.ts";

interface Specification {
  readonly fill: string;
  readonly align: "<" | ">" | "=" | "^" | undefined;
  readonly sign: "+" | "-" | " " | undefined;
  /** `z`: a result that is -0 loses its sign. */
  readonly plainZero: boolean;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: "," | "_" | undefined;
  readonly precision: number | undefined;
  readonly type: string;
}

const grammar = /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?(.)?$/su;

function parse(text: string, typeName: string): Specification {
  const match = grammar.exec(text);
  if (match === null) {
    throw valueError(`Invalid format specifier '${text}' for object of type '${typeName}'`);
  }
  const [, fill, align, sign, plainZero, alternate, zero, width, grouping, precision, type = ""] = match;
  const limit = (digits: string | undefined, what: string): number => {
    const n = Number(digits ?? 0);
    if (n > sizeLimit) throw valueError(`${what} is too large in format specifier`);
    return n;
  };
  return {
    fill: fill ?? (zero === undefined ? " " : "0"),
    align: (align ?? (zero !== undefined && typeName !== "str" ? "=" : undefined)) as Specification["align"],
    sign: sign as Specification["sign"],
    plainZero: plainZero !== undefined,
    alternate: alternate !== undefined,
    width: limit(width, "width"),
    grouping: grouping as Specification["grouping"],
    precision: precision === undefined ? undefined : limit(precision, "precision"),
    type,
  };
}

/** `format(value, specification)` */
export function formatValue(value: Value, specification: string): string {
  if (specification === "") return str(value);
  const text = textOf(value);
  if (text !== undefined) return formatText(text, parse(specification, "str"));
  switch (typeof value) {
    case "boolean":
      return formatInteger(value ? 1n : 0n, parse(specification, "bool"), "bool");
    case "bigint":
      return formatInteger(value, parse(specification, "int"), "int");
    case "number":
      return formatFloat(value, parse(specification, "float"), "float");
  }
  const formatted = value instanceof PyObject ? value.format(specification) : undefined;
  if (formatted !== undefined) return formatted;
  if (value instanceof PyObject) str(value); // an undefined value says so, rather than that it takes no specification
  throw typeError(`unsupported format string passed to ${typeNameOf(value)}.__format__`);
}

function unknownType(type: string, typeName: string): Error {
  return valueError(`Unknown format code '${type}' for object of type '${typeName}'`);
}

function formatText(text: string, spec: Specification): string {
  if (spec.type !== "" && spec.type !== "s") throw unknownType(spec.type, "str");
  if (spec.sign !== undefined) throw valueError("Sign not allowed in string format specifier");
  if (spec.alternate) throw valueError("Alternate form (#) not allowed in string format specifier");
  if (spec.align === "=") throw valueError("'=' alignment not allowed in string format specifier");
  if (spec.grouping !== undefined) throw valueError(`Cannot specify '${spec.grouping}' with 's'.`);
  const shown =
    spec.precision === undefined ? text : substring(text, 0, Math.min(spec.precision, codePointLength(text)));
  return align("", "", shown, spec, "<");
}

const radixes: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16, d: 10, n: 10, "": 10 };

function formatInteger(value: bigint, spec: Specification, typeName: string): string {
  if ("eEfFgG%".includes(spec.type) && spec.type !== "") return formatFloat(toFloat(value), spec, typeName);
  if (spec.precision !== undefined) throw valueError("Precision not allowed in integer format specifier");
  if (spec.plainZero) throw valueError("Negative zero coercion (z) not allowed in format specifier with integer");
  if (spec.type === "c") return align("", "", formatCharacter(value, spec), spec, ">");
  const radix = radixes[spec.type];
  if (radix === undefined) throw unknownType(spec.type, typeName);
  if ((spec.grouping === "," && radix !== 10) || (spec.grouping !== undefined && spec.type === "n")) {
    throw valueError(`Cannot specify '${spec.grouping}' with '${spec.type}'.`);
  }
  const digits = (value < 0n ? -value : value).toString(radix);
  const prefix = spec.alternate && radix !== 10 ? `0${spec.type}` : "";
  const cased = spec.type === "X" ? digits.toUpperCase() : digits;
  return arrange(signOf(value < 0n, spec), prefix, cased, "", spec, radix === 10 ? 3 : 4);
}

function formatCharacter(value: bigint, spec: Specification): string {
  if (spec.sign !== undefined) throw valueError("Sign not allowed with integer format specifier 'c'");
  if (spec.alternate) throw valueError("Alternate form (#) not allowed with integer format specifier 'c'");
  if (spec.grouping !== undefined) throw valueError(`Cannot specify '${spec.grouping}' with 'c'.`);
  if (value < 0n || value > 0x10ffffn) throw overflowError("%c arg not in range(0x110000)");
  return String.fromCodePoint(Number(value));
}

function floatStyle(spec: Specification, typeName: string): FloatStyle {
  const { alternate } = spec;
  const precision = spec.precision ?? 6;
  switch (spec.type) {
    case "":
      return { type: spec.precision === undefined ? "r" : "a", precision, alternate };
    case "n":
      return { type: "g", precision, alternate };
    case "%":
      return { type: "f", precision, alternate };
    case "e":
    case "f":
    case "g":
      return { type: spec.type, precision, alternate };
    case "E":
    case "F":
    case "G":
      return { type: spec.type.toLowerCase() as "e" | "f" | "g", precision, alternate };
    default:
      throw unknownType(spec.type, typeName);
  }
}

function formatFloat(value: number, spec: Specification, typeName: string): string {
  const style = floatStyle(spec, typeName);
  if (spec.grouping !== undefined && spec.type === "n") throw valueError(`Cannot specify '${spec.grouping}' with 'n'.`);
  const shown = spec.type === "%" ? value * 100 : value;
  const magnitude = formatMagnitude(shown, style);
  const cased = "EFG".includes(spec.type) && spec.type !== "" ? magnitude.toUpperCase() : magnitude;
  const negative = isNegative(shown) && !(spec.plainZero && /^[0.]*(?:e.*)?$/i.test(magnitude));
  const [, whole = "", rest = ""] = /^(\d*)(.*)$/s.exec(cased)!;
  return arrange(signOf(negative, spec), "", whole, rest + (spec.type === "%" ? "%" : ""), spec, 3);
}

function signOf(negative: boolean, spec: Specification): string {
  if (negative) return "-";
  return spec.sign === "+" ? "+" : spec.sign === " " ? " " : "";
}

/** Group the digits before the point, then align. Zeros that fill up to the width are grouped with them. */
function arrange(
  sign: string,
  prefix: string,
  whole: string,
  rest: string,
  spec: Specification,
  groupSize: number,
): string {
  if (spec.grouping === undefined || whole === "") return align(sign, prefix, whole + rest, spec, ">");
  let grouped = group(whole, spec.grouping, groupSize);
  if (spec.fill === "0" && spec.align === "=") {
    const room = spec.width - sign.length - prefix.length - rest.length;
    for (let digits = whole; grouped.length < room; ) {
      digits = `0${digits}`;
      grouped = group(digits, spec.grouping, groupSize);
    }
  }
  return align(sign, prefix, grouped + rest, spec, ">");
}

function group(digits: string, separator: string, size: number): string {
  const parts: string[] = [];
  for (let end = digits.length; end > 0; end -= size) parts.unshift(digits.slice(Math.max(0, end - size), end));
  return parts.join(separator);
}

function align(sign: string, prefix: string, body: string, spec: Specification, standard: "<" | ">"): string {
  const text = sign + prefix + body;
  const missing = spec.width - codePointLength(text);
  if (missing <= 0) return text;
  switch (spec.align ?? standard) {
    case "<":
      return text + spec.fill.repeat(missing);
    case ">":
      return spec.fill.repeat(missing) + text;
    case "^":
      return spec.fill.repeat(missing >> 1) + text + spec.fill.repeat(missing - (missing >> 1));
    case "=":
      return sign + prefix + spec.fill.repeat(missing) + body;
  }
}
