/**
 * @file TypeScript's messages, read: which of its few hundred errors this is, as far as emitted code can have them, and the types that it names.
 *
 *     Type 'Tokenizer' is missing the following properties from type 'Dataset': length, at     mismatch, Tokenizer, Dataset, [length, at]
 */
import type { TypeFault } from "./request.ts";

export type FaultKind =
  | {
      readonly kind: "mismatch";
      readonly found: string;
      readonly expected: string;
      readonly missing: readonly string[];
    }
  | { readonly kind: "unknown-property"; readonly name: string; readonly nearest: string | undefined }
  | { readonly kind: "too-few"; readonly expected: number; readonly found: number }
  | { readonly kind: "too-many"; readonly expected: number; readonly found: number }
  | { readonly kind: "not-callable"; readonly type: string | undefined }
  | { readonly kind: "no-export"; readonly name: string; readonly nearest: string | undefined }
  | { readonly kind: "no-module"; readonly module: string }
  /** What says nothing about the config: packages without types, parameters that got no type. */
  | { readonly kind: "harmless" }
  | { readonly kind: "other"; readonly problem: string; readonly nearest: string | undefined };

const harmless = new Set([
  7016, // a package without declarations: its values are `any`
  7006, // a parameter of an emitted function without a type from its surroundings
  7031,
  7019,
  7005, // an empty list
  7034,
]);

export function readFault({ code, lines }: TypeFault): FaultKind {
  const [first = ""] = lines;
  if (harmless.has(code)) return { kind: "harmless" };
  switch (code) {
    case 2353:
    case 2561: {
      const name = /'([^']+)' does not exist in type/.exec(first)?.[1];
      if (name !== undefined) return { kind: "unknown-property", name, nearest: suggestion(first) };
      break;
    }
    case 2554:
    case 2555: {
      const [, expected, found] = /Expected (?:at least )?(\d+)(?:-\d+)? arguments?, but got (\d+)/.exec(first) ?? [];
      const most = /Expected \d+-(\d+)/.exec(first)?.[1];
      if (expected === undefined) break;
      const isShort = Number(found) < Number(expected);
      return {
        kind: isShort ? "too-few" : "too-many",
        expected: Number(isShort ? expected : (most ?? expected)),
        found: Number(found),
      };
    }
    case 2348:
    case 2349:
    case 2351:
      return {
        kind: "not-callable",
        type: /Type '(.+)' has no (?:call|construct) signatures/.exec(lines.join("\n"))?.[1],
      };
    case 2305:
    case 2459:
    case 2460:
    case 2614:
    case 2724: {
      const name =
        /(?:member|declares?|named) '([^']+)'/.exec(first)?.[1] ?? /'([^']+)'(?:,| locally)/.exec(first)?.[1];
      if (name !== undefined) return { kind: "no-export", name, nearest: suggestion(first) };
      break;
    }
    case 2307:
    case 2792: {
      const module = /module '([^']+)'/.exec(first)?.[1];
      if (module !== undefined) return { kind: "no-module", module };
      break;
    }
  }
  return mismatchIn(lines) ?? { kind: "other", ...problemIn(lines) };
}

/** What the last line says, which is the innermost reason. */
export function problemIn(lines: readonly string[]): {
  readonly problem: string;
  readonly nearest: string | undefined;
} {
  const text = lines.at(-1) ?? "";
  return { problem: withoutStop(text.replace(/ Did you mean .*$/, "")), nearest: suggestion(text) };
}

function suggestion(text: string): string | undefined {
  return /Did you mean (?:to write )?'([^']+)'/.exec(text)?.[1];
}

/** The first line that names both types: those below tell why, in terms of parts. */
function mismatchIn(lines: readonly string[]): FaultKind | undefined {
  const missing = missingIn(lines);
  for (const line of lines) {
    const [, found, expected] =
      /^(?:Argument of type|Type) '(.+)' is not assignable to (?:parameter of type|type) '(.+?)'(?: with .*)?\.(?: Did you mean .*)?$/.exec(
        line,
      ) ??
      /^Type '(.+)' has no properties in common with type '(.+)'/.exec(line) ??
      /^Type '(.+)' is missing the following properties from type '(.+?)':/.exec(line) ??
      /^Property '.+' is missing in type '(.+)' but required in type '(.+)'\.$/.exec(line) ??
      [];
    if (found !== undefined && expected !== undefined) return { kind: "mismatch", found, expected, missing };
  }
  return undefined;
}

/** The properties that are not there, where that is the whole difference. */
function missingIn(lines: readonly string[]): readonly string[] {
  for (const line of lines) {
    const one = /^Property '(.+?)' is missing in type/.exec(line)?.[1];
    if (one !== undefined) return [one];
    const several = /is missing the following properties from type '.+?': (.+)$/.exec(line)?.[1];
    if (several !== undefined)
      return several
        .replace(/,? and \d+ more\.$/, "")
        .split(", ")
        .map((name) => name.replace(/\.$/, ""));
  }
  return [];
}

/** A type as people say it: without `undefined`, module paths and `typeof`. */
export function plainType(type: string): string {
  return type
    .replace(/import\("[^"]*"\)\./g, "")
    .replace(/\s*\|\s*undefined\b|\bundefined\s*\|\s*/g, "")
    .replace(/^typeof /, "")
    .replace(/^(Number|String|Boolean)$/, (name) => name.toLowerCase());
}

/** What a function type gives; absent for other types. */
export function resultOf(type: string): string | undefined {
  const text = plainType(type).replace(/^\((\(.*\) => .*)\)$/, "$1");
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ("({[<".includes(text[at] as string)) depth += 1;
    else if (")}]".includes(text[at] as string) || (text[at] === ">" && text[at - 1] !== "=")) depth -= 1;
    else if (depth === 0 && text.startsWith("=> ", at)) return text.slice(at + 3);
    else if (depth === 0 && text.startsWith(" | ", at) && !text.includes("=>")) return undefined;
  }
  return undefined;
}

/** The words of a union of literals; absent for other types. */
export function literalsOf(type: string): readonly string[] | undefined {
  const parts = plainType(type).split(" | ");
  return parts.length > 1 && parts.every((part) => /^(".*"|-?[\d.]+|true|false)$/.test(part)) ? parts : undefined;
}

export function withoutStop(text: string): string {
  return text.replace(/\.$/, "");
}
