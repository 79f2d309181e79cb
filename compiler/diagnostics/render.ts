/** @file Diagnostics as people read them in a terminal, and as programs read them (cli.md, 1). */
import { type Frame, lineStartsOf, positionAt, type Span, startOf } from "../source/span.ts";
import type { Diagnostic } from "./diagnostic.ts";

export interface RenderOptions {
  /** ANSI colours. */
  readonly color?: boolean;
  /** How a file is named: relative to the folder that the user stands in. */
  readonly showPath?: (path: string) => string;
}

const colors = { error: "31", warning: "33", info: "36", bold: "1", dim: "2" } as const;
type Color = keyof typeof colors;

/**
 *     error[graph/unbound-variable]: variable 'n_layr' is used but nothing binds it
 *       --> tiny.yaml:14:16
 *        |
 *     14 | layers: !var n_layr
 *        |              ^^^^^^
 *        = help: did you mean 'n_layer'?
 */
export function renderDiagnostic(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  const paint = (color: Color, text: string) =>
    options.color === true ? `\u001b[${colors[color]}m${text}\u001b[0m` : text;
  const showPath = options.showPath ?? ((path: string) => path);
  const { severity, code, message, span } = diagnostic;
  const lines = [`${paint(severity, `${severity}[${code}]`)}${paint("bold", `: ${message}`)}`];
  const width = gutterWidth(diagnostic);
  const gutter = (text = "") => paint("dim", `${text.padStart(width)} |`);
  if (span !== undefined) {
    const { line, column } = startOf(span);
    lines.push(`${" ".repeat(width)}${paint("dim", "-->")} ${showPath(span.file.path)}:${line}:${column}`);
    lines.push(gutter(), ...frame(span, gutter, (text) => paint(severity, text)));
  }
  for (const { span: other, text } of diagnostic.labels ?? []) {
    const { line, column } = startOf(other);
    lines.push(`${" ".repeat(width)}${paint("dim", ":::")} ${showPath(other.file.path)}:${line}:${column} ${text}`);
    lines.push(...frame(other, gutter, (marks) => paint("dim", marks.replaceAll("^", "-"))));
  }
  const steps = [...(diagnostic.chain ?? [])].reverse();
  const places = steps.map((step) => `${showPath(step.span.file.path)}:${startOf(step.span).line}`);
  const longest = Math.max(0, ...places.map((place) => place.length));
  for (const [i, step] of steps.entries()) {
    const head = i === 0 ? "= reached from " : "               ";
    lines.push(
      `${" ".repeat(width + 1)}${paint("dim", head)} ${(places[i] as string).padEnd(longest)} ${frameText(step)}`,
    );
  }
  if (diagnostic.hint !== undefined)
    lines.push(`${" ".repeat(width + 1)}${paint("dim", "= help:")} ${diagnostic.hint}`);
  return lines.join("\n");
}

function frameText({ kind, name }: Frame): string {
  return `${kind} '${name}'`;
}

function gutterWidth(diagnostic: Diagnostic): number {
  const spans = [diagnostic.span, ...(diagnostic.labels ?? []).map((label) => label.span)].filter(
    (span) => span !== undefined,
  );
  return Math.max(2, ...spans.map((span) => String(startOf(span).line).length));
}

/** The line on which `span` begins, and marks under the part of it that is meant. */
function frame(span: Span, gutter: (text?: string) => string, mark: (text: string) => string): string[] {
  const { line, column } = startOf(span);
  const starts = lineStartsOf(span.file);
  const lineStart = starts[line - 1] ?? 0;
  const text = span.file.text.slice(lineStart, starts[line] ?? span.file.text.length).replace(/[\r\n]+$/, "");
  const end = Math.min(Math.max(span.end, span.start + 1), lineStart + text.length);
  const count = Math.max([...span.file.text.slice(span.start, end)].length, 1);
  const before = [...text].slice(0, column - 1).map((character) => (character === "\t" ? "\t" : " "));
  return [`${gutter(String(line))} ${text}`, `${gutter()} ${before.join("")}${mark("^".repeat(count))}`];
}

export interface DiagnosticJson {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly file?: string;
  readonly range?: RangeJson;
  readonly chain: readonly {
    readonly file: string;
    readonly line: number;
    readonly kind: string;
    readonly name: string;
  }[];
  readonly related: readonly { readonly file: string; readonly range: RangeJson; readonly message: string }[];
  readonly help?: string;
}

interface RangeJson {
  readonly start: { readonly line: number; readonly column: number };
  readonly end: { readonly line: number; readonly column: number };
}

export function diagnosticJson(diagnostic: Diagnostic): DiagnosticJson {
  const { code, severity, message, span, hint } = diagnostic;
  return {
    code,
    severity,
    message,
    ...(span === undefined ? {} : { file: span.file.path, range: rangeOf(span) }),
    chain: (diagnostic.chain ?? []).map((step) => ({
      file: step.span.file.path,
      line: startOf(step.span).line,
      kind: step.kind,
      name: step.name,
    })),
    related: (diagnostic.labels ?? []).map((label) => ({
      file: label.span.file.path,
      range: rangeOf(label.span),
      message: label.text,
    })),
    ...(hint === undefined ? {} : { help: hint }),
  };
}

function rangeOf(span: Span): RangeJson {
  return { start: startOf(span), end: positionAt(span.file, span.end) };
}
