/**
 * @file Comments that silence rules:
 *
 *     -- set ns.kept = 1   ## fgc: ignore lint/unused-variable      on the line, or alone on the line above
 *     # fgc: ignore lint/unused-anchor, lint/dropped-text           several; one hash or two
 *     ## fgc: ignore-file lint/unused-macro                         for the whole file, wherever it stands
 */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { nearest } from "../source/nearest.ts";
import { lineStartsOf, type SourceFile, startOf } from "../source/span.ts";
import { lintDiagnostics as found } from "./diagnostics.ts";

const comment = /#+[ \t]*fgc:[ \t]*(ignore|ignore-file)[ \t]+([^#\n\r]*)/;

export class Ignored {
  readonly #lines = new Map<number, ReadonlySet<string>>();
  readonly #everywhere = new Set<string>();
  /** Rules that are named and do not exist. */
  readonly unknown: readonly Diagnostic[];

  constructor(file: SourceFile, rules: readonly string[]) {
    const unknown: Diagnostic[] = [];
    this.unknown = unknown;
    if (!file.text.includes("fgc:")) return;
    for (const [i, start] of lineStartsOf(file).entries()) {
      const end = file.text.slice(start).search(/[\n\r]|$/) + start;
      const line = file.text.slice(start, end);
      const match = comment.exec(line);
      if (match === null) continue;
      const [, kind, list = ""] = match;
      const names = list.split(/[\s,]+/).filter((name) => name !== "");
      for (const name of names.filter((candidate) => !rules.includes(candidate))) {
        const at = start + line.indexOf(name);
        const span = { file, start: at, end: at + name.length };
        unknown.push(found.unknownRule({ span }, { name, nearest: nearest(name, rules) }));
      }
      if (kind === "ignore-file") for (const name of names) this.#everywhere.add(name);
      else {
        const isAlone = line.slice(0, match.index).trim() === "";
        this.#lines.set(isAlone ? i + 2 : i + 1, new Set(names));
      }
    }
  }

  covers({ code, span }: Diagnostic): boolean {
    if (this.#everywhere.has(code)) return true;
    return span !== undefined && this.#lines.get(startOf(span).line)?.has(code) === true;
  }
}
