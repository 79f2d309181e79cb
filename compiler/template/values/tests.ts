/** @file The tests (`x is NAME`), by name. */
import { binary } from "./arithmetic.ts";
import { compare, contains, equals, type Ordering } from "./compare.ts";
import type { FilterContext, Test } from "./context.ts";
import { PyDict, PyDictView } from "./dict.ts";
import { isSame } from "./hash.ts";
import { tryIterator } from "./iterate.ts";
import { isLower, isUpper } from "./methods/characters.ts";
import { str } from "./print.ts";
import { type Body, bindArguments, invoke } from "./signature.ts";
import { Undefined } from "./undefined.ts";
import { Callable, Markup, PyObject, textOf, type Value } from "./value.ts";

type Row = readonly [signature: string, body: (context: FilterContext, value: Value, ...bound: never[]) => boolean];

const about = (holds: (value: Value) => boolean): Row => ["", (_context, value) => holds(value)];

const against = (holds: (value: Value, other: Value) => boolean): Row => [
  "other",
  (_context, value, other: Value) => holds(value, other),
];

const ordered = (operator: Ordering): Row => against((value, other) => compare(operator, value, other));

const equal = against(equals);
const unequal = against((value, other) => !equals(value, other));

const remainderIs = (value: Value, divisor: Value, remainder: bigint): boolean =>
  equals(binary("%", value, divisor), remainder);

/** Has a length and items: strings, lists, tuples, dicts, ranges; not views. */
function isSequence(value: Value): boolean {
  if (value instanceof Undefined) return value.lenient;
  if (textOf(value) !== undefined) return true;
  return value instanceof PyObject && !(value instanceof PyDictView) && value.length() !== undefined;
}

/** Is a filter or test of that name there? Asking with an undefined value is a use of it. */
const known =
  (has: "hasFilter" | "hasTest") =>
  (context: FilterContext, value: Value): boolean =>
    context[has](value instanceof Undefined ? str(value) : (textOf(value) ?? ""));

const rows: Readonly<Record<string, Row>> = {
  boolean: about((value) => typeof value === "boolean"),
  callable: about((value) => value instanceof Callable || value instanceof Undefined),
  defined: about((value) => !(value instanceof Undefined)),
  divisibleby: ["num", (_context, value, divisor: Value) => remainderIs(value, divisor, 0n)],
  escaped: about((value) => value instanceof Markup),
  even: about((value) => remainderIs(value, 2n, 0n)),
  false: about((value) => value === false),
  filter: ["", known("hasFilter")],
  float: about((value) => typeof value === "number"),
  in: ["seq", (_context, value, container: Value) => contains(container, value)],
  integer: about((value) => typeof value === "bigint"),
  iterable: about((value) => tryIterator(value) !== undefined),
  lower: about((value) => isLower(str(value))),
  mapping: about((value) => value instanceof PyDict),
  none: about((value) => value === null),
  number: about((value) => ["boolean", "bigint", "number"].includes(typeof value)),
  odd: about((value) => remainderIs(value, 2n, 1n)),
  sameas: against(isSame),
  sequence: about(isSequence),
  string: about((value) => textOf(value) !== undefined),
  test: ["", known("hasTest")],
  true: about((value) => value === true),
  undefined: about((value) => value instanceof Undefined),
  upper: about((value) => isUpper(str(value))),
  eq: equal,
  equalto: equal,
  "==": equal,
  ne: unequal,
  "!=": unequal,
  gt: ordered(">"),
  greaterthan: ordered(">"),
  ">": ordered(">"),
  ge: ordered(">="),
  ">=": ordered(">="),
  lt: ordered("<"),
  lessthan: ordered("<"),
  "<": ordered("<"),
  le: ordered("<="),
  "<=": ordered("<="),
};

export const tests: ReadonlyMap<string, Test> = new Map(
  Object.entries(rows).map(([name, [signature, body]]) => {
    const test: Test = (context, value, args, kwargs) =>
      invoke(body as Body, [context, value], bindArguments(name, signature, args, kwargs)) === true;
    return [name, test];
  }),
);
