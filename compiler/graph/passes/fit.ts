/** @file Does a value of the graph fit a parameter? The question behind the types pass, asked of one argument at a time. */
import { resolvePlain } from "../../config/scalars.ts";
import type { Diagnostic, Place } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Origin } from "../../source/span.ts";
import { describe, placeOf } from "../describe.ts";
import type { CallNode, GraphValue } from "../node.ts";
import { alternatives, type TypeShape } from "../signatures/signature.ts";
import { typeDiagnostics as faults } from "./diagnostics.ts";
import type { PassContext } from "./pass.ts";
import { asData, keyText } from "./queries.ts";
import { camelCase, snakeCase } from "./resolve.ts";
import { article } from "./type-words.ts";

/** The parameter that a value goes to, for messages. */
export interface Slot {
  readonly callee: string;
  readonly name: string;
  /** The type as text. */
  readonly type: string;
  readonly shape: TypeShape;
  /** May be left out, so that null can mean "leave it out". */
  readonly optional: boolean;
  /** Where a variable brings the value here from a model's config. */
  readonly via?: Origin;
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
  /** Hears of calls that should be partials. */
  readonly #partialMeant: (node: CallNode) => void;
  /** Values that were told about: what an anchor or a variable brings to many places is wrong once. */
  readonly #told = new Set<GraphValue>();
  /** The characters of a text that a call spreads have one origin. */
  readonly #toldAt = new Set<Origin>();

  constructor(
    context: PassContext,
    valueOfVariable: (variable: string) => GraphValue | undefined,
    resultOf: (node: CallNode) => TypeShape,
    partialMeant: (node: CallNode) => void,
  ) {
    this.#partialMeant = partialMeant;
    this.#context = context;
    this.#valueOf = valueOfVariable;
    this.#resultOf = resultOf;
  }

