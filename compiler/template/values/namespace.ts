/** @file Objects with state that templates make: namespaces, cyclers, joiners. */
import { PyDict } from "./dict.ts";
import { runtimeError, typeError } from "./errors.ts";
import { repr } from "./print.ts";
import { BuiltinFunction, Callable, type KeywordArguments, PyObject, PyTuple, type Value } from "./value.ts";

/** `namespace()`: attributes that `{% set ns.name = … %}` may assign, from any scope. */
export class Namespace extends PyObject {
  readonly typeName = "Namespace";
  readonly attributes = new Map<string, Value>();

  override attribute(name: string): Value | undefined {
    return this.attributes.get(name);
  }
  override attributeNames(): readonly string[] {
    return [...this.attributes.keys()];
  }
  setAttribute(name: string, value: Value): void {
    this.attributes.set(name, value);
  }
  override repr(): string {
    return `<Namespace ${repr(new PyDict(this.attributes))}>`;
  }
}

/** `cycler(a, b, …)`: gives its items in turn, over and over. */
export class Cycler extends PyObject {
  readonly typeName = "Cycler";
  readonly items: readonly Value[];
  #position = 0;

  constructor(items: readonly Value[]) {
    super();
    if (items.length === 0) throw runtimeError("at least one item has to be provided");
    this.items = items;
  }
  override attribute(name: string): Value | undefined {
    switch (name) {
      case "current":
        return this.items[this.#position]!;
      case "pos":
        return BigInt(this.#position);
      case "items":
        return new PyTuple(this.items);
      case "next":
        return new BuiltinFunction("next", () => {
          const current = this.items[this.#position]!;
          this.#position = (this.#position + 1) % this.items.length;
          return current;
        });
      case "reset":
        return new BuiltinFunction("reset", () => {
          this.#position = 0;
          return null;
        });
      default:
        return undefined;
    }
  }
  override attributeNames(): readonly string[] {
    return ["current", "items", "next", "pos", "reset"];
  }
}

/** `joiner(sep)`: nothing at the first call, the separator at every later one. */
export class Joiner extends Callable {
  override readonly typeName = "Joiner";
  readonly name = "joiner";
  readonly separator: Value;
  #used = false;

  constructor(separator: Value) {
    super();
    this.separator = separator;
  }
  override attribute(name: string): Value | undefined {
    return name === "sep" ? this.separator : name === "used" ? this.#used : undefined;
  }
  override call(args: readonly Value[], kwargs: KeywordArguments): Value {
    if (args.length > 0 || kwargs.size > 0) throw typeError("joiner takes no arguments");
    if (this.#used) return this.separator;
    this.#used = true;
    return "";
  }
}
