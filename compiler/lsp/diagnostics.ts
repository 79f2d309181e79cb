/** @file What is wrong with open documents: their configs are checked, and what is found is sorted by file, as editors show it. */
import type { DiagnosticSeverity, Diagnostic as EditorDiagnostic } from "vscode-languageserver";
import type { Diagnostic, Severity } from "../diagnostics/diagnostic.ts";
import { type CheckOptions, checkConfig } from "../driver/check.ts";
import type { Host } from "../driver/host.ts";
import type { Frame } from "../source/span.ts";
import { locationOf, rangeOf } from "./documents.ts";
import type { ProjectViews } from "./project-view.ts";

const severities = { error: 1, warning: 2, info: 3 } as const satisfies Record<Severity, DiagnosticSeverity>;

/** Enough of a chain to find one's way; whole ones are long. */
const framesShown = 8;

/** By path. A config that is not faulty leaves its file with an empty list. */
export type FaultsByFile = ReadonlyMap<string, readonly EditorDiagnostic[]>;

/**
 * Checks a document: a config itself, any other template through the config that is nearest to it. Of a template that no config reaches only
 * its own text is looked at, and of a project that cannot be read its meta file.
 */
export async function checkDocument(
  host: Host,
  views: ProjectViews,
  path: string,
  options: CheckOptions,
): Promise<FaultsByFile> {
  const view = views.of(path);
  if (view === undefined) return sortByFile(views.faultsOf(path), path);
  const { project } = view;
  const own = project.meta.inputs.includes(path) ? project.diagnostics : [];
  const config = view.nearestConfig(path);
  if (config === undefined) return sortByFile([...own, ...view.faultsOf(path)], path);
  const { diagnostics } = await checkConfig(host, { project, config }, options);
  return sortByFile([...own, ...diagnostics], path);
}

/** By file; what has no place is told in `path`. */
function sortByFile(diagnostics: readonly Diagnostic[], path: string): FaultsByFile {
  const files = new Map<string, EditorDiagnostic[]>([[path, []]]);
  for (const diagnostic of diagnostics) {
    const file = diagnostic.span?.file.path ?? path;
    const list = files.get(file) ?? [];
    files.set(file, list);
    list.push(editorDiagnostic(diagnostic));
  }
  return files;
}

export function editorDiagnostic({ code, severity, message, hint, span, labels, chain }: Diagnostic): EditorDiagnostic {
  const start = { line: 0, character: 0 };
  const related = [
    ...(labels ?? []).map((label) => ({ location: locationOf(label.span), message: label.text })),
    ...[...(chain ?? [])].reverse().slice(0, framesShown).map(frameNote),
  ];
  return {
    range: span === undefined ? { start, end: start } : rangeOf(span),
    severity: severities[severity],
    code,
    source: "fgc",
    message: hint === undefined ? message : `${message}\n${hint}`,
    ...(related.length === 0 ? {} : { relatedInformation: related }),
  };
}

function frameNote({ kind, name, span }: Frame): { location: ReturnType<typeof locationOf>; message: string } {
  return { location: locationOf(span), message: `${kind.replace("_", " ")} '${name}'` };
}
