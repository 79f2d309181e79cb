/** @file Diagnostics as people read them in a terminal, and as programs read them (cli.md, 1). */
import { type Frame, positionAt, type Span, startOf } from "../source/span.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { frameLines, visible } from "./frame.ts";

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
  const lines = [`${paint(severity, `${severity}[${code}]`)}${paint("bold", `: ${visible(message)}`)}`];
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
  for (const [i, text] of chainLines([...(diagnostic.chain ?? [])].reverse(), showPath).entries())
    lines.push(`${" ".repeat(width + 1)}${paint("dim", i === 0 ? "= reached from " : "               ")} ${text}`);
  if (diagnostic.hint !== undefined)
    lines.push(`${" ".repeat(width + 1)}${paint("dim", "= help:")} ${visible(diagnostic.hint)}`);
  return lines.join("\n");
}

/** Beyond these the middle of a chain is left out: a template that includes itself has hundreds of steps. */
const [mostFirst, mostLast] = [8, 4];
/** Longer places stand as they are: aligning to them would push the names off the screen. */
const longestAligned = 44;

function chainLines(steps: readonly Frame[], showPath: (path: string) => string): readonly string[] {
  const left = steps.length - mostFirst - mostLast;
  const shown = left > 1 ? [...steps.slice(0, mostFirst), ...steps.slice(-mostLast)] : steps;
  const places = shown.map((step) => `${showPath(step.span.file.path)}:${startOf(step.span).line}`);
  const aligned = Math.max(0, ...places.map((place) => (place.length > longestAligned ? 0 : place.length)));
  const lines = shown.map(({ kind, name }, i) => `${(places[i] as string).padEnd(aligned)} ${kind} '${name}'`);
  return left > 1 ? [...lines.slice(0, mostFirst), `… ${left} more steps …`, ...lines.slice(mostFirst)] : lines;
}

function gutterWidth(diagnostic: Diagnostic): number {
  const spans = [diagnostic.span, ...(diagnostic.labels ?? []).map((label) => label.span)].filter(
    (span) => span !== undefined,
  );
  return Math.max(
    2,
    ...spans.map((span) => String(positionAt(span.file, Math.max(span.start, span.end - 1)).line).length),
  );
}

function frame(span: Span, gutter: (text?: string) => string, mark: (text: string) => string): string[] {
  return frameLines(span).map((line): string => {
    if (line.kind === "text") return `${gutter(String(line.line))} ${line.text}`;
    if (line.kind === "gap") return gutter("..");
    return `${gutter()} ${" ".repeat(line.indent)}${mark("^".repeat(line.count))}`;
  });
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
