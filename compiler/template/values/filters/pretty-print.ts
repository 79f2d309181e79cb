/** @file Python's `pprint.pformat`: sorted keys, broken at 80 columns. */
import { codePointLength } from "../code-points.ts";
import { compare } from "../compare.ts";
import { PyDict } from "../dict.ts";
import { TemplateError } from "../errors.ts";
import { Walk } from "../limits.ts";
import { splitLines } from "../methods/text.ts";
import { repr, reprText } from "../print.ts";
import { PyList, PyTuple, typeNameOf, type Value } from "../value.ts";

const width = 80;

/** The columns before a value, and those to leave free after its last line. */
interface Place {
  readonly indent: number;
  readonly allowance: number;
  readonly level: number;
}

export function prettyPrint(value: Value): string {
  return format(value, { indent: 0, allowance: 0, level: 0 }, new Set(), new Walk());
}

function format(value: Value, place: Place, open: Set<Value>, walk: Walk): string {
  if (open.has(value)) return recursion(value);
  const flat = flatten(value, new Set(open), walk);
  if (codePointLength(flat) <= width - place.indent - place.allowance) return flat;
  const inner = { ...place, level: place.level + 1 };
  if (typeof value === "string") return formatText(value, inner);
  open.add(value);
  try {
    if (value instanceof PyDict) return `{${formatEntries(value, inner, open, walk)}}`;
    if (value instanceof PyList)
      return `[${formatItems(value.items, { ...inner, allowance: place.allowance + 1 }, open, walk)}]`;
    if (isPlainTuple(value)) {
      const end = value.items.length === 1 ? ",)" : ")";
      const allowance = place.allowance + end.length;
      return `(${formatItems(value.items, { ...inner, allowance }, open, walk)}${end}`;
    }
    return flat;
  } finally {
    open.delete(value);
  }
}

const isPlainTuple = (value: Value): value is PyTuple => value instanceof PyTuple && value.constructor === PyTuple;

const recursion = (value: Value): string => `<Recursion on ${typeNameOf(value)}>`;

/** The value on one line, keys sorted at every level. */
function flatten(value: Value, open: Set<Value>, walk: Walk): string {
  walk.step();
  if (typeof value === "string") walk.text(value.length);
  if (!(value instanceof PyDict) && !(value instanceof PyList) && !isPlainTuple(value)) return repr(value);
  if (open.has(value)) return recursion(value);
  open.add(value);
  const inner = (item: Value): string => flatten(item, open, walk);
  const text =
    value instanceof PyDict
      ? `{${sortedEntries(value)
          .map(([key, item]) => `${inner(key)}: ${inner(item)}`)
          .join(", ")}}`
      : value instanceof PyList
        ? `[${value.items.map(inner).join(", ")}]`
        : `(${value.items.map(inner).join(", ")}${value.items.length === 1 ? "," : ""})`;
  open.delete(value);
  return text;
}

/** By key; keys that have no order go by the names of their types. */
function sortedEntries(dict: PyDict): (readonly [Value, Value])[] {
  const before = (a: Value, b: Value): boolean => {
    try {
      return compare("<", a, b);
    } catch (error) {
      if (error instanceof TemplateError && error.kind === "type") return typeNameOf(a) < typeNameOf(b);
      throw error;
    }
  };
  return [...dict.entries()].sort(([a], [b]) => (before(a, b) ? -1 : before(b, a) ? 1 : 0));
}

function formatEntries(dict: PyDict, { indent, allowance, level }: Place, open: Set<Value>, walk: Walk): string {
  const column = indent + 1;
  const entries = sortedEntries(dict);
  const lines = entries.map(([key, item], i) => {
    const label = `${flatten(key, new Set(open), walk)}: `;
    const isLast = i === entries.length - 1;
    const place = { indent: column + codePointLength(label), allowance: isLast ? allowance + 1 : 1, level };
    return label + format(item, place, open, walk);
  });
  return lines.join(`,\n${" ".repeat(column)}`);
}

function formatItems(
  items: readonly Value[],
  { indent, allowance, level }: Place,
  open: Set<Value>,
  walk: Walk,
): string {
  const column = indent + 1;
  const lines = items.map((item, i) =>
    format(item, { indent: column, allowance: i === items.length - 1 ? allowance : 1, level }, open, walk),
  );
  return lines.join(`,\n${" ".repeat(column)}`);
}

/** A long string as adjacent literals, broken after spaces and line ends; in parentheses where it stands alone. */
function formatText(text: string, { indent, allowance, level }: Place): string {
  const alone = level === 1;
  const column = indent + (alone ? 1 : 0);
  const reserved = allowance + (alone ? 1 : 0);
  const lines = splitLines(text, true);
  const chunks = lines.flatMap((line, i) => {
    const isLast = i === lines.length - 1;
    const room = width - column;
    const whole = reprText(line);
    return codePointLength(whole) <= room - (isLast ? reserved : 0)
      ? [whole]
      : breakLine(line, room, isLast ? reserved : 0);
  });
  if (chunks.length === 1) return chunks[0]!;
  const joined = chunks.join(`\n${" ".repeat(column)}`);
  return alone ? `(${joined})` : joined;
}

/** Pieces of a line at its spaces, each as long as fits; `reserved` columns are kept free after the last. */
function breakLine(line: string, room: number, reserved: number): string[] {
  const parts = line.match(/\S+\s*|\s+/g) ?? [];
  const chunks: string[] = [];
  let current = "";
  for (const [i, part] of parts.entries()) {
    const limit = i === parts.length - 1 ? room - reserved : room;
    if (codePointLength(reprText(current + part)) > limit) {
      if (current !== "") chunks.push(reprText(current));
      current = part;
    } else current += part;
  }
  if (current !== "") chunks.push(reprText(current));
  return chunks;
}
