/** @file How values print: `str` is what `{{ }}` writes, `repr` is what a list shows of its elements. */
import { PyDict, PyDictView } from "./dict.ts";
import { valueError } from "./errors.ts";
import { digitLimit, Walk } from "./limits.ts";
import { Undefined } from "./undefined.ts";
import { Markup, PyGenerator, PyList, PyNamedTuple, type PyObject, PyRange, PyTuple, type Value } from "./value.ts";

/** The text of a value. Fails for strict undefined values. */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) return value.str();
  if (value !== null && typeof value === "object" && !isContainer(value)) return value.str();
  return repr(value);
}

/** Python's repr. Generators and functions show no address, since no output can depend on it. */
export function repr(value: Value): string {
  // Most values are scalars, and need no set.
  if (typeof value === "bigint") return intText(value);
  if (typeof value === "number") return floatRepr(value);
  return reprWithin(value, new Set(), new Walk());
}

function isContainer(value: PyObject): boolean {
  return (
    value instanceof PyList ||
    value instanceof PyTuple ||
    value instanceof PyDict ||
    value instanceof PyDictView ||
    value instanceof PyRange ||
    value instanceof PyGenerator
  );
}

/** `open` holds the containers that are being printed: one inside itself prints as `[...]`. */
function reprWithin(value: Value, open: Set<Value>, walk: Walk): string {
  walk.step();
  switch (typeof value) {
    case "string":
      walk.text(value.length);
      return reprText(value);
    case "bigint":
      return intText(value);
    case "number":
      return floatRepr(value);
    case "boolean":
      return value ? "True" : "False";
  }
  if (value === null) return "None";
  if (value instanceof Markup) return `Markup(${reprText(value.text)})`;
  if (value instanceof PyRange) {
    return `range(${value.start}, ${value.stop}${value.step === 1n ? "" : `, ${value.step}`})`;
  }
  if (!isContainer(value) || value instanceof PyGenerator) return value.repr();
  const list = value instanceof PyList;
  if (open.has(value)) return list ? "[...]" : value instanceof PyDict ? "{...}" : "(...)";
  open.add(value);
  const inner = (item: Value): string => reprWithin(item, open, walk);
  try {
    if (value instanceof PyList) return `[${value.items.map(inner).join(", ")}]`;
    if (value instanceof PyNamedTuple) {
      return `${value.typeName}(${value.items.map((item, i) => `${value.fields[i]}=${inner(item)}`).join(", ")})`;
    }
    if (value instanceof PyTuple) {
      return value.items.length === 1 ? `(${inner(value.items[0]!)},)` : `(${value.items.map(inner).join(", ")})`;
    }
    if (value instanceof PyDict) {
      return `{${value
        .entries()
        .map(([key, item]) => `${inner(key)}: ${inner(item)}`)
        .join(", ")}}`;
    }
    return `${value.typeName}([${[...(value as PyDictView).iterate()].map(inner).join(", ")}])`;
  } finally {
    open.delete(value);
  }
}

const largestShown = 10n ** BigInt(digitLimit);

/** The digits of an int. Python shows no more than so many either. */
export function intText(value: bigint): string {
  if (value >= largestShown || value <= -largestShown)
    throw valueError(`this int has more than ${digitLimit} digits, and is not printed`);
  return value.toString();
}

/** Shortest digits that read back as the same double; exponent form below 1e-4 and from 1e16 on. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const [mantissa = "", exponentText = ""] = Math.abs(value).toExponential().split("e");
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const digits = mantissa.replace(".", "");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) return `${sign}${mantissa}${exponentSuffix(exponent)}`;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** `e-05`, `e+16`: a sign and at least two digits. */
export function exponentSuffix(exponent: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

const unprintable = /[\p{C}\p{Z}]/u;

/** Does Python call this character printable? Letters, marks, numbers, punctuation, symbols and the space. */
export function isPrintable(character: string): boolean {
  return character === " " || !unprintable.test(character);
}

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\" };

/** Nothing in it is written otherwise between single quotes. */
const plain = /^[ !#-&(-[\]-~]*$/;

/** Quoted as Python quotes it. With `ascii`, everything outside ASCII is escaped too (`!a`, `%a`). */
export function reprText(text: string, ascii = false): string {
  if (plain.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of text) {
    const short = shortEscapes[character];
    if (short !== undefined) out += short;
    else if (character === quote) out += `\\${quote}`;
    else if (isPrintable(character) && !(ascii && character > "\x7f")) out += character;
    else out += escapeCharacter(character.codePointAt(0)!);
  }
  return out + quote;
}

function escapeCharacter(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** `repr` with everything outside ASCII escaped. */
export function asciiRepr(value: Value): string {
  return Array.from(repr(value), (c) => (c > "\x7f" ? escapeCharacter(c.codePointAt(0)!) : c)).join("");
}
