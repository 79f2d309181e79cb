/** @file Tags as stretches of tokens, and what stands in for one that cannot be read: the same tag with nothing in it. */
import { createTokenInstance, type IToken, type TokenType } from "chevrotain";
import { unreadable } from "./ast.ts";
import { branches, closers } from "./explain.ts";
import type { Repairs } from "./repairs.ts";
import * as t from "./tokens.ts";

/** What each tag with a body needs between its word and its end. */
const contents = new Map<TokenType, readonly TokenType[]>([
  [t.If, [t.Name]],
  [t.Elif, [t.Name]],
  [t.For, [t.Name, t.In, t.Name]],
  [t.Block, [t.Name]],
  [t.Macro, [t.Name, t.LParen, t.RParen]],
  [t.Call, [t.Name, t.LParen, t.RParen]],
  [t.SetWord, [t.Name]],
  [t.With, []],
  [t.Autoescape, [t.Name]],
  [t.Else, []],
]);

/**
 * The tokens that stand for an unreadable tag with this word at `offset`. Tags without a body leave nothing; a `set` counts as one
 * of those unless it is said to have a body.
 */
export function standIn(offset: number, word: IToken | undefined, repairs: Repairs, setHasBody = false): IToken[] {
  const type = word?.tokenType;
  // Without its parent, what a template prints is not what it would print.
  if (type === t.Extends) repairs.guessNesting();
  if (type === undefined || (type === t.SetWord && !setHasBody)) return [];
  if (type === t.Filter) return tag(offset, t.Filter, [[t.Name, "trim"]]);
  const content = contents.get(type) ?? (closers.has(type) ? [] : undefined);
  if (content === undefined) return [];
  return tag(
    offset,
    type,
    content.map((part) => [part, part === t.Name ? unreadable : (part.LABEL ?? "")]),
  );
}

/** A complete tag that the user did not write, at `offset`. */
export function tag(
  offset: number,
  word: TokenType,
  content: readonly (readonly [TokenType, string])[] = [],
): IToken[] {
  const parts = [[t.TagOpen, "{%"], [word, word.LABEL ?? ""], ...content, [t.TagClose, "%}"]] as const;
  return parts.map(([type, image]) => createTokenInstance(type, image, offset, offset, 0, 0, 0, 0));
}

/** The tag or expression around `tokens[at]`: the indices of its delimiters. */
export function unitAround(tokens: readonly IToken[], at: number): { readonly first: number; readonly last: number } {
  let first = Math.min(at, tokens.length - 1);
  while (first > 0 && !isOpener(tokens[first] as IToken)) first -= 1;
  let last = Math.max(first, at);
  while (last < tokens.length - 1 && !isCloser(tokens[last] as IToken)) last += 1;
  return { first, last };
}

function isOpener({ tokenType }: IToken): boolean {
  return tokenType === t.TagOpen || tokenType === t.PrintOpen || tokenType === t.RawOpen;
}

function isCloser({ tokenType }: IToken): boolean {
  return tokenType === t.TagClose || tokenType === t.PrintClose || tokenType === t.RawClose;
}

/** Does a `set` at `tokens[first]` that cannot be read have a body? It has, if an `endset` further on belongs to no other `set`. */
export function setHasBody(tokens: readonly IToken[], first: number): boolean {
  let open = 0;
  for (let i = first + 2; i < tokens.length - 1; i += 1) {
    if (tokens[i]?.tokenType !== t.TagOpen) continue;
    const word = tokens[i + 1]?.tokenType;
    if (word === t.EndSet) {
      if (open === 0) return true;
      open -= 1;
    } else if (word === t.SetWord && tokens[i + 3]?.tokenType !== t.AssignSign) {
      const end = unitAround(tokens, i + 1).last;
      if (!tokens.slice(i, end).some(({ tokenType }) => tokenType === t.AssignSign)) open += 1;
    }
  }
  return false;
}

/** How many tags with this word there are. */
export function countTags(tokens: readonly IToken[], word: TokenType): number {
  let count = 0;
  for (let i = 0; i < tokens.length - 1; i += 1)
    if (tokens[i]?.tokenType === t.TagOpen && tokens[i + 1]?.tokenType === word) count += 1;
  return count;
}

/** Is this word one that ends a tag's body, or divides it? */
export function endsBody(type: TokenType): boolean {
  return closers.has(type) || branches.has(type);
}
