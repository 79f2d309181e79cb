/** @file Does a value of the graph fit a parameter? The question behind the types pass, asked of one argument at a time. */
import { nearest } from "../../source/nearest.ts";
import { describe, placeOf } from "../describe.ts";
import type { CallNode, GraphValue } from "../node.ts";
import { alternatives, type TypeShape } from "../signatures/signature.ts";
import { typeDiagnostics as faults } from "./diagnostics.ts";
import type { PassContext } from "./pass.ts";
import { asData, keyText } from "./queries.ts";
import { camelCase } from "./resolve.ts";

/** The parameter that a value goes to, for messages. */
export interface Slot {
  readonly callee: string;
  readonly name: string;
  /** The type as text. */
  readonly type: string;
  readonly shape: TypeShape;
  /** May be left out, so that null can mean "leave it out". */
  readonly optional: boolean;
}

export interface Fitted {
  readonly value: GraphValue;
  /** Null where the parameter takes none, but may be absent. */
  readonly omit: boolean;
}

export class Fitter {
  readonly #context: PassContext;
  /** The value behind a variable, where the model's config tells it. */
  readonly #valueOf: (variable: string) => GraphValue | undefined;
  /** What calls give, as far as signatures tell. */
  readonly #resultOf: (node: CallNode) => TypeShape;

  constructor(
    context: PassContext,
    valueOfVariable: (variable: string) => GraphValue | undefined,
    resultOf: (node: CallNode) => TypeShape,
  ) {
    this.#context = context;
    this.#valueOf = valueOfVariable;
    this.#resultOf = resultOf;
  }

  /** `value` as the slot takes it: keys of mappings under the slot's names. Reports what does not fit. */
  fit(value: GraphValue, slot: Slot): Fitted {
    const shapes = alternatives(slot.shape);
    if (shapes.some((shape) => shape.kind === "unknown")) return { value, omit: false };
    if (value.kind === "var") {
      const known = this.#valueOf(value.varName);
      if (known !== undefined && !this.#isNull(known)) this.fit(known, slot);
      return { value, omit: false };
    }
    if (this.#isNull(value)) return this.#fitNull(value, slot, shapes);
    const data = value.kind === "call" && value.mode !== "partial" ? (asData(value) ?? value) : value;
    switch (data.kind) {
      case "scalar":
        this.#fitScalar(data.value, value, slot, shapes);
        return { value, omit: false };
      case "list":
      case "tuple":
        return { value: this.#fitItems(value, data.items, slot, shapes), omit: false };
      case "dict":
        return { value: this.#fitMapping(value, slot, shapes), omit: false };
      case "call":
        this.#fitCall(data, slot, shapes);
        return { value, omit: false };
      default:
        return { value, omit: false };
    }
  }

  #isNull(value: GraphValue): boolean {
    return value.kind === "scalar" && value.value === null;
  }

  #fitNull(value: GraphValue, slot: Slot, shapes: readonly TypeShape[]): Fitted {
    if (shapes.some(({ kind }) => kind === "null")) return { value, omit: false };
    if (slot.optional || shapes.some(({ kind }) => kind === "undefined")) return { value, omit: true };
    this.#wrongType(value, slot);
    return { value, omit: false };
  }

  #fitScalar(
    found: null | boolean | bigint | number | string,
    value: GraphValue,
    slot: Slot,
    shapes: readonly TypeShape[],
  ): void {
    const plain = typeof found === "bigint" ? Number(found) : found;
    const kind = typeof plain;
    if (shapes.some((shape) => shape.kind === kind || (shape.kind === "literal" && shape.value === plain))) return;
    const literals = shapes.flatMap((shape) => (shape.kind === "literal" ? [shape.value] : []));
    const word = literals.find((literal) => typeof plain === "boolean" && booleanWords.get(`${literal}`) === plain);
    if (word !== undefined) {
      this.#context.report(
        faults.booleanWord(placeOf(value.origin), {
          callee: slot.callee,
          name: slot.name,
          word: `${word}`,
          found: plain === true,
          allowed: literals.map((literal) => JSON.stringify(literal)),
        }),
      );
      return;
    }
    if (literals.some((literal) => typeof literal === kind)) {
      const allowed = literals.map((literal) => JSON.stringify(literal));
      const near =
        typeof plain === "string"
          ? nearest(
              plain,
              literals.filter((literal) => typeof literal === "string"),
            )
          : undefined;
      this.#context.report(
        faults.notOneOf(placeOf(value.origin), {
          callee: slot.callee,
          name: slot.name,
          found: JSON.stringify(plain),
          allowed,
          nearest: near,
        }),
      );
    } else if (
      shapes.every((shape) => shape.kind === "function" || shape.kind === "undefined" || shape.kind === "null")
    ) {
      this.#wrongType(value, slot, "a factory (!partial)");
    } else {
      this.#wrongType(value, slot);
    }
  }

  #fitItems(value: GraphValue, items: readonly GraphValue[], slot: Slot, shapes: readonly TypeShape[]): GraphValue {
    const array = shapes.find((shape) => shape.kind === "array");
    if (array === undefined) {
      // An iterable or a class of the library's own may take a list: only clear cases are told here, the rest by the TypeScript checker.
      if (
        shapes.every((shape) =>
          ["number", "string", "boolean", "literal", "null", "undefined", "function"].includes(shape.kind),
        )
      )
        this.#wrongType(value, slot);
      return value;
    }
    const fitted = items.map((item) => this.fit(item, { ...slot, shape: array.element, optional: false }).value);
    return fitted.every((item, index) => item === items[index]) ? value : withItems(value, fitted);
  }

  #fitMapping(value: GraphValue, slot: Slot, shapes: readonly TypeShape[]): GraphValue {
    const object = shapes.find((shape) => shape.kind === "object");
    if (object === undefined) {
      this.#wrongType(value, slot);
      return value;
    }
    const { properties } = object;
    if (properties === undefined) return value;
    return mapKeys(value, (key, entry) => {
      const name = key in properties ? key : camelCase(key);
      const shape = properties[name];
      if (shape === undefined) {
        const known = Object.keys(properties);
        this.#context.report(
          faults.unknownKey(placeOf(entry.origin), {
            callee: slot.callee,
            name: slot.name,
            key,
            nearest: nearest(name, known),
          }),
        );
        return [key, entry];
      }
      return [
        name,
        this.fit(entry, { ...slot, name: `${slot.name}.${key}`, type: typeText(shape), shape, optional: true }).value,
      ];
    });
  }

  #fitCall(call: CallNode, slot: Slot, shapes: readonly TypeShape[]): void {
    const found = call.mode === "partial" ? ({ kind: "function" } as const) : this.#resultOf(call);
    const kinds = new Set(shapes.map(({ kind }) => kind));
    if (found.kind === "unknown" || kinds.has(found.kind) || (found.kind === "instance" && kinds.has("object"))) return;
    const onlyFunctions = [...kinds].every((kind) => kind === "function" || kind === "undefined" || kind === "null");
    if (found.kind === "function") {
      if (!kinds.has("object"))
        this.#context.report(
          faults.objectExpected(placeOf(call.constructorOrigin), {
            callee: slot.callee,
            name: slot.name,
            expected: article(slot.type),
          }),
        );
    } else if (found.kind === "instance" && onlyFunctions) {
      this.#context.report(
        faults.factoryExpected(placeOf(call.constructorOrigin), {
          callee: slot.callee,
          name: slot.name,
          found: article(found.name),
        }),
      );
    } else if (found.kind === "instance" && !kinds.has("array")) {
      this.#wrongType(call, slot);
    }
  }

  #wrongType(value: GraphValue, slot: Slot, expected = article(slot.type)): void {
    this.#context.report(
      faults.wrongType(placeOf(value.origin), {
        callee: slot.callee,
        name: slot.name,
        expected,
        found: describe(value),
      }),
    );
  }
}

