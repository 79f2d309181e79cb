/**
 * @file From text to tokens, past every fault: a tag or expression that cannot be read is replaced by one that says nothing, and
 * reading goes on behind it.
 *
 *     lr: {{ 'one }}          a string without end: goes on behind the `}}`
 *     n: {{ x                 an expression without end: goes on at the end of its line
 *     -- if a ? b             a line statement ends with its line, whatever stands in it
 */
import { type IToken, Lexer } from "chevrotain";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import { explainLexing, explainOpen, explainOpenBracket, explainUnclosed, unclosed } from "./explain.ts";
import type { Repairs } from "./repairs.ts";
import * as t from "./tokens.ts";
import { standIn } from "./units.ts";

export function createLexer(skipValidations: boolean): Lexer {
  return new Lexer(t.lexerDefinition, { positionTracking: "onlyOffset", skipValidations, safeMode: false });
}

/** The tokens of `source`; what had to be left out is told to `repairs`. */
export function lex(lexer: Lexer, source: MappedText, repairs: Repairs): IToken[] {
  const { text } = source;
  const all: IToken[] = [];
  let work = 0;
  for (let at = 0; ; ) {
    const { tokens, errors } = lexer.tokenize(at === 0 ? text : text.slice(at));
    if (at > 0) for (const token of tokens) token.startOffset += at;
    const fault = firstFault(source, tokens, errors[0] && { ...errors[0], offset: errors[0].offset + at });
    if (fault === undefined) return at === 0 ? tokens : append(all, tokens);
    repairs.report(fault.diagnostic);
    append(
      all,
      tokens.filter((token) => token.startOffset < fault.start),
    );
    const lost = text.slice(fault.start, fault.end);
    if (fault.opener?.tokenType === t.TagOpen) {
      const word = tokens.find((token) => token.startOffset > fault.start);
      append(all, standIn(fault.start, word, repairs, !lost.includes("=")));
    }
    repairs.lose(lost);
    // Each fault costs one more reading of the rest: a large file with many is not read to its end.
    work += text.length - at;
    at = Math.max(fault.end, fault.start + 1);
    if (repairs.isFull || work > 4 * text.length + 1_000_000) {
      repairs.giveUp();
      return all;
    }
  }
}

function append(all: IToken[], more: readonly IToken[]): IToken[] {
  for (const token of more) all.push(token);
  return all;
}

interface LexicalFault {
  readonly diagnostic: Diagnostic;
  /** The delimiter of the tag or expression; undefined for a comment. */
  readonly opener: IToken | undefined;
  /** What is left out: from the opening delimiter to where reading can go on. */
  readonly start: number;
  readonly end: number;
}

interface Stretch {
  readonly offset: number;
  readonly length: number;
}

function firstFault(
  source: MappedText,
  tokens: readonly IToken[],
  error: Stretch | undefined,
): LexicalFault | undefined {
  const token = tokens.find(({ tokenType }) => tokenType === t.UnclosedString || tokenType === t.UnclosedComment);
  const offset = Math.min(token?.startOffset ?? Infinity, error?.offset ?? Infinity);
  if (offset === Infinity) return withoutEnd(source, tokens);
  const opener = openerBefore(tokens, offset);
  if (token?.tokenType === t.UnclosedComment && token.startOffset === offset) {
    return {
      diagnostic: explainUnclosed(source, token),
      opener: undefined,
      start: offset,
      end: lineEnd(source, offset),
    };
  }
  const start = opener?.startOffset ?? offset;
  const next = nextOpener(source, opener, offset);
  if (opener !== undefined && next !== undefined) {
    const bracket = withOpenBracket(source, tokens, opener, next);
    if (bracket !== undefined) return bracket;
    // Another delimiter begins before the fault: this one was never closed, and what follows is text.
    return { diagnostic: explainOpen(source, opener), opener, start, end: Math.min(next, lineEnd(source, start)) };
  }
  const isString = token?.startOffset === offset;
  const diagnostic = isString
    ? explainUnclosed(source, token as IToken)
    : explainLexing(source, tokens, error as Stretch, opener);
  return { diagnostic, opener, start, end: resume(source, opener, offset, isString) };
}

