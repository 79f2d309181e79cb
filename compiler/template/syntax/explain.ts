/** @file Syntax faults in the user's words: what stands there, what could, and which line statement or section wrote it. */
import type { ILexingError, IRecognitionException, IToken, TokenType } from "chevrotain";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Span } from "../../source/span.ts";
import { templateDiagnostics as faults } from "../diagnostics.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import { tagWords } from "./template-parser.ts";
import * as t from "./tokens.ts";

const matching: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const closing = new Set(Object.values(matching));

/** Closing words and what they close. */
const closers = new Map<TokenType, TokenType>([
  [t.EndIf, t.If],
  [t.EndFor, t.For],
  [t.EndBlock, t.Block],
  [t.EndMacro, t.Macro],
  [t.EndCall, t.Call],
  [t.EndSet, t.SetWord],
  [t.EndWith, t.With],
  [t.EndFilter, t.Filter],
  [t.EndAutoescape, t.Autoescape],
]);
const closerOf = new Map([...closers].map(([end, start]) => [start, end]));
const branches = new Map<TokenType, readonly TokenType[]>([
  [t.Elif, [t.If]],
  [t.Else, [t.If, t.For]],
]);

export function explainLexing(
  source: MappedText,
  tokens: readonly IToken[],
  errors: readonly ILexingError[],
): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const token of tokens) {
    if (token.tokenType === t.UnclosedComment) {
      const span = source.span(token.startOffset, token.startOffset + 2);
      found.push(faults.unclosed({ span }, { what: "this comment", end: "#}" }));
    } else if (token.tokenType === t.UnclosedString) found.push(unclosedString(source, token));
  }
  for (const { offset, length } of errors) {
    const text = source.text.slice(offset, offset + length);
    const bracket = /^[)\]}]/.test(text) ? mismatchedBracket(tokens, offset) : undefined;
    if (bracket !== undefined) {
      found.push(unclosedBracket(source, bracket));
      continue;
    }
    const message = `'${text}' has no meaning here`;
    found.push(faults.syntax({ span: source.span(offset, offset + length) }, { message, hint: hintFor(text) }));
  }
  return found.sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
}

function hintFor(text: string): string | undefined {
  if (text.startsWith("&")) return "'and' joins conditions; there are no bit operators";
  if (text.startsWith("!")) return "'not' negates";
  if (/^[)\]}]/.test(text)) return "it closes a bracket that was not opened";
  return undefined;
}

function unclosedString(source: MappedText, token: IToken): Diagnostic {
  const span = spanOf(source, token);
  const diagnostic = faults.unclosed({ span }, { what: "this string", end: token.image[0] as string });
  // What the line stage took away is still in the file.
  const cut = /^\s?##/.test(span.file.text.slice(span.end));
  return cut ? { ...diagnostic, hint: "'##' after a space begins a comment, also inside a string" } : diagnostic;
}

/** The innermost bracket before `offset` that something else closes, in the tag where `offset` is. */
function mismatchedBracket(tokens: readonly IToken[], offset: number): IToken | undefined {
  const before = tokens.filter((token) => token.startOffset < offset);
  const start = before.findLastIndex(({ tokenType }) => tokenType === t.TagOpen || tokenType === t.PrintOpen);
  const open: IToken[] = [];
  for (const token of before.slice(start + 1)) {
    if (token.image in matching) open.push(token);
    if (!closing.has(token.image)) continue;
    const bracket = open.pop();
    if (bracket !== undefined && matching[bracket.image] !== token.image) return bracket;
  }
  return open.at(-1);
}

function unclosedBracket(source: MappedText, bracket: IToken): Diagnostic {
  const place = { span: spanOf(source, bracket) };
  return faults.unclosed(place, { what: `'${bracket.image}'`, end: `'${matching[bracket.image] as string}'` });
}

interface OpenTag {
  readonly word: IToken;
  readonly tag: IToken;
}

export function explainParsing(
  source: MappedText,
  tokens: readonly IToken[],
  error: IRecognitionException | undefined,
): Diagnostic {
  // Without an error the parser stopped before the end: at a tag that begins nothing.
  const at = error === undefined ? tokens.length - 1 : indexOf(tokens, error.token);
  const token = tokens[at];
  if (token === undefined || error?.token.tokenType.name === "EOF") return unclosed(source, tokens);
  if (token.tokenType === t.TagOpen || tokens[at - 1]?.tokenType === t.TagOpen) {
    const word = token.tokenType === t.TagOpen ? tokens[at + 1] : token;
    const tag = token.tokenType === t.TagOpen ? token : (tokens[at - 1] as IToken);
    if (word === undefined) return unclosed(source, tokens);
    return misplacedTag(source, openTags(tokens, tokens.indexOf(tag)), tag, word);
  }
  return unexpected(source, tokens, at, error);
}

