/**
 * @file What stands between two tokens of a tag: nothing or one blank.
 *
 *     {{x|default( 1,y = 2 )}}      {{ x | default(1, y=2) }}
 *     -- set a={'k':-1}             -- set a = {'k': -1}
 *     {{ xs [1 : -1] }}             {{ xs[1:-1] }}
 */
import type { IToken, TokenType } from "chevrotain";
import * as t from "../syntax/tokens.ts";

type Bracket = "call" | "subscript" | "list" | "dict" | "group";

const words = new Set<TokenType>([t.And, t.Or, t.Not, t.In, t.Is, t.If, t.Else, t.Elif, t.For, t.From, t.As]);
const signs = new Set<TokenType>([t.Plus, t.Minus, t.Times, t.Power]);
const closers = new Set<TokenType>([t.RParen, t.RBracket, t.RBrace]);
const openers = new Set<TokenType>([t.LParen, t.LBracket, t.LBrace]);
const numbers = new Set<TokenType>([t.Integer, t.Float]);

/** Walks over the tokens of one tag and answers for each what belongs before it. */
export class Spacing {
  readonly #brackets: Bracket[] = [];
  #before: IToken | undefined;
  #beforeThat: IToken | undefined;
  /** The sign before stands for itself (`-1`, `*list`), not between two operands. */
  #afterPrefix = false;

  /** What belongs between the token before and `token`; undefined where what is written has to stay. */
  next(token: IToken): "" | " " | undefined {
    const gap = this.#before === undefined ? " " : this.#between(this.#before, token);
    const isPrefix = signs.has(token.tokenType) && !this.#endsOperand();
    this.#afterPrefix = isPrefix;
    if (openers.has(token.tokenType)) this.#brackets.push(this.#bracket(token.tokenType));
    if (closers.has(token.tokenType)) this.#brackets.pop();
    this.#beforeThat = this.#before;
    this.#before = token;
    return gap;
  }

  #between(before: IToken, token: IToken): "" | " " | undefined {
    const [last, type] = [before.tokenType, token.tokenType];
    const inside = this.#brackets.at(-1);
    // `1 .real` and `x.0 .1` would become numbers.
    if (last === t.Dot || type === t.Dot) return numbers.has(last) || numbers.has(type) ? undefined : "";
    if (openers.has(last) || closers.has(type)) return "";
    if (type === t.Comma || type === t.Semicolon) return "";
    if (last === t.Comma) return " ";
    if (type === t.Colon) return "";
    if (last === t.Colon) return inside === "subscript" ? "" : " ";
    if (last === t.AssignSign || type === t.AssignSign) return this.#brackets.length > 0 ? "" : " ";
    if (this.#afterPrefix && last !== t.Not) return "";
    if (type === t.LParen && this.#endsOperand()) return "";
    // After a test's name a list is its argument: `x is in [1]`.
    if (type === t.LBracket && this.#endsOperand()) return this.#isTestName() ? " " : "";
    return " ";
  }

  /** Whether the token before ends an operand, so that a bracket calls or takes an item, and a sign is an operator. */
  #endsOperand(): boolean {
    const type = this.#before?.tokenType;
    if (type === undefined) return false;
    if (closers.has(type) || numbers.has(type) || type === t.Str) return true;
    const isName = type === t.Name || type.CATEGORIES?.includes(t.Name) === true;
    if (!isName) return false;
    const named = this.#beforeThat?.tokenType;
    // What follows a point or a bar is a name, whatever the word.
    return !words.has(type) || named === t.Dot || named === t.Pipe;
  }

  #isTestName(): boolean {
    return this.#beforeThat?.tokenType === t.Is || this.#beforeThat?.tokenType === t.Not;
  }

  #bracket(type: TokenType): Bracket {
    if (type === t.LBrace) return "dict";
    if (type === t.LBracket) return this.#endsOperand() && !this.#isTestName() ? "subscript" : "list";
    return this.#endsOperand() ? "call" : "group";
  }
}
