/** @file One fault or remark about the user's input, and the catalogue helper that each stage defines its own with. */
import type { Frame, Span } from "../source/span.ts";

export type Severity = "error" | "warning" | "info";

/** Plain data: it can be printed, sorted, or sent to an editor. */
export interface Diagnostic {
  /** The stage that found it, then the fault: "graph/unbound-variable". */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong: one sentence, in the user's words, no full stop. */
  readonly message: string;
  /** Where to look first. Absent only where there is no place (a missing project folder). */
  readonly span?: Span | undefined;
  /** Other places that explain it. */
  readonly labels?: readonly { readonly span: Span; readonly text: string }[] | undefined;
  /** How that place was reached: included from, extends, block overridden at. */
  readonly chain?: readonly Frame[] | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

/** What a stage throws when it cannot go on; the driver turns it into its diagnostics. Never shown with a JavaScript stack. */
export class DiagnosticError extends Error {
  override readonly name = "DiagnosticError";
  readonly diagnostics: readonly Diagnostic[];
  constructor(...diagnostics: Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
    this.diagnostics = diagnostics;
  }
}

/** A broken invariant of ours, not a fault of the user's. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

interface Entry<P> {
  readonly severity: Severity;
  readonly message: (p: P) => string;
  readonly hint?: (p: P) => string | undefined;
  /** For docs/diagnostics.md and `fgc explain-code`: what it means, why it is a fault, what to do. One to three sentences. */
  readonly doc: string;
}

/** An entry of a catalogue as documentation sees it. */
export interface CatalogueEntry {
  readonly code: string;
  readonly severity: Severity;
  readonly doc: string;
}

const entriesKey = Symbol("entries");

/** What a stage can report, in the order of its catalogue. */
export function catalogueEntries(catalogue: object): readonly CatalogueEntry[] {
  return (catalogue as { readonly [entriesKey]?: readonly CatalogueEntry[] })[entriesKey] ?? [];
}

export interface Place {
  readonly span?: Span | undefined;
  readonly chain?: readonly Frame[] | undefined;
  readonly labels?: readonly { readonly span: Span; readonly text: string }[] | undefined;
}

type Makers<T> = { readonly [K in keyof T]: T[K] extends Entry<infer P> ? (place: Place, p: P) => Diagnostic : never };

/** A stage's catalogue: keys in camelCase become codes in kebab-case. */
// biome-ignore lint/suspicious/noExplicitAny: each entry has its own parameter type; `Makers` recovers it
export function defineDiagnostics<const T extends Record<string, Entry<any>>>(stage: string, entries: T): Makers<T> {
  const makers: Record<string, (place: Place, p: unknown) => Diagnostic> = {};
  const listed: CatalogueEntry[] = [];
  for (const [key, entry] of Object.entries(entries)) {
    const code = `${stage}/${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    listed.push({ code, severity: entry.severity, doc: entry.doc });
    makers[key] = (place, p) => ({
      code,
      severity: entry.severity,
      message: entry.message(p),
      hint: entry.hint?.(p),
      ...place,
    });
  }
  // Beside the makers, and in no one's way: a catalogue lists itself without a register that all modules write to.
  return Object.defineProperty(makers, entriesKey, { value: listed }) as Makers<T>;
}

/** Nobody reads more, and a text that is no config at all can have one for every line. */
export const mostDiagnostics = 1000;

/** One fault may be found on several ways, through two projects or by two passes over a text: each is told once, as it was found first. */
export function distinctDiagnostics(diagnostics: Iterable<Diagnostic>): readonly Diagnostic[] {
  const seen = new Set<string>();
  const distinct: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const { code, message, span } = diagnostic;
    const key = `${code} ${span?.file.path}:${span?.start} ${message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    distinct.push(diagnostic);
    if (distinct.length >= mostDiagnostics) break;
  }
  return distinct;
}