  /** `value` as the slot takes it: keys of mappings under the slot's names. Reports what does not fit. */
  fit(value: GraphValue, slot: Slot): Fitted {
    const shapes = alternatives(slot.shape);
    if (shapes.some((shape) => shape.kind === "unknown")) return { value, omit: false };
    if (value.kind === "scalar" && value.faulty === true) return { value, omit: false };
    if (value.kind === "var") {
      const known = this.#valueOf(value.varName);
      if (known !== undefined && !this.#isNull(known)) this.fit(known, { ...slot, via: value.origin });
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
    this.#wrongType(value, slot, shapes);
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
      this.#tell(value, slot, (place) =>
        faults.booleanWord(place, {
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
      this.#tell(value, slot, (place) =>
        faults.notOneOf(place, {
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
      this.#wrongType(value, slot, shapes, "a factory (!partial)");
    } else {
      this.#wrongType(value, slot, shapes);
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
        this.#wrongType(value, slot, shapes);
      return value;
    }
    const fitted = items.map((item) => this.fit(item, { ...slot, shape: array.element, optional: false }).value);
    return fitted.every((item, index) => item === items[index]) ? value : withItems(value, fitted);
  }

  #fitMapping(value: GraphValue, slot: Slot, shapes: readonly TypeShape[]): GraphValue {
    const object = shapes.find((shape) => shape.kind === "object");
    if (object === undefined) {
      this.#wrongType(value, slot, shapes);
      return value;
    }
    const { properties } = object;
    if (properties === undefined) return value;
    return mapKeys(value, (key, entry, keyOrigin) => {
      const name = Object.hasOwn(properties, key) ? key : camelCase(key);
      const shape = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (shape === undefined) {
        const known = Object.keys(properties);
        const near = nearest(name, known);
        this.#context.report(
          faults.unknownKey(placeOf(keyOrigin), {
            callee: slot.callee,
            name: slot.name,
            key,
            nearest: near === undefined ? undefined : snakeCase(near),
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
        this.#tell(
          call,
          slot,
          (place) =>
            faults.objectExpected(place, { callee: slot.callee, name: slot.name, expected: article(slot.type) }),
          call.constructorOrigin,
        );
    } else if (found.kind === "instance" && onlyFunctions) {
      this.#partialMeant(call);
      this.#tell(
        call,
        slot,
        (place) => faults.factoryExpected(place, { callee: slot.callee, name: slot.name, found: article(found.name) }),
        call.constructorOrigin,
      );
    } else if (found.kind === "instance" && !kinds.has("array")) {
      this.#wrongType(call, slot, shapes);
    }
  }

  #wrongType(value: GraphValue, slot: Slot, shapes: readonly TypeShape[], expected = article(slot.type)): void {
    const { callee, name } = slot;
    const made = value.kind === "call" ? this.#resultOf(value) : undefined;
    const found = made?.kind === "instance" ? article(made.name) : describe(value);
    this.#tell(value, slot, (place) =>
      faults.wrongType(place, { callee, name, expected, found, help: helpFor(value, shapes) }),
    );
  }

  /** @param at the place of the fault, where that is not the value's own */
  #tell(value: GraphValue, slot: Slot, make: (place: Place) => Diagnostic, at = value.origin): void {
    if (this.#told.has(value) || this.#toldAt.has(value.origin)) return;
    this.#told.add(value);
    this.#toldAt.add(value.origin);
    const labels =
      slot.via === undefined ? undefined : [{ span: slot.via.span, text: "comes from the config by this" }];
    this.#context.report(make({ ...placeOf(at), ...(labels === undefined ? {} : { labels }) }));
  }
}

/** Words that YAML reads as booleans. */
const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
]);

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

/** What makes a value of the wrong kind right, where its form tells. */
function helpFor(value: GraphValue, shapes: readonly TypeShape[]): string | undefined {
  const takes = (kind: TypeShape["kind"]): boolean => shapes.some((shape) => shape.kind === kind);
  const instance = shapes.find((shape) => shape.kind === "instance" || (shape.kind === "object" && shape.name));
  if (value.kind === "scalar" && typeof value.value === "string") {
    const text = value.value.trim();
    if (/^(?:None|Null|nil|null)$/.test(text)) return "null is written null, without quotes";
    if (takes("number") && /^[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) {
      const type = resolvePlain(text, "reference");
      const isQuoted = type === "int" || type === "float";
      return isQuoted ? "without the quotes it is a number" : `YAML reads ${text} as text: write ${numberText(text)}`;
    }
    if (takes("boolean") && /^(?:true|false|yes|no)$/i.test(text)) return `write ${text.toLowerCase()} without quotes`;
  }
  if (value.kind === "scalar" && value.value !== null && takes("array")) return "write a list: [ … ]";
  if (value.kind === "scalar" && typeof value.value !== "string" && value.value !== null && takes("string"))
    return "in quotes it is a text";
  if ((value.kind === "list" || value.kind === "tuple") && value.items.length === 1)
    return "leave out the brackets or the dash";
  if (value.kind === "dict" && instance !== undefined && "name" in instance)
    return `a mapping becomes one behind a tag: !singleton:MODULE:${instance.name}`;
  return undefined;
}

/** A form that every reading takes for a number: with a point, and a sign in the exponent. */
function numberText(text: string): string {
  const [mantissa = "", exponent] = text.split(/[eE]/);
  if (exponent === undefined) return text;
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}e${/^[-+]/.test(exponent) ? "" : "+"}${exponent}`;
}

function withItems(value: GraphValue, items: readonly GraphValue[]): GraphValue {
  if (value.kind === "list" || value.kind === "tuple") return { ...value, items };
  if (value.kind !== "call" || value.args[0] === undefined) return value;
  return { ...value, args: [withItems(value.args[0], items)] };
}

/** A mapping, named or not, with each entry changed; itself where nothing changes. */
function mapKeys(
  value: GraphValue,
  change: (key: string, entry: GraphValue, keyOrigin: Origin) => readonly [string, GraphValue],
): GraphValue {
  if (value.kind === "dict") {
    const entries = value.entries.map((entry) => {
      const [name, made] = change(keyText(entry), entry.value, entry.key.origin);
      return name === keyText(entry) && made === entry.value
        ? entry
        : { key: { kind: "scalar" as const, value: name, origin: entry.key.origin }, value: made };
    });
    return entries.every((entry, index) => entry === value.entries[index]) ? value : { ...value, entries };
  }
  if (value.kind !== "call") return value;
  const kwargs = value.kwargs.map((entry) => {
    const [name, made] = change(entry.name, entry.value, entry.nameOrigin);
    return name === entry.name && made === entry.value ? entry : { ...entry, name, value: made };
  });
  return kwargs.every((entry, index) => entry === value.kwargs[index]) ? value : { ...value, kwargs };
}
