/** @file Syntax faults in the user's words: what stands there, what could, and which line statement or section wrote it. */
import type { ILexingError, IRecognitionException, IToken, TokenType } from "chevrotain";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Span } from "../../source/span.ts";
import { templateDiagnostics as faults } from "../diagnostics.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import { excerpt } from "../visible.ts";
import { tagWords } from "./template-parser.ts";
import * as t from "./tokens.ts";

const matching = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);
const closing = new Set(matching.values());

/** Closing words and what they close. */
export const closers: ReadonlyMap<TokenType, TokenType> = new Map<TokenType, TokenType>([
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
export const closerOf: ReadonlyMap<TokenType, TokenType> = new Map([...closers].map(([end, start]) => [start, end]));
export const branches: ReadonlyMap<TokenType, readonly TokenType[]> = new Map<TokenType, readonly TokenType[]>([
  [t.Elif, [t.If]],
  [t.Else, [t.If, t.For]],
]);

/** A comment or a string that begins at `token` and never ends. */
export function explainUnclosed(source: MappedText, token: IToken): Diagnostic {
  if (token.tokenType === t.UnclosedString) return unclosedString(source, token);
  const span = source.span(token.startOffset, token.startOffset + 2);
  return faults.unclosed({ span }, { what: "this comment", end: "#}" });
}

/** A stretch that is no token of the language. `opener` is what the tag or expression around it begins with. */
export function explainLexing(
  source: MappedText,
  tokens: readonly IToken[],
  { offset, length }: Pick<ILexingError, "offset" | "length">,
  opener: IToken | undefined,
): Diagnostic {
  const text = source.text.slice(offset, offset + length);
  const bracket = /^[)\]}]/.test(text) ? mismatchedBracket(tokens, offset) : undefined;
  if (bracket !== undefined) return unclosedBracket(source, bracket);
  // What is shown is one mistake: a run of characters that no token begins with may be long.
  const shown = excerpt(text, 20);
  const message = `'${shown}' has no meaning here`;
  const span = source.span(offset, offset + length);
  return faults.syntax({ span }, { message, hint: hintFor(text, opener?.tokenType === t.TagOpen) });
}

function hintFor(text: string, inTag: boolean): string | undefined {
  if (text.startsWith("&")) return "'and' joins conditions; there are no bit operators";
  if (text.startsWith("!")) return "'not' negates";
  if (text.startsWith("}")) return inTag ? "a tag ends with '%}'" : "an expression ends with '}}'";
  if (/^[)\]]/.test(text)) return "it closes a bracket that was not opened";
  if (text.startsWith("?")) return "'a if condition else b' chooses";
  if (text.startsWith("$")) return "variables are named without a mark";
  return undefined;
}

/** A bracket that is open where a delimiter inside of it, at `close`, would end the tag. */
export function explainOpenBracket(
  source: MappedText,
  tokens: readonly IToken[],
  opener: IToken,
  close: number,
): Diagnostic | undefined {
  const within = tokens.filter(({ startOffset }) => startOffset > opener.startOffset && startOffset < close);
  const bracket = openBracket(within, 0);
  return bracket === undefined ? undefined : unclosedBracket(source, bracket);
}

/** A tag or expression whose end is missing: the text went on, and something else began. */
export function explainOpen(source: MappedText, opener: IToken): Diagnostic {
  const span = spanOf(source, opener);
  const what = opener.tokenType === t.TagOpen ? "this tag" : "this expression";
  return faults.unclosed({ span }, { what, end: opener.tokenType === t.TagOpen ? "%}" : "}}" });
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
    if (matching.has(token.image)) open.push(token);
    if (!closing.has(token.image)) continue;
    const bracket = open.pop();
    if (bracket !== undefined && matching.get(bracket.image) !== token.image) return bracket;
  }
  return open.at(-1);
}

function unclosedBracket(source: MappedText, bracket: IToken): Diagnostic {
  const place = { span: spanOf(source, bracket) };
  return faults.unclosed(place, { what: `'${bracket.image}'`, end: `'${matching.get(bracket.image) ?? ""}'` });
}

export interface OpenTag {
  readonly word: IToken;
  readonly tag: IToken;
}

/** Where a parse failed. */
export type Failure =
  /** The text ended while these were open. */
  | { readonly kind: "end"; readonly open: readonly OpenTag[] }
  /** A tag that cannot stand at its place: `tokens[first]` opens it. */
  | { readonly kind: "tag"; readonly first: number; readonly word: IToken; readonly open: readonly OpenTag[] }
  /** Something inside of a tag or an expression. */
  | { readonly kind: "token"; readonly at: number; readonly error: IRecognitionException };

export function failureOf(tokens: readonly IToken[], error: IRecognitionException): Failure {
  const at = indexOf(tokens, error.token);
  const token = tokens[at];
  if (token === undefined || error.token.tokenType.name === "EOF")
    return { kind: "end", open: openTags(tokens, tokens.length) };
  if (token.tokenType !== t.TagOpen && tokens[at - 1]?.tokenType !== t.TagOpen) return { kind: "token", at, error };
  const first = token.tokenType === t.TagOpen ? at : at - 1;
  return { kind: "tag", first, word: tokens[first + 1] as IToken, open: openTags(tokens, first) };
}

