/** @file `fgc lint`: what is allowed in templates, does nothing, and is mostly not what was meant. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Project } from "../driver/compile.ts";
import type { FixedClock, Host } from "../driver/host.ts";
import type { SourceFile } from "../source/span.ts";
import { readCorpus } from "./corpus.ts";
import { Ignored } from "./ignore.ts";
import { lintRules } from "./rules/index.ts";

export interface LintRequest {
  readonly project: Project;
  /** Findings in other files are left out; all templates on the search path are read in any case. */
  readonly files: ReadonlySet<string>;
  readonly clock?: FixedClock | undefined;
}

/** In the order of files and places. */
export function lint(host: Host, { project, files, clock }: LintRequest): readonly Diagnostic[] {
  const corpus = readCorpus(host, project, clock);
  const codes = lintRules.map(({ name }) => `lint/${name}`);
  const ignored = new Map<string, Ignored>();
  const sources = new Map<string, SourceFile>(corpus.templates.map(({ tree }) => [tree.file.path, tree.file]));
  for (const [path, file] of sources) if (files.has(path)) ignored.set(path, new Ignored(file, codes));
  const found = lintRules.flatMap((rule) => [...rule.find(corpus)]);
  const own = [...found, ...[...ignored.values()].flatMap(({ unknown }) => unknown)].filter((diagnostic) => {
    const path = diagnostic.span?.file.path;
    return path !== undefined && files.has(path) && ignored.get(path)?.covers(diagnostic) !== true;
  });
  return unique(own).sort(byPlace);
}

/** Configs share templates, so one finding may be made for several of them. */
function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { code, span, message } = diagnostic;
    const key = `${code} ${span?.file.path}:${span?.start} ${message}`;
    if (!seen.has(key)) seen.set(key, diagnostic);
  }
  return [...seen.values()];
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  const [pathA, pathB] = [a.span?.file.path ?? "", b.span?.file.path ?? ""];
  return pathA < pathB ? -1 : pathA > pathB ? 1 : (a.span?.start ?? 0) - (b.span?.start ?? 0);
}
