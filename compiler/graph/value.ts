/** @file The objects that materializing makes, beside JavaScript's own: tuples, views, callables. */

/** null, boolean, bigint (int), number (float), string; arrays, Maps, the classes below, and objects of the constructors. */
export type Value = null | boolean | bigint | number | string | object;
export type Keywords = ReadonlyMap<string, Value>;

export class Tuple {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** `keys(x)`, `values(x)`, `items(x)` of a mapping. */
export class View {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

export class Callable {
  readonly call: (args: readonly Value[], kwargs: Keywords) => Value;
  /** What a dotted name finds on it: `dict.fromkeys`. */
  readonly members: ReadonlyMap<string, Value>;
  constructor(
    call: (args: readonly Value[], kwargs: Keywords) => Value,
    members: ReadonlyMap<string, Value> = new Map(),
  ) {
    this.call = call;
    this.members = members;
  }
}

/** An object whose attributes `getattr` can read. */
export interface HasAttributes {
  getAttribute(name: string): Value | undefined;
}

export function hasAttributes(value: Value): value is HasAttributes {
  return (
    typeof value === "object" && value !== null && "getAttribute" in value && typeof value.getAttribute === "function"
  );
}

/** A call that failed because of what it was given. `reason` completes "'f' failed: …". */
export class CallError extends Error {
  override readonly name = "CallError";
}
