/** @file `str.format`: replacement fields, their names, conversions and nested specifications. */
import type { PyDict } from "../dict.ts";
import { indexError, keyError, valueError } from "../errors.ts";
import { asciiRepr, repr, str } from "../print.ts";
import type { Value } from "../value.ts";
import { formatValue } from "./specification.ts";

/** How a field reaches into a value: the sandbox's own attribute and item access. */
export interface FieldAccess {
  readonly attribute: (value: Value, name: string) => Value;
  readonly item: (value: Value, key: Value) => Value;
}

interface Field {
  readonly name: string;
  readonly conversion: string | undefined;
  readonly specification: string;
}

export class StringFormatter {
  readonly #args: readonly Value[];
  readonly #kwargs: PyDict;
  readonly #access: FieldAccess;
  readonly #formatField: (value: Value, specification: string) => string;
  /** Next automatic index; fields are numbered either all by hand or all automatically. */
  #automatic = 0;
  #numbering: "automatic" | "manual" | undefined;

  /** `formatField` is what writes a value; safe text passes one that escapes. */
  constructor(args: readonly Value[], kwargs: PyDict, access: FieldAccess, formatField = formatValue) {
    this.#args = args;
    this.#kwargs = kwargs;
    this.#access = access;
    this.#formatField = formatField;
  }

  /** `depth` bounds how deep specifications may hold fields of their own. */
  format(text: string, depth = 2): string {
    if (depth < 0) throw valueError("Max string recursion exceeded");
    let out = "";
    for (let at = 0; at < text.length; ) {
      const brace = nextBrace(text, at);
      out += text.slice(at, brace);
      if (brace === text.length) break;
      if (text[brace] === text[brace + 1]) {
        out += text[brace];
        at = brace + 2;
        continue;
      }
      if (text[brace] === "}") throw valueError("Single '}' encountered in format string");
      if (brace + 1 === text.length) throw valueError("Single '{' encountered in format string");
      const end = closingBrace(text, brace + 1);
      out += this.#field(parseField(text.slice(brace + 1, end)), depth);
      at = end + 1;
    }
    return out;
  }

  #field({ name, conversion, specification }: Field, depth: number): string {
    const value = convert(this.#lookup(name), conversion);
    return this.#formatField(value, this.format(specification, depth - 1));
  }

  #lookup(name: string): Value {
    const end = /[.[]/.exec(name)?.index ?? name.length;
    let value = this.#first(name.slice(0, end));
    for (let rest = name.slice(end); rest !== ""; ) {
      const step = /^(?:\.([^.[]+)|\[([^\]]+)\](?=[.[]|$))/.exec(rest);
      if (step === null) {
        throw valueError(
          /^\[[^\]]*$/.test(rest)
            ? "Missing ']' in format string"
            : /^(?:\.|\[\])/.test(rest)
              ? "Empty attribute in format string"
              : "Only '.' or '[' may follow ']' in format field specifier",
        );
      }
      const [whole, attribute, key = ""] = step;
      value =
        attribute !== undefined
          ? this.#access.attribute(value, attribute)
          : this.#access.item(value, /^\d+$/.test(key) ? BigInt(key) : key);
      rest = rest.slice(whole.length);
    }
    return value;
  }

  #first(name: string): Value {
    const numbered = /^\d+$/.test(name);
    if (name !== "" && !numbered) {
      const value = this.#kwargs.get(name);
      if (value === undefined) throw keyError(repr(name));
      return value;
    }
    const numbering = numbered ? "manual" : "automatic";
    if (this.#numbering !== undefined && this.#numbering !== numbering) {
      throw valueError(
        numbered
          ? "cannot switch from automatic field numbering to manual field specification"
          : "cannot switch from manual field specification to automatic field numbering",
      );
    }
    this.#numbering = numbering;
    const index = numbered ? Number(name) : this.#automatic++;
    const value = this.#args[index];
    if (value === undefined) throw indexError(`Replacement index ${index} out of range for positional args tuple`);
    return value;
  }
}

function nextBrace(text: string, from: number): number {
  const found = /[{}]/.exec(text.slice(from));
  return found === null ? text.length : from + found.index;
}

/** The brace that closes the field that begins at `from`; braces inside `[…]` do not count. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  let inBrackets = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inBrackets) {
      if (character === "]") inBrackets = false;
    } else if (character === "[") inBrackets = depth === 1;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at;
  }
  throw valueError("expected '}' before end of string");
}

function parseField(text: string): Field {
  const end = /^(?:[^[!:]|\[[^\]]*\]?)*/.exec(text)![0].length;
  const name = text.slice(0, end);
  if (/[{}]/.test(name.replace(/\[[^\]]*\]/g, ""))) throw valueError("unexpected '{' in field name");
  if (text[end] !== "!") return { name, conversion: undefined, specification: text.slice(end + 1) };
  const match = /^!(.)(?:(:)(.*))?$/su.exec(text.slice(end));
  if (match === null) throw valueError("expected ':' after conversion specifier");
  return { name, conversion: match[1], specification: match[3] ?? "" };
}

function convert(value: Value, conversion: string | undefined): Value {
  switch (conversion) {
    case undefined:
      return value;
    case "s":
      return str(value);
    case "r":
      return repr(value);
    case "a":
      return asciiRepr(value);
    default:
      throw valueError(`Unknown conversion specifier '${conversion}'`);
  }
}
