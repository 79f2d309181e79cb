/**
 * @file Where a config reads the variable of a flag, and what it takes instead where nobody gives it: for the help.
 *
 *     lr: {{ lr | toyaml(2.0e-3) }}        --lr: 2.0e-3, set in project.yaml:33
 *
 * A look at the text, not an evaluation: it names the line that a person would look for, and nothing depends on it.
 */
import type { Host } from "./host.ts";
import type { RenderedTemplate } from "./render.ts";

export interface FlagRead {
  readonly path: string;
  readonly line: number;
  /** As written. */
  readonly fallback: string;
}

/** Of several places the one that got into the text, else the first in the order of first use. */
export function findFlagRead(host: Host, rendered: RenderedTemplate, variable: string): FlagRead | undefined {
  const form = new RegExp(
    `(?<![\\w.])${variable}\\s*\\|\\s*(?:default|toyaml|d)\\(([^()]*(?:\\([^()]*\\)[^()]*)*)\\)`,
    "g",
  );
  let first: FlagRead | undefined;
  for (const path of rendered.inputs) {
    const text = host.files.readText(path) ?? "";
    for (const match of text.matchAll(form)) {
      const found = { path, line: text.slice(0, match.index).split("\n").length, fallback: (match[1] ?? "").trim() };
      const wasPrinted = rendered.pieces.some(
        ({ origin }) =>
          origin.span.file.path === path && origin.span.start <= match.index && match.index < origin.span.end,
      );
      if (wasPrinted) return found;
      first ??= found;
    }
  }
  return first;
}
