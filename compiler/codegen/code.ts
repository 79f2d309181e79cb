/**
 * @file Emitted text that knows where it came from.
 *
 *     code`${callee} = ${value};`      composed from texts and other pieces
 *     value.from({ kind: "value", node })
 *
 * A piece is its parts, so nothing in a user's texts can look like a mark, and the positions of all marks are worked out once, when the module is
 * whole. Positions are those of the text as composed: it is checked before the formatter moves anything.
 */
import type { CallNode, GraphValue } from "../graph/node.ts";
import type { Origin } from "../source/span.ts";
import { keyOf } from "./literals.ts";

/** An argument of a call as the config gives it. */
export interface Argument {
  readonly call: CallNode;
  /** As the callee's signature has it: `numHiddenLayers`. */
  readonly name: string | undefined;
  readonly position: number;
  /** The name as written; absent for arguments without one. */
  readonly nameOrigin: Origin | undefined;
  readonly value: GraphValue;
}

/** What a range of emitted text stands for. */
export type Source =
  | { readonly kind: "value"; readonly node: GraphValue }
  /** The constant or the local function that a node has become. */
  | { readonly kind: "reference"; readonly node: GraphValue }
  | { readonly kind: "argument"; readonly argument: Argument }
  /** The name of an argument, as a property of an options object. */
  | { readonly kind: "name"; readonly argument: Argument }
  /** The options object of a call. */
  | { readonly kind: "options"; readonly call: CallNode }
  | { readonly kind: "callee"; readonly call: CallNode }
  | { readonly kind: "import"; readonly call: CallNode }
  /** A key of a mapping. */
  | { readonly kind: "key"; readonly name: string; readonly origin: Origin; readonly value: GraphValue };

export interface Mark {
  readonly start: number;
  readonly end: number;
  readonly source: Source;
}

export class Code {
  readonly text: string;
  readonly #parts: readonly (string | Code)[];
  readonly #source: Source | undefined;

  constructor(parts: readonly (string | Code)[], source?: Source) {
    this.#parts = parts;
    this.#source = source;
    this.text = parts.map((part) => (typeof part === "string" ? part : part.text)).join("");
  }

  /** The same text, said to stand for `source`. */
  from(source: Source): Code {
    return new Code([this], source);
  }

  /** Every marked range, outer ones before those inside of them. */
  marks(): readonly Mark[] {
    const found: Mark[] = [];
    const visit = (code: Code, start: number): void => {
      if (code.#source !== undefined) found.push({ start, end: start + code.text.length, source: code.#source });
      let at = start;
      for (const part of code.#parts) {
        if (typeof part === "string") at += part.length;
        else {
          visit(part, at);
          at += part.text.length;
        }
      }
    };
    visit(this, 0);
    return found;
  }
}

/** What may stand in a piece: another one, or plain text. */
export type CodeLike = Code | string;

export function textOfCode(code: CodeLike): string {
  return typeof code === "string" ? code : code.text;
}

export function toCode(code: CodeLike): Code {
  return typeof code === "string" ? new Code([code]) : code;
}

export function code(strings: TemplateStringsArray, ...values: readonly CodeLike[]): Code {
  return new Code(strings.flatMap((text, index) => (index === 0 ? [text] : [values[index - 1] as CodeLike, text])));
}

export function joinCode(pieces: readonly CodeLike[], separator: string): Code {
  return new Code(pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece])));
}

export interface ObjectEntry {
  readonly key: string;
  readonly value: CodeLike;
  /** What the key stands for. */
  readonly source?: Source | undefined;
}

/** `{ a: a, b: 1 }` → `{ a, b: 1 }`. */
export function objectCode(entries: readonly ObjectEntry[]): Code {
  if (entries.length === 0) return toCode("{}");
  const items = entries.map(({ key, value, source }) => {
    const named = source === undefined ? toCode(keyOf(key)) : toCode(keyOf(key)).from(source);
    if (key !== textOfCode(value)) return code`${named}: ${value}`;
    return source === undefined ? value : toCode(value).from(source);
  });
  return code`{ ${joinCode(items, ", ")} }`;
}