/** A tag whose word cannot stand here. */
function misplacedTag(source: MappedText, open: readonly OpenTag[], tag: IToken, word: IToken): Diagnostic {
  const made = source.madeAt(tag.startOffset);
  const innermost = open.at(-1);
  const label =
    innermost === undefined
      ? []
      : [
          {
            span: spanOfTag(source, innermost),
            text: `${describeTag(source, innermost)} is open here`,
          },
        ];
  if (made?.kind === "section-end") {
    const { name, header } = made.section;
    const message =
      innermost === undefined
        ? `section [${name}] ends here, but its beginning is inside raw text or a comment`
        : `section [${name}] ends here, while ${describeTag(source, innermost)} is still open`;
    const labels = [{ span: header, text: "the section begins here" }, ...label];
    return faults.syntax(
      { span: source.span(tag.startOffset, tag.startOffset), labels },
      {
        message,
        hint: "a section ends at the next header of the same or a lesser indentation, or with the file; close what it opens before that",
      },
    );
  }
  const span = spanOf(source, word);
  const { tokenType } = word;
  if (closers.has(tokenType) || branches.has(tokenType)) {
    const wanted = branches.get(tokenType) ?? [closers.get(tokenType) as TokenType];
    if (innermost === undefined || !open.some((o) => wanted.includes(o.word.tokenType))) {
      return faults.syntax(
        { span, labels: label },
        {
          message: `'${word.image}' has nothing to close: no ${wanted.map((w) => `'${w.LABEL}'`).join(" or ")} is open`,
        },
      );
    }
    const end = closerOf.get(innermost.word.tokenType)?.LABEL ?? "";
    return faults.syntax(
      { span, labels: label },
      {
        message: `'${word.image}' stands here, while ${describeTag(source, innermost)} is still open`,
        hint: isSection(source, innermost)
          ? `a section ends only at the next header or with the file; '${word.image}' belongs before its header`
          : `close it first, with '${end}'`,
      },
    );
  }
  if (word.tokenType !== t.Name && tagWords.has(tokenType))
    return faults.syntax({ span, labels: label }, { message: `'${word.image}' cannot stand here` });
  if (word.tokenType === t.Name || word.tokenType.CATEGORIES?.includes(t.Name)) {
    const words = [...tagWords, ...closers.keys(), ...branches.keys()].map((w) => w.LABEL ?? "");
    return faults.unknownTag({ span }, { name: word.image, nearest: nearest(word.image, words) });
  }
  return faults.syntax({ span }, { message: `a tag begins with its name, but ${describe(source, word)} stands here` });
}

/** The text ended inside something. */
function unclosed(source: MappedText, tokens: readonly IToken[]): Diagnostic {
  const last = tokens.at(-1);
  const open = openTags(tokens, tokens.length);
  const delimiter = tokens.findLast(
    (token) => token.tokenType === t.TagOpen || token.tokenType === t.PrintOpen || token.tokenType === t.RawOpen,
  );
  const closed = tokens.findLast(
    (token) => token.tokenType === t.TagClose || token.tokenType === t.PrintClose || token.tokenType === t.RawClose,
  );
  if (delimiter !== undefined && (closed === undefined || closed.startOffset < delimiter.startOffset)) {
    const span = spanOf(source, delimiter);
    if (delimiter.tokenType === t.RawOpen)
      return faults.unclosed({ span }, { what: "this raw text", end: "{% endraw %}" });
    const bracket = openBracket(tokens, tokens.indexOf(delimiter));
    if (bracket !== undefined) {
      return faults.unclosed(
        { span: spanOf(source, bracket) },
        { what: `'${bracket.image}'`, end: `'${matching[bracket.image] as string}'` },
      );
    }
    const end = delimiter.tokenType === t.TagOpen ? "%}" : "}}";
    return faults.unclosed({ span }, { what: delimiter.tokenType === t.TagOpen ? "this tag" : "this expression", end });
  }
  const innermost = open.at(-1);
  if (innermost === undefined) {
    const span = last === undefined ? source.span(0, 0) : spanOf(source, last);
    return faults.syntax({ span }, { message: "the template ends too early" });
  }
  const end = closerOf.get(innermost.word.tokenType)?.LABEL ?? "";
  return faults.unclosed(
    { span: spanOfTag(source, innermost) },
    { what: describeTag(source, innermost), end: `'${end}'` },
  );
}

function openBracket(tokens: readonly IToken[], from: number): IToken | undefined {
  const open: IToken[] = [];
  for (const token of tokens.slice(from)) {
    if (token.tokenType === t.LParen || token.tokenType === t.LBracket || token.tokenType === t.LBrace)
      open.push(token);
    if (token.tokenType === t.RParen || token.tokenType === t.RBracket || token.tokenType === t.RBrace) open.pop();
  }
  return open.at(-1);
}

