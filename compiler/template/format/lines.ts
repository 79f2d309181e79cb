/** @file The lines of a template as the formatter sees them: what each is, how deep it stands, and whether a blank one reaches the output. */
import type { IToken } from "chevrotain";
import { SPACE } from "../scan/characters.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import type { TemplatePart } from "../scan/sub-templates.ts";
import * as t from "../syntax/tokens.ts";

export interface Line {
  readonly start: number;
  /** Before the line break. */
  readonly end: number;
  readonly indent: string;
  kind: "text" | "blank" | "comment" | "header" | "statement" | "print";
  /** Of a header or a statement: where it is to stand. */
  depth: number | undefined;
  role: Role | undefined;
  /** The word that begins the tag. */
  word: string | undefined;
  /** At the top of a template that has extended another: text here is dropped. */
  isDropped: boolean;
  /** Of a header: a section ends before it. */
  endsSection: boolean;
  /** Of a header or a statement: it stands there itself, and no section is open above it. */
  isTop: boolean;
}

/** What a tag does to the depth of what follows. */
export type Role = "opens" | "divides" | "closes" | "stands";

const bodies = new Set(["if", "for", "block", "macro", "call", "with", "filter", "autoescape"]);
const indentWidth = 4;

interface Open {
  /** Where its own line is to stand; undefined for a tag inside a text. */
  readonly at: number | undefined;
  readonly inner: number;
}

export function readLines(part: TemplatePart, source: MappedText, tokens: readonly IToken[]): Line[] {
  const lines = cutLines(part);
  const lineOf = (token: IToken): Line => lineAt(lines, source.span(token.startOffset, token.startOffset + 1).start);
  for (const token of tokens) {
    if (token.tokenType !== t.TagOpen && token.tokenType !== t.PrintOpen) continue;
    const made = source.madeAt(token.startOffset)?.kind;
    if (made === "section-start") lineOf(token).kind = "header";
    if (made === "statement-start") lineOf(token).kind = token.tokenType === t.PrintOpen ? "print" : "statement";
  }
  const besides = textIndents(lines);
  const open: Open[] = [];
  let inherits = false;
  let hasSections = false;
  let endsSection = false;
  for (const [i, token] of tokens.entries()) {
    const type = token.tokenType;
    const isTop = inherits && open.length === 0;
    if (type === t.Text && isTop) markDropped(lines, source, token);
    if (type !== t.TagOpen) continue;
    const made = source.madeAt(token.startOffset)?.kind;
    const word = tokens[i + 1]?.image ?? "";
    const role = roleOf(word, tokens, i + 1);
    const base = open.at(-1)?.inner ?? 0;
    if (made === "section-start") {
      // `[name!]` opens a filter and a block: one step.
      const line = lineOf(token);
      line.depth ??= base;
      Object.assign(line, { role, word: "block", isTop: isTop && !hasSections, endsSection });
      open.push({ at: line.depth, inner: word === "filter" ? base : line.depth + indentWidth });
      if (word === "block") {
        hasSections = true;
        endsSection = false;
      }
      continue;
    }
    if (made === "section-end") endsSection = true;
    const line = made === "statement-start" ? lineOf(token) : undefined;
    const own = role === "closes" ? open.pop() : open.at(-1);
    const depth = role === "opens" || role === "stands" ? statementDepth(line, besides, base) : own?.at;
    if (line !== undefined) Object.assign(line, { role, word, depth, isTop: isTop && !hasSections });
    if (role === "opens")
      open.push(line === undefined ? { at: undefined, inner: base } : { at: depth, inner: (depth ?? 0) + indentWidth });
    if (word === "extends" && open.length === 0) inherits = true;
  }
  if (inherits && !hasSections && open.length === 0)
    for (let i = lines.length - 1; lines[i]?.kind === "blank"; i -= 1) (lines[i] as Line).isDropped = true;
  return lines;
}

function lineAt(lines: readonly Line[], offset: number): Line {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines[middle] as Line).start <= offset) low = middle;
    else high = middle - 1;
  }
  return lines[low] as Line;
}

/** Marks the lines that lie in a text which is not printed. */
function markDropped(lines: readonly Line[], source: MappedText, token: IToken): void {
  for (const { span } of source.runs(token.startOffset, t.endOf(token))) {
    let i = lines.indexOf(lineAt(lines, span.start));
    for (; i < lines.length && (lines[i] as Line).start < span.end; i += 1) {
      const line = lines[i] as Line;
      if (line.start >= span.start) line.isDropped = true;
    }
  }
}

/** For each line the indentation of the text lines that are nearest above and below. */
function textIndents(lines: readonly Line[]): ReadonlyMap<Line, readonly (string | undefined)[]> {
  const found = new Map<Line, (string | undefined)[]>();
  let above: string | undefined;
  for (const line of lines) {
    found.set(line, [above]);
    if (line.kind === "text") above = line.indent;
  }
  let below: string | undefined;
  for (const line of [...lines].reverse()) {
    found.get(line)?.push(below);
    if (line.kind === "text") below = line.indent;
  }
  return found;
}

function cutLines({ file: { text }, start, end }: TemplatePart): Line[] {
  const lines: Line[] = [];
  const breaks = /\r\n|\n|\r/g;
  const blank = new RegExp(`^[${SPACE}]*`);
  breaks.lastIndex = start;
  for (let at = start; ; ) {
    const found = breaks.exec(text);
    const stop = found === null || found.index >= end ? end : found.index;
    const content = text.slice(at, stop);
    const indent = blank.exec(content)?.[0] ?? "";
    const kind = indent === content ? "blank" : content.startsWith("##", indent.length) ? "comment" : "text";
    lines.push({
      start: at,
      end: stop,
      indent,
      kind,
      depth: undefined,
      role: undefined,
      word: undefined,
      isDropped: false,
      endsSection: false,
      isTop: false,
    });
    if (stop === end) return lines;
    at = breaks.lastIndex;
  }
}

function roleOf(word: string, tokens: readonly IToken[], from: number): Role {
  if (word === "elif" || word === "else") return "divides";
  if (word.startsWith("end")) return "closes";
  if (bodies.has(word)) return "opens";
  if (word !== "set") return "stands";
  // `set x = 1` ends with its tag, `set x` has a body.
  let depth = 0;
  for (let i = from; i < tokens.length; i += 1) {
    const type = tokens[i]?.tokenType;
    if (type === t.TagClose) return "opens";
    if (type === t.LParen || type === t.LBracket || type === t.LBrace) depth += 1;
    if (type === t.RParen || type === t.RBracket || type === t.RBrace) depth -= 1;
    if (type === t.AssignSign && depth === 0) return "stands";
  }
  return "stands";
}

/** By nesting; but a statement that stands in line with the text around it stays there. */
function statementDepth(line: Line | undefined, besides: ReturnType<typeof textIndents>, base: number): number {
  if (line === undefined || line.indent.length <= base) return base;
  return besides.get(line)?.includes(line.indent) === true ? line.indent.length : base;
}
