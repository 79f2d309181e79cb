/** @file How filters are written down: a table from name to signature and body, as for methods. */
import { getAttribute } from "../access.ts";
import type { Filter, FilterContext } from "../context.ts";
import { typeError } from "../errors.ts";
import { str } from "../print.ts";
import { type Body, bindArguments, invoke } from "../signature.ts";
import { Undefined } from "../undefined.ts";
import { call, Markup, textOf, typeNameOf, type Value } from "../value.ts";

/** `[signature of the arguments after the value, body]` */
export type FilterRows = Readonly<
  Record<string, readonly [signature: string, body: (context: FilterContext, value: Value, ...bound: never[]) => Value]>
>;

export function filterTable(rows: FilterRows): ReadonlyMap<string, Filter> {
  return new Map(
    Object.entries(rows).map(([name, [signature, body]]) => {
      const filter: Filter = (context, value, args, kwargs) =>
        invoke(body as Body, [context, value], bindArguments(name, signature, args, kwargs));
      return [name, filter];
    }),
  );
}

/** Any value as text to work on: printed, unless it is safe text, which stays safe. */
export function softText(value: Value): string | Markup {
  return value instanceof Markup ? value : str(value);
}

/** Call a str method on a value's text. */
export function textMethod(value: Value, name: string, ...args: Value[]): Value {
  return call(getAttribute(softText(value), name), args);
}

/** A value that must be text already. */
export function requireText(value: Value, filter: string): string {
  const text = textOf(value);
  if (text !== undefined) return text;
  if (value instanceof Undefined) str(value); // fails with its own message, unless it is lenient
  throw typeError(`${filter} needs a string, not ${typeNameOf(value)}`);
}

/** Text in the guise of the value that it was made from: safe text gives safe text. */
export function like(value: Value, text: string): string | Markup {
  return value instanceof Markup ? new Markup(text) : text;
}
