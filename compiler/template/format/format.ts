/**
 * @file `fgc fmt`: templates in one style. Only white space changes, and only where it reaches no output.
 *
 *     spacing        inside tags and expressions; what stands in strings stays
 *     indentation    of line statements, headers and the comments above them, by nesting
 *     blank lines    one between blocks, where text is dropped or where the language prints the same
 *     line ends      no trailing blanks after statements, headers and comments; a newline at the end
 *
 * What comes out is parsed again and compared with what went in (`same-meaning.ts`): a text that means something else is never returned.
 */
import type { IToken, Lexer } from "chevrotain";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { DiagnosticError, InternalError } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../source/span.ts";
import { TreeCache } from "../loader.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import { rewritePart } from "../scan/rewrite.ts";
import { splitFile, type TemplatePart } from "../scan/sub-templates.ts";
import { createLexer } from "../syntax/parse.ts";
import * as t from "../syntax/tokens.ts";
import { blankLineEdits } from "./blank-lines.ts";
import { applyEdits, type Edit } from "./edits.ts";
import { type Line, readLines } from "./lines.ts";
import { meaningOf } from "./same-meaning.ts";
import { Spacing } from "./spacing.ts";

export interface Formatted {
  /** As it was where a template has faults. */
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
}

const options = { preserveLineNumbers: true };
let lexer: Lexer | undefined;

/** @throws InternalError where the new text would mean something else */
export function formatTemplates(file: SourceFile): Formatted {
  const before = meanings(file);
  if (typeof before === "object") return { text: file.text, diagnostics: before.faults };
  // Blank lines are where the language is subtle: should they ever change a meaning, the rest of the style is still good.
  for (const withBlankLines of [true, false]) {
    const text = settle(file, withBlankLines);
    if (ink(text) === ink(file.text) && meanings({ path: file.path, text }) === before)
      return { text, diagnostics: [] };
  }
  throw new InternalError(`formatting would change the meaning of '${file.path}'; it was left as it is`);
}

/** What is left of a text without its white space: formatting adds and removes nothing else. */
function ink(text: string): string {
  return text.replace(/\s+/g, "");
}

/** Moving a statement may take away what kept another where it was: a second round settles that. */
function settle(file: SourceFile, withBlankLines: boolean): string {
  let { text } = file;
  for (let round = 0; round < maximumRounds; round += 1) {
    const next = formatOnce({ path: file.path, text }, withBlankLines);
    if (next === text) break;
    text = next;
  }
  return text;
}

const maximumRounds = 4;

/** What the templates of a file mean, as one text. */
function meanings(file: SourceFile): string | { readonly faults: readonly Diagnostic[] } {
  const faults: Diagnostic[] = [];
  const texts = new TreeCache().parts("", file, options).map((part) => {
    try {
      return `${part.name}\n${meaningOf(part.tree)}`;
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      faults.push(...error.diagnostics);
      return "";
    }
  });
  return faults.length > 0 ? { faults } : texts.join("\n");
}

/** One pass. Tests call it to see that no second style was needed. */
export function formatOnce(file: SourceFile, withBlankLines: boolean): string {
  const parts = splitFile(file);
  const edits = parts.flatMap((part, i) => partEdits(part, withBlankLines, i === parts.length - 1));
  return applyEdits(file.text, edits);
}

function partEdits(part: TemplatePart, withBlankLines: boolean, isLast: boolean): Edit[] {
  const source = rewritePart(part, options);
  lexer ??= createLexer(true);
  const { tokens } = lexer.tokenize(source.text);
  const lines = readLines(part, source, tokens);
  return [
    ...spacingEdits(source, tokens),
    ...indentEdits(lines),
    ...lineEndEdits(part, lines),
    ...(withBlankLines ? blankLineEdits(part, lines, isLast) : []),
  ];
}

function spacingEdits(source: MappedText, tokens: readonly IToken[]): Edit[] {
  const { text } = source.file;
  const edits: Edit[] = [];
  let spacing: Spacing | undefined;
  /** Where the token before ends in the file. */
  let end = 0;
  let isLineStatement = false;
  for (const token of tokens) {
    const type = token.tokenType;
    const made = source.madeAt(token.startOffset);
    const span = source.span(token.startOffset, t.endOf(token));
    if (type === t.TagOpen || type === t.PrintOpen) {
      isLineStatement = made?.kind === "statement-start";
      spacing = made === undefined || isLineStatement ? new Spacing() : undefined;
      end = span.end;
      continue;
    }
    if (spacing === undefined) continue;
    const closes = type === t.TagClose || type === t.PrintClose;
    // The end of a line statement is no text of the user's.
    const gap = made?.kind === "statement-end" ? undefined : closes ? " " : spacing.next(token);
    const written = text.slice(end, span.start);
    if (gap !== undefined && written !== gap && /^[^\S\n\r]*$/.test(written))
      edits.push({ start: end, end: span.start, text: gap });
    end = span.end;
    if (closes || made?.kind === "statement-end") spacing = undefined;
  }
  return edits;
}

function indentEdits(lines: readonly Line[]): Edit[] {
  return lines.flatMap((line, i) => {
    const depth = line.kind === "comment" ? commentDepth(lines, i) : line.depth;
    if (depth === undefined || line.indent === " ".repeat(depth)) return [];
    return [{ start: line.start, end: line.start + line.indent.length, text: " ".repeat(depth) }];
  });
}

/** A comment stands like the statement or header that it is directly above. */
function commentDepth(lines: readonly Line[], from: number): number | undefined {
  const next = lines.slice(from).find(({ kind }) => kind !== "comment");
  return next?.role === "opens" || next?.role === "stands" ? next.depth : undefined;
}

function lineEndEdits({ file: { text } }: TemplatePart, lines: readonly Line[]): Edit[] {
  return lines.flatMap(({ kind, start, end, isDropped }) => {
    const content = text.slice(start, end);
    // What follows the end of a comment on its line is printed.
    const isHarmless =
      kind === "statement" || kind === "print" || kind === "header" || (kind === "comment" && !content.includes("#}"));
    if (!isHarmless && !(kind === "blank" && isDropped)) return [];
    const kept = content.replace(/[^\S\n\r]+$/, "").length;
    return kept === content.length ? [] : [{ start: start + kept, end, text: "" }];
  });
}
