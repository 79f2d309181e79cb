/** @file First half of a YAML dump: values to a graph of tagged nodes. An object that occurs twice becomes one node. */
import { lessThan } from "../compare.ts";
import { PyDateTime } from "../datetime.ts";
import { PyDict } from "../dict.ts";
import { TemplateError } from "../errors.ts";
import { floatRepr, intText } from "../print.ts";
import { PyList, PyNamedTuple, PyTuple, typeNameOf, type Value } from "../value.ts";

export type YamlTag = "str" | "int" | "float" | "bool" | "null" | "timestamp" | "seq" | "map";

export interface YamlScalar {
  readonly kind: "scalar";
  readonly tag: YamlTag;
  readonly text: string;
}
export interface YamlSequence {
  readonly kind: "sequence";
  readonly items: YamlNode[];
}
export interface YamlMapping {
  readonly kind: "mapping";
  readonly entries: (readonly [key: YamlNode, value: YamlNode])[];
}
export type YamlNode = YamlScalar | YamlSequence | YamlMapping;

/** PyYAML's safe representer. Types that it does not know are errors. */
export function represent(value: Value): YamlNode {
  return representOnce(value, new Map());
}

const scalar = (tag: YamlTag, text: string): YamlScalar => ({ kind: "scalar", tag, text });

function representOnce(value: Value, known: Map<Value, YamlNode>): YamlNode {
  switch (typeof value) {
    case "string":
      return scalar("str", value);
    case "boolean":
      return scalar("bool", value ? "true" : "false");
    case "bigint":
      return scalar("int", intText(value));
    case "number":
      return scalar("float", floatText(value));
  }
  if (value === null) return scalar("null", "null");
  const earlier = known.get(value);
  if (earlier !== undefined) return earlier;
  if (value instanceof PyDateTime) return remember(scalar("timestamp", value.isoFormat(" ")));
  if (value instanceof PyList || (value instanceof PyTuple && value.constructor === PyTuple)) {
    const node: YamlSequence = { kind: "sequence", items: [] };
    // Every empty tuple is the same object in Python; the dumper leaves it out of account.
    if (!(value instanceof PyTuple && value.items.length === 0)) known.set(value, node);
    for (const item of value.items) node.items.push(representOnce(item, known));
    return node;
  }
  if (value instanceof PyDict) {
    const node: YamlMapping = { kind: "mapping", entries: [] };
    known.set(value, node);
    for (const [key, item] of sortedEntries(value)) {
      node.entries.push([representOnce(key, known), representOnce(item, known)]);
    }
    return node;
  }
  const article = value instanceof PyNamedTuple ? "a named tuple" : `'${typeNameOf(value)}' object`;
  throw new TemplateError("yaml", `cannot represent an object: ${article}`);

  function remember(node: YamlNode): YamlNode {
    known.set(value, node);
    return node;
  }
}

/** By key where all keys can be compared, else as they are. */
function sortedEntries(dict: PyDict): readonly (readonly [Value, Value])[] {
  try {
    return [...dict.entries()].sort(([a], [b]) => (lessThan(a, b) ? -1 : lessThan(b, a) ? 1 : 0));
  } catch (error) {
    if (error instanceof TemplateError && error.kind === "type") return dict.entries();
    throw error;
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = floatRepr(value);
  // YAML 1.1 knows no float without a point.
  return text.includes(".") ? text : text.replace("e", ".0e");
}