/** A token inside a tag that no rule can take. */
function unexpected(
  source: MappedText,
  tokens: readonly IToken[],
  at: number,
  error: IRecognitionException | undefined,
): Diagnostic {
  const token = tokens[at] as IToken;
  const span = spanOf(source, token);
  const previous = tokens[at - 1];
  const what = describe(source, token);
  if (error?.context.ruleStack.at(-2) === "blockTag" && token.tokenType === t.Minus) {
    return faults.syntax({ span }, { message: "the name of a block cannot hold a hyphen", hint: "use an underscore" });
  }
  if (previous?.tokenType === t.EndBlock) return wrongBlockName(source, openTags(tokens, at - 2).at(-1), tokens, token);
  const expected = expectedBy(error);
  if (token.tokenType === t.AssignSign && expected !== "a name") {
    return faults.syntax(
      { span },
      { message: "'=' assigns only in `set`, `with` and named arguments", hint: "'==' compares" },
    );
  }
  if (expected !== undefined)
    return faults.syntax({ span }, { message: `${what} stands here, where ${expected} is expected` });
  const after = previous === undefined ? "" : ` after ${describe(source, previous)}`;
  return faults.syntax({ span }, { message: `${what} cannot stand${after}` });
}

/** `endblock` with a name that is not the open block's. */
function wrongBlockName(
  source: MappedText,
  innermost: OpenTag | undefined,
  tokens: readonly IToken[],
  token: IToken,
): Diagnostic {
  const span = spanOf(source, token);
  const opened = innermost === undefined ? undefined : tokens[tokens.indexOf(innermost.word) + 1];
  if (innermost === undefined || opened === undefined)
    return faults.syntax({ span }, { message: `'endblock ${token.image}' has no open block to close` });
  return faults.syntax(
    { span, labels: [{ span: spanOfTag(source, innermost), text: `block '${opened.image}' begins here` }] },
    {
      message: `block '${opened.image}' is closed as '${token.image}'`,
      hint: `write 'endblock ${opened.image}', or 'endblock' alone`,
    },
  );
}

function expectedBy(error: IRecognitionException | undefined): string | undefined {
  if (error === undefined) return undefined;
  if (error.name === "NoViableAltException") {
    const rule = error.context.ruleStack.at(-1);
    if (rule === "setTarget" || rule === "targetItem") return "a name";
    return rule === "primary" || rule === "unary" || rule === "negation" ? "a value" : undefined;
  }
  // Chevrotain's own message names the token type: `Expecting token of type --> X <-- but found …`.
  const label = /--> (.+?) <--/s.exec(error.message)?.[1];
  if (label === undefined) return undefined;
  if (label === "%}" || label === "}}") return "the end of the tag";
  if (/^[a-z]+$/.test(label))
    return label === "name" ? "a name" : label === "number" || label === "string" ? `a ${label}` : `'${label}'`;
  return `'${label}'`;
}

/** The tags with a body that are open before `tokens[end]`. */
function openTags(tokens: readonly IToken[], end: number): OpenTag[] {
  const open: OpenTag[] = [];
  for (let i = 0; i < end; i += 1) {
    const tag = tokens[i] as IToken;
    const word = tokens[i + 1];
    if (tag.tokenType !== t.TagOpen || word === undefined || i + 1 >= end) continue;
    if (closers.has(word.tokenType)) open.pop();
    else if (closerOf.has(word.tokenType) && opensBody(tokens, i + 1, end)) open.push({ word, tag });
  }
  return open;
}

/** `set` with a sign of assignment has no body. */
function opensBody(tokens: readonly IToken[], at: number, end: number): boolean {
  if (tokens[at]?.tokenType !== t.SetWord) return true;
  for (let i = at; i < end && tokens[i]?.tokenType !== t.TagClose; i += 1) {
    if (tokens[i]?.tokenType === t.Pipe) return true;
    if (tokens[i]?.tokenType === t.AssignSign) return false;
  }
  return true;
}

function isSection(source: MappedText, { tag }: OpenTag): boolean {
  return source.madeAt(tag.startOffset)?.kind === "section-start";
}

/** The opening tag up to its word; the header of a section. */
function spanOfTag(source: MappedText, { tag, word }: OpenTag): Span {
  const made = source.madeAt(tag.startOffset);
  return made?.kind === "section-start" ? made.section.header : spanOf(source, tag, word);
}

function describeTag(source: MappedText, { tag, word }: OpenTag): string {
  const made = source.madeAt(tag.startOffset);
  return made?.kind === "section-start" ? `section [${made.section.name}]` : `'${word.image}'`;
}

function describe(source: MappedText, token: IToken): string {
  const made = source.madeAt(token.startOffset);
  if (made?.kind === "statement-end") return "the end of the line";
  if (token.tokenType === t.TagClose || token.tokenType === t.PrintClose) return "the end of the tag";
  if (token.tokenType === t.Text) return "text";
  return `'${token.image}'`;
}

function spanOf(source: MappedText, first: IToken, last: IToken = first): Span {
  return source.span(first.startOffset, t.endOf(last));
}

function indexOf(tokens: readonly IToken[], token: IToken): number {
  const index = tokens.indexOf(token);
  return index < 0 ? tokens.length : index;
}
