/** @file Filters that apply other filters and tests to each item: `map`, `select`, `reject` and their `…attr` forms. All are lazy. */

import { truthy } from "../compare.ts";
import type { Filter, FilterContext } from "../context.ts";
import { runtimeError } from "../errors.ts";
import { iterate } from "../iterate.ts";
import { expectText } from "../signature.ts";
import { type KeywordArguments, PyGenerator, type Value } from "../value.ts";
import { attributeGetter, type Getter } from "./attribute.ts";

/** Nothing is looked at before the first item is asked for; an empty value then needs no valid arguments. */
function lazily(value: Value, prepare: () => (items: Iterable<Value>) => Generator<Value>): PyGenerator {
  function* run(): Generator<Value> {
    if (truthy(value)) yield* prepare()(iterate(value));
  }
  return new PyGenerator(run());
}

const map: Filter = (context, value, args, kwargs) =>
  lazily(value, () => {
    const apply = mapper(context, args, kwargs);
    return function* (items) {
      for (const item of items) yield apply(item);
    };
  });

function mapper(context: FilterContext, args: readonly Value[], kwargs: KeywordArguments): Getter {
  const attribute = kwargs.get("attribute");
  if (args.length === 0 && attribute !== undefined) {
    const extra = [...kwargs.keys()].find((name) => name !== "attribute" && name !== "default");
    if (extra !== undefined) throw runtimeError(`Unexpected keyword argument '${extra}'`);
    return attributeGetter(attribute, kwargs.get("default") ?? null);
  }
  const [name, ...rest] = args;
  if (name === undefined) throw runtimeError("map requires a filter argument");
  return (item) => context.callFilter(expectText(name, "filter name"), item, rest, kwargs);
}

function selector(keep: boolean, byAttribute: boolean): Filter {
  return (context, value, args, kwargs) =>
    lazily(value, () => {
      const [attribute, ...afterAttribute] = args;
      if (byAttribute && attribute === undefined) throw runtimeError("Missing parameter for attribute name");
      const get: Getter = byAttribute ? attributeGetter(attribute!) : (item) => item;
      const [test, ...testArguments] = byAttribute ? afterAttribute : args;
      const holds = (item: Value): boolean =>
        test === undefined
          ? truthy(item)
          : context.callTest(expectText(test, "test name"), item, testArguments, kwargs);
      return function* (items) {
        for (const item of items) if (holds(get(item)) === keep) yield item;
      };
    });
}

export const functionalFilters: ReadonlyMap<string, Filter> = new Map([
  ["map", map],
  ["reject", selector(false, false)],
  ["rejectattr", selector(false, true)],
  ["select", selector(true, false)],
  ["selectattr", selector(true, true)],
]);
