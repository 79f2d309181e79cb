/** @file Words for values in messages, and the place of an origin in the form that diagnostics take. */
import type { ConfigNode } from "../config/tree.ts";
import type { Place } from "../diagnostics/diagnostic.ts";
import type { Origin } from "../source/span.ts";
import { floatText } from "./float-text.ts";
import type { GraphValue } from "./node.ts";

export function placeOf(origin: Origin): Place {
  return { span: origin.span, chain: origin.stack };
}

/** "a list", "the int 5", "the node !call:f". */
export function describe(value: ConfigNode | GraphValue): string {
  switch (value.kind) {
    case "scalar":
      if ("text" in value) return value.text === "" ? "nothing" : `the scalar '${shorten(value.text)}'`;
      return describeScalar(value.value);
    case "sequence":
    case "list":
      return "a list";
    case "mapping":
    case "dict":
      return "a mapping";
    case "tuple":
      return "a tuple";
    case "opaque":
      return { date: "a date", datetime: "a date with a time", bytes: "binary data", set: "a set" }[value.type];
    case "var":
      return `the variable '${value.varName}'`;
    case "call":
      return `the node '${value.constructorSpec}'`;
  }
}

function describeScalar(value: null | boolean | bigint | number | string): string {
  if (value === null) return "null";
  if (typeof value === "string") return `the text '${shorten(value)}'`;
  if (typeof value === "bigint") return `the int ${value}`;
  if (typeof value === "number") return `the float ${floatText(value)}`;
  return `the boolean ${value}`;
}

function shorten(text: string): string {
  const line = text.split("\n")[0] as string;
  return line.length < text.length || line.length > 40 ? `${line.slice(0, 40)}…` : line;
}
