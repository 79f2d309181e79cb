/** @file The context that filters and tests are called with, over the tables of this folder. */
import type { FilterContext, TemplateHost } from "./context.ts";
import { runtimeError } from "./errors.ts";
import { filters } from "./filters/index.ts";
import { tests } from "./tests.ts";
import { Poisoned, poisoned } from "./undefined.ts";

/** `onCall` is told of every call, also of those that `map` and `select` make for each item. */
export function createFilterContext(host: TemplateHost, autoescape = false, onCall = (): void => {}): FilterContext {
  const context: FilterContext = {
    autoescape,
    host,
    hasFilter: (name) => filters.has(name),
    hasTest: (name) => tests.has(name),
    callFilter(name, value, args, kwargs) {
      onCall();
      // Also `defined` and `default` are uses of it: what they would say follows from the fault.
      if (value instanceof Poisoned) value.fail();
      const filter = filters.get(name);
      if (filter === undefined) throw runtimeError(`No filter named '${name}'.`);
      return filter(context, value, args, kwargs);
    },
    callTest(name, value, args, kwargs) {
      onCall();
      if (value instanceof Poisoned || args.some((arg) => arg instanceof Poisoned)) poisoned.fail();
      const test = tests.get(name);
      if (test === undefined) throw runtimeError(`No test named '${name}'.`);
      return test(context, value, args, kwargs);
    },
  };
  return context;
}
