/** @file Values as JSON, the way Python's `json.dumps` writes them, safe to stand in HTML: `tojson`. */
import { sorted } from "../compare.ts";
import { PyDict } from "../dict.ts";
import { typeError, valueError } from "../errors.ts";
import { Walk } from "../limits.ts";
import { floatRepr, intText } from "../print.ts";
import { PyList, PyTuple, textOf, typeNameOf, type Value } from "../value.ts";

/** `indent` is the text of one level; without it everything stands on one line. */
export function toHtmlSafeJson(value: Value, indent: string | undefined): string {
  const json = encode(value, indent, "\n", new Set(), new Walk());
  return json.replace(/[<>&']/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `newline` is the line break and indentation of the level that the value stands on. */
function encode(value: Value, indent: string | undefined, newline: string, open: Set<Value>, walk: Walk): string {
  walk.step();
  const scalar = encodeScalar(value);
  if (scalar !== undefined) {
    walk.text(scalar.length);
    return scalar;
  }
  const isDict = value instanceof PyDict;
  if (!isDict && !(value instanceof PyList) && !(value instanceof PyTuple)) {
    throw typeError(`Object of type ${typeNameOf(value)} is not JSON serializable`);
  }
  if (open.has(value)) throw valueError("Circular reference detected");
  open.add(value);
  const inner = newline + (indent ?? "");
  const parts = isDict
    ? sorted(value.entries(), ([key]) => key).map(
        ([key, item]) => `${quote(keyText(key))}: ${encode(item, indent, inner, open, walk)}`,
      )
    : value.items.map((item) => encode(item, indent, inner, open, walk));
  open.delete(value);
  const [start, end] = isDict ? "{}" : "[]";
  if (parts.length === 0) return `${start}${end}`;
  if (indent === undefined) return `${start}${parts.join(", ")}${end}`;
  return `${start}${inner}${parts.join(`,${inner}`)}${newline}${end}`;
}

function encodeScalar(value: Value): string | undefined {
  const text = textOf(value);
  if (text !== undefined) return quote(text);
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return intText(value);
    case "number":
      return floatText(value);
    default:
      return value === null ? "null" : undefined;
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? floatRepr(value) : value > 0 ? "Infinity" : "-Infinity";
}

/** Keys may be any scalar; they are written as text. */
function keyText(key: Value): string {
  const text = textOf(key) ?? encodeScalar(key);
  if (text === undefined) throw typeError(`keys must be str, int, float, bool or None, not ${typeNameOf(key)}`);
  return text;
}

/** ASCII only: other characters as UTF-16 units. JSON.stringify escapes what comes before the space. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
