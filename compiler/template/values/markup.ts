/** @file Escaping for HTML. Off by default in configs, but `escape`, `safe` and the `autoescape` tag exist. */
import { str } from "./print.ts";
import { Markup, type Value } from "./value.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

export function escapeText(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => entities[character]!);
}

/** Safe text as it is, anything else printed and escaped. */
export function escapeValue(value: Value): Markup {
  return value instanceof Markup ? value : new Markup(escapeText(str(value)));
}

/** The `~` operator and adjacent output: plain text, unless escaping is on and some part is safe already. */
export function concat(parts: readonly Value[], autoescape: boolean): string | Markup {
  if (autoescape && parts.some((part) => part instanceof Markup)) {
    return new Markup(parts.map((part) => escapeValue(part).text).join(""));
  }
  return parts.map(str).join("");
}