/** Words that YAML reads as booleans. */
const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
]);

export function article(type: string): string {
  return /^[A-Za-z]\w*$/.test(type) ? `${/^[aeiouAEIO]/.test(type) ? "an" : "a"} ${type}` : `\`${type}\``;
}

/** For messages about nested keys, where no source text is at hand. */
export function typeText(shape: TypeShape): string {
  switch (shape.kind) {
    case "literal":
      return JSON.stringify(shape.value);
    case "array":
      return `${typeText(shape.element)}[]`;
    case "union":
      return shape.of.map(typeText).join(" | ");
    case "object":
      return shape.name ?? "object";
    case "instance":
      return shape.name;
    default:
      return shape.kind;
  }
}

function withItems(value: GraphValue, items: readonly GraphValue[]): GraphValue {
  if (value.kind === "list" || value.kind === "tuple") return { ...value, items };
  if (value.kind !== "call" || value.args[0] === undefined) return value;
  return { ...value, args: [withItems(value.args[0], items)] };
}

/** A mapping, named or not, with each entry changed; itself where nothing changes. */
function mapKeys(
  value: GraphValue,
  change: (key: string, entry: GraphValue) => readonly [string, GraphValue],
): GraphValue {
  if (value.kind === "dict") {
    const entries = value.entries.map((entry) => {
      const [name, made] = change(keyText(entry), entry.value);
      return name === keyText(entry) && made === entry.value
        ? entry
        : { key: { kind: "scalar" as const, value: name, origin: entry.key.origin }, value: made };
    });
    return entries.every((entry, index) => entry === value.entries[index]) ? value : { ...value, entries };
  }
  if (value.kind !== "call") return value;
  const kwargs = value.kwargs.map((entry) => {
    const [name, made] = change(entry.name, entry.value);
    return name === entry.name && made === entry.value ? entry : { ...entry, name, value: made };
  });
  return kwargs.every((entry, index) => entry === value.kwargs[index]) ? value : { ...value, kwargs };
}
