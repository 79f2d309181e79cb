/** @file `loop`: what the body of a `for` knows of its pass. */
import type { Piece } from "../output.ts";
import {
  builtin,
  equals,
  iteratorOf,
  type KeywordArguments,
  type PyTuple,
  TemplateError,
  tryLength,
  undefinedBecause,
  type Value,
} from "../values/index.ts";
import { Renderable, type Site } from "./rendering.ts";

/** Renders the loop's body for other items, one level deeper. */
export type Recurse = (items: Value, depth: number, site: Site) => readonly Piece[];

export class LoopContext extends Renderable {
  override readonly typeName = "LoopContext";
  readonly name = "loop";
  protected readonly home: Site;
  protected readonly autoescape: boolean;
  readonly #recurse: Recurse | undefined;
  readonly #depth: number;
  readonly #items: Iterator<Value>;
  /** Known at once for what has a length; otherwise by reading to the end. */
  #length: number | undefined;
  #ahead: Value[] = [];
  #index = -1;
  #previous: Value | undefined;
  #current: Value | undefined;
  #lastChanged: PyTuple | undefined;

  constructor(
    items: Value | Iterator<Value>,
    depth: number,
    recurse: Recurse | undefined,
    home: Site,
    autoescape: boolean,
  ) {
    super();
    const isIterator =
      typeof items === "object" && items !== null && "next" in items && typeof items.next === "function";
    this.#items = isIterator ? (items as Iterator<Value>) : iteratorOf(items as Value);
    this.#length = isIterator ? undefined : tryLength(items as Value);
    this.#depth = depth;
    this.#recurse = recurse;
    this.home = home;
    this.autoescape = autoescape;
  }

  /** The next item; undefined after the last. */
  advance(): Value | undefined {
    const item = this.#ahead.length > 0 ? this.#ahead.shift() : this.#read();
    if (item === undefined) return undefined;
    this.#index += 1;
    this.#previous = this.#current;
    this.#current = item;
    return item;
  }

  #read(): Value | undefined {
    const next = this.#items.next();
    return next.done === true ? undefined : next.value;
  }

  #peek(): Value | undefined {
    if (this.#ahead.length === 0) {
      const next = this.#read();
      if (next !== undefined) this.#ahead.push(next);
    }
    return this.#ahead[0];
  }

  override length(): number {
    if (this.#length === undefined) {
      for (let item = this.#read(); item !== undefined; item = this.#read()) this.#ahead.push(item);
      this.#length = this.#index + 1 + this.#ahead.length;
    }
    return this.#length;
  }

  override iterate(): Iterator<Value> {
    return {
      next: () => {
        const value = this.advance();
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
    };
  }

  override attribute(name: string): Value | undefined {
    const index = BigInt(this.#index);
    switch (name) {
      case "index":
        return index + 1n;
      case "index0":
        return index;
      case "revindex":
        return BigInt(this.length()) - index;
      case "revindex0":
        return BigInt(this.length()) - index - 1n;
      case "first":
        return this.#index === 0;
      case "last":
        return this.#peek() === undefined;
      case "length":
        return BigInt(this.length());
      case "depth":
        return BigInt(this.#depth + 1);
      case "depth0":
        return BigInt(this.#depth);
      case "previtem":
        return this.#previous ?? (this.#index > 0 ? null : undefinedBecause("there is no previous item", "previtem"));
      case "nextitem":
        return this.#peek() ?? undefinedBecause("there is no next item", "nextitem");
      case "cycle":
        return builtin("cycle", "*args", (items: PyTuple) => this.#cycle(items.items));
      case "changed":
        return builtin("changed", "*value", (values: PyTuple) => this.#changed(values));
      default:
        return undefined;
    }
  }

  override attributeNames(): readonly string[] {
    return "index index0 revindex revindex0 first last length depth depth0 previtem nextitem cycle changed".split(" ");
  }

  #cycle(items: readonly Value[]): Value {
    if (items.length === 0) throw new TemplateError("type", "no items for cycling given");
    return items[this.#index % items.length] as Value;
  }

  #changed(values: PyTuple): boolean {
    if (this.#lastChanged !== undefined && equals(this.#lastChanged, values)) return false;
    this.#lastChanged = values;
    return true;
  }

  override render(args: readonly Value[], kwargs: KeywordArguments, site: Site): readonly Piece[] {
    if (this.#recurse === undefined) {
      throw new TemplateError("type", "the loop must have the 'recursive' marker to be called recursively");
    }
    const items = args[0] ?? kwargs.get("iterable");
    if (items === undefined || args.length + kwargs.size !== 1)
      throw new TemplateError("type", "loop() takes the items to loop over");
    return this.#recurse(items, this.#depth + 1, site);
  }

  override repr(): string {
    return `<LoopContext ${this.#index + 1}/${this.length()}>`;
  }
}