export function explainFailure(source: MappedText, tokens: readonly IToken[], failure: Failure): Diagnostic {
  switch (failure.kind) {
    case "end":
      return unclosed(source, tokens);
    case "tag":
      return misplacedTag(source, failure.open, tokens[failure.first] as IToken, failure.word);
    case "token":
      return unexpected(source, tokens, failure.at, failure.error);
  }
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
  if (tokenType === t.TagClose)
    return faults.syntax({ span: spanOf(source, tag, word) }, { message: "this tag is empty: it begins with no word" });
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
    return faults.unknownTag({ span }, { name: word.image, nearest: nearestTag(word.image) });
  }
  return faults.syntax({ span }, { message: `a tag begins with its name, but ${describe(source, word)} stands here` });
}

/** Words that other template languages begin tags with, and what is meant in this one. */
const elsewhere = new Map([
  ["elseif", "elif"],
  ["elsif", "elif"],
  ["end", "endif"],
  ["foreach", "for"],
]);

/** The tag that was meant. */
export function nearestTag(name: string): string | undefined {
  const words = [...tagWords, ...closers.keys(), ...branches.keys()].map((w) => w.LABEL ?? "");
  const close = elsewhere.get(name) ?? nearest(name, words);
  // The words are short: with another first letter it is rarely the same word (`do` is no slip for `for`).
  return close?.[0] === name[0] || close?.includes(name) ? close : elsewhere.get(name);
}

/** The text ended inside something. */
export function unclosed(source: MappedText, tokens: readonly IToken[]): Diagnostic {
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
        { what: `'${bracket.image}'`, end: `'${matching.get(bracket.image) ?? ""}'` },
      );
    }
    return explainOpen(source, delimiter);
  }
  const innermost = open.at(-1);
  if (innermost === undefined) {
    const span = last === undefined ? source.span(0, 0) : spanOf(source, last);
    return faults.syntax({ span }, { message: "the template ends too early" });
  }
  return unclosedTag(source, innermost);
}

export function unclosedTag(source: MappedText, tag: OpenTag): Diagnostic {
  const end = closerOf.get(tag.word.tokenType)?.LABEL ?? "";
  const span = spanOfTag(source, tag);
  const meant = lineMeantAs(end, span);
  const labels = meant === undefined ? [] : [{ span: meant, text: "this line is text: a statement begins with '-- '" }];
  return faults.unclosed({ span, labels }, { what: describeTag(source, tag), end: `'${end}'` });
}

/** A line further on that says `endif` and is text, since its mark is missing or wrong. */
function lineMeantAs(end: string, { file, end: from }: Span): Span | undefined {
  const line = new RegExp(`^([ \\t]*)(?:--?|- -)?[ \\t]*${end}[ \\t]*$`, "gm");
  line.lastIndex = from;
  for (let found = line.exec(file.text); found !== null; found = line.exec(file.text)) {
    const start = found.index + (found[1] as string).length;
    if (!/^--[ \t]/.test(found[0].trimStart())) return { file, start, end: found.index + found[0].trimEnd().length };
  }
  return undefined;
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
  error: IRecognitionException,
): Diagnostic {
  const token = tokens[at] as IToken;
  const span = spanOf(source, token);
  const previous = tokens[at - 1];
  const what = describe(source, token);
  if (error.context.ruleStack.at(-2) === "blockTag" && token.tokenType === t.Minus) {
    return faults.syntax({ span }, { message: "the name of a block cannot hold a hyphen", hint: "use an underscore" });
  }
  if (previous?.tokenType === t.EndBlock && tokens[at - 2]?.tokenType === t.TagOpen)
    return wrongBlockName(source, openTags(tokens, at - 2).at(-1), tokens, token);
  if (token.tokenType === t.Pipe && previous?.tokenType === t.Pipe)
    return faults.syntax({ span }, { message: "'||' has no meaning here", hint: "'or' joins conditions" });
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

function expectedBy(error: IRecognitionException): string | undefined {
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
export function openTags(tokens: readonly IToken[], end: number): OpenTag[] {
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

export function isSection(source: MappedText, { tag }: OpenTag): boolean {
  return source.madeAt(tag.startOffset)?.kind === "section-start";
}

/** The opening tag up to its word; the header of a section. */
function spanOfTag(source: MappedText, { tag, word }: OpenTag): Span {
  const made = source.madeAt(tag.startOffset);
  return made?.kind === "section-start" ? made.section.header : spanOf(source, tag, word);
}

export function describeTag(source: MappedText, { tag, word }: OpenTag): string {
  const made = source.madeAt(tag.startOffset);
  return made?.kind === "section-start" ? `section [${made.section.name}]` : `'${word.image}'`;
}

function describe(source: MappedText, token: IToken): string {
  const made = source.madeAt(token.startOffset);
  if (made?.kind === "statement-end") return "the end of the line";
  if (token.tokenType === t.TagClose || token.tokenType === t.PrintClose) return "the end of the tag";
  if (token.tokenType === t.Text) return "text";
  // A string stands in quotes already.
  return token.tokenType === t.Str ? excerpt(token.image) : `'${excerpt(token.image)}'`;
}

function spanOf(source: MappedText, first: IToken, last: IToken = first): Span {
  return source.span(first.startOffset, t.endOf(last));
}

function indexOf(tokens: readonly IToken[], token: IToken): number {
  const index = tokens.indexOf(token);
  return index < 0 ? tokens.length : index;
}