/** The text ended inside of a tag, an expression or raw text. */
function withoutEnd(source: MappedText, tokens: readonly IToken[]): LexicalFault | undefined {
  const opener = openerBefore(tokens, Infinity);
  if (opener === undefined) return undefined;
  const diagnostic = unclosed(source, tokens);
  const start = opener.startOffset;
  if (opener.tokenType === t.RawOpen) return { diagnostic, opener, start, end: t.endOf(opener) };
  const next = nextOpener(source, opener, source.text.length);
  const bracket = withOpenBracket(source, tokens, opener, next ?? source.text.length);
  if (bracket !== undefined) return bracket;
  return { diagnostic, opener, start, end: Math.min(next ?? Infinity, lineEnd(source, start)) };
}

/** The end is there, but a bracket that is open made two operators of it. */
function withOpenBracket(
  source: MappedText,
  tokens: readonly IToken[],
  opener: IToken,
  stop: number,
): LexicalFault | undefined {
  const close = source.text.indexOf(opener.tokenType === t.TagOpen ? "%}" : "}}", opener.startOffset);
  if (close < 0 || close >= stop) return undefined;
  const diagnostic = explainOpenBracket(source, tokens, opener, close);
  return diagnostic && { diagnostic, opener, start: opener.startOffset, end: close + 2 };
}

/** The delimiter that is open before `offset`. */
function openerBefore(tokens: readonly IToken[], offset: number): IToken | undefined {
  for (let i = tokens.length - 1; i >= 0; i -= 1) {
    const token = tokens[i] as IToken;
    if (token.startOffset >= offset) continue;
    switch (token.tokenType) {
      case t.TagOpen:
      case t.PrintOpen:
      case t.RawOpen:
        return token;
      case t.TagClose:
      case t.PrintClose:
      case t.RawClose:
        return undefined;
    }
  }
  return undefined;
}

/** A delimiter that begins between `opener` and `offset`. A dict in a dict has its braces apart. */
function nextOpener({ text }: MappedText, opener: IToken | undefined, offset: number): number | undefined {
  if (opener === undefined) return undefined;
  const delimiter = /\{[{%#]/g;
  delimiter.lastIndex = t.endOf(opener);
  const found = delimiter.exec(text);
  return found !== null && found.index <= offset ? found.index : undefined;
}

/** Where reading can go on behind a fault at `offset`. */
function resume(source: MappedText, opener: IToken | undefined, offset: number, isString: boolean): number {
  const { text } = source;
  const limit = source.nextEnd(offset);
  if (limit?.kind === "statement-end" && isStatement(source, opener)) return limit.end;
  const stop = limit?.start ?? text.length;
  const newline = endOr(text.indexOf("\n", offset), stop);
  const delimiter = opener?.tokenType === t.TagOpen ? "%}" : "}}";
  const close = endOr(text.indexOf(delimiter, offset), stop);
  if (close < newline) return close + 2;
  const next = endOr(text.slice(offset, stop).search(/\{[{%#]/), stop - offset) + offset;
  if (!isString && close < next) return close + 2;
  return Math.min(newline, stop);
}

function isStatement(source: MappedText, opener: IToken | undefined): boolean {
  return opener !== undefined && source.madeAt(opener.startOffset)?.kind === "statement-start";
}

function lineEnd(source: MappedText, offset: number): number {
  const stop = source.nextEnd(offset);
  if (stop?.kind === "statement-end" && source.madeAt(offset)?.kind === "statement-start") return stop.end;
  return Math.min(endOr(source.text.indexOf("\n", offset), source.text.length), stop?.start ?? source.text.length);
}

function endOr(index: number, otherwise: number): number {
  return index < 0 || index > otherwise ? otherwise : index;
}
