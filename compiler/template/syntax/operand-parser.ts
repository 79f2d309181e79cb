/** @file The grammar of operands: names, literals, brackets, and what stands right behind them: `.name`, `[…]`, `(…)`, filters, tests. */
import { EmbeddedActionsParser, type IToken, type ParserMethod, type TokenType } from "chevrotain";
import type { Span } from "../../source/span.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import { digitLimit } from "../values/limits.ts";
import type { Arguments, Attribute, Call, Expression, Filter, Item, Literal, Slice, Test } from "./ast.ts";
import { floatOf, integerOf, stringOf } from "./literals.ts";
import { SyntaxFault } from "./syntax-fault.ts";
import * as t from "./tokens.ts";

/** After a comma: what says that the comma was a trailing one. */
const listEnds = new Set<TokenType>([t.TagClose, t.PrintClose, t.RParen, t.RBracket, t.RBrace, t.Colon]);
const testArgumentStarts = new Set<TokenType>([t.Name, t.Str, t.Integer, t.Float, t.LParen, t.LBracket, t.LBrace]);
const testEnds = new Set<TokenType>([t.Else, t.Or, t.And, t.Is]);
const constants = new Map<string, boolean | null>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

export const noArguments: Arguments = { positional: [], keywords: [], list: undefined, mapping: undefined };

interface ArgumentList {
  readonly args: Arguments;
  readonly span: Span;
}

/** The arguments of a call while they are read. */
interface ArgumentsUnderWay {
  readonly positional: Expression[];
  readonly keywords: { name: string; value: Expression; span: Span }[];
  list: Expression | undefined;
  mapping: Expression | undefined;
}

export function join(first: Span, last: Span): Span {
  return { file: first.file, start: first.start, end: Math.max(first.start, last.end) };
}

/** How many tokens a choice may look at. */
export const maxLookahead = 2;

export interface ParserOptions {
  /** Where the parser has its choices from: the table, or Chevrotain's analysis of the grammar, which can also check it. */
  readonly analysis?: "table" | "chevrotain" | "validated";
  /** For `\N{…}` in strings. */
  readonly nameToCharacter?: (name: string) => string | undefined;
}

export abstract class OperandParser extends EmbeddedActionsParser {
  protected source: MappedText | undefined;
  readonly #nameToCharacter: (name: string) => string | undefined;

  constructor({ analysis = "table", nameToCharacter = () => undefined }: ParserOptions = {}) {
    const skipValidations = analysis !== "validated";
    super(t.allTokens, { maxLookahead, skipValidations, recoveryEnabled: false, nodeLocationTracking: "none" });
    this.#nameToCharacter = nameToCharacter;
  }

  /** The place of a token, or of the stretch from one to another. */
  protected span(first: IToken, last: IToken = first): Span {
    // While Chevrotain records the grammar there is no text.
    if (this.source === undefined) return { file: { path: "", text: "" }, start: 0, end: 0 };
    return this.source.span(first.startOffset, t.endOf(last));
  }

  protected upTo(first: { readonly span: Span }, last: { readonly span: Span }): Span {
    return this.RECORDING_PHASE ? first.span : join(first.span, last.span);
  }

  /** Is the comma that comes next followed by another item? */
  protected moreAfterComma(): boolean {
    return this.LA(1).tokenType === t.Comma && !listEnds.has(this.LA(2).tokenType);
  }

  // Brackets hold whole expressions: those levels are in expression-parser.ts.
  abstract readonly expression: ParserMethod<[], Expression>;
  abstract readonly tuple: ParserMethod<[], Expression>;

  readonly postfix = this.RULE("postfix", (): Expression => {
    let node = this.SUBRULE(this.primary);
    this.MANY(() => {
      node = this.OR([
        { ALT: () => this.SUBRULE(this.attribute, { ARGS: [node] }) },
        { ALT: () => this.SUBRULE(this.item, { ARGS: [node] }) },
        { ALT: () => this.SUBRULE(this.call, { ARGS: [node] }) },
      ]);
    });
    return node;
  });

  readonly attribute = this.RULE("attribute", (target: Expression): Attribute | Item => {
    this.CONSUME(t.Dot);
    return this.OR([
      {
        ALT: (): Attribute => {
          const name = this.CONSUME(t.Name);
          const nameSpan = this.span(name);
          return {
            kind: "attribute",
            target,
            name: name.image,
            nameSpan,
            span: this.upTo(target ?? { span: nameSpan }, { span: nameSpan }),
          };
        },
      },
      {
        ALT: (): Item => {
          const digits = this.CONSUME(t.Integer);
          const span = this.span(digits);
          const value = this.ACTION(() => integerOf(digits.image));
          return {
            kind: "item",
            target,
            index: { kind: "literal", value, span },
            span: this.upTo(target ?? { span }, { span }),
          };
        },
      },
    ]);
  });

  readonly item = this.RULE("item", (target: Expression): Item => {
    const open = this.CONSUME(t.LBracket);
    const indices: Expression[] = [];
    this.MANY_SEP({ SEP: t.Comma, DEF: () => indices.push(this.SUBRULE(this.subscript)) });
    const end = { span: this.span(this.CONSUME(t.RBracket)) };
    const [first] = indices;
    const index: Expression =
      indices.length === 1 && first !== undefined
        ? first
        : { kind: "tuple", items: indices, span: this.upTo({ span: this.span(open) }, end) };
    return { kind: "item", target, index, span: this.upTo(target ?? end, end) };
  });

  readonly subscript = this.RULE("subscript", (): Expression => {
    return this.OR([
      {
        ALT: (): Expression => {
          const start = this.SUBRULE(this.expression);
          const slice = this.OPTION(() => this.SUBRULE(this.slice, { ARGS: [start] }));
          return slice ?? start;
        },
      },
      { ALT: (): Expression => this.SUBRULE2(this.slice, { ARGS: [undefined] }) },
    ]);
  });

  readonly slice = this.RULE("slice", (start: Expression | undefined): Slice => {
    const colon = this.CONSUME(t.Colon);
    const stop = this.OPTION(() => this.SUBRULE(this.expression));
    let second: IToken | undefined;
    let step: Expression | undefined;
    this.OPTION2(() => {
      second = this.CONSUME2(t.Colon);
      step = this.OPTION3(() => this.SUBRULE2(this.expression));
    });
    const first = { span: this.span(colon) };
    const last = step ?? (second === undefined ? (stop ?? first) : { span: this.span(second) });
    return { kind: "slice", start, stop, step, span: this.upTo(start ?? first, last) };
  });

  readonly call = this.RULE("call", (callee: Expression): Call => {
    const { args, span } = this.SUBRULE(this.args);
    return { kind: "call", callee, args, span: this.upTo(callee ?? { span }, { span }) };
  });

  readonly args = this.RULE("args", (): ArgumentList => {
    const open = this.CONSUME(t.LParen);
    const into: ArgumentsUnderWay = { positional: [], keywords: [], list: undefined, mapping: undefined };
    this.OPTION(() => {
      this.SUBRULE(this.argument, { ARGS: [into] });
      this.MANY({
        MAX_LOOKAHEAD: 1,
        GATE: () => this.moreAfterComma(),
        DEF: () => {
          this.CONSUME(t.Comma);
          this.SUBRULE2(this.argument, { ARGS: [into] });
        },
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    const close = this.CONSUME(t.RParen);
    return { args: into, span: this.span(open, close) };
  });

  readonly argument = this.RULE("argument", (into: ArgumentsUnderWay): void => {
    const start = this.LA(1);
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Times);
          const value = this.SUBRULE(this.expression);
          this.ACTION(() => {
            if (into.list !== undefined || into.mapping !== undefined) this.#misplaced(start, "`*`");
            into.list = value;
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Power);
          const value = this.SUBRULE2(this.expression);
          this.ACTION(() => {
            if (into.mapping !== undefined) this.#misplaced(start, "a second `**`");
            into.mapping = value;
          });
        },
      },
      {
        ALT: () => {
          const name = this.OPTION({
            MAX_LOOKAHEAD: 1,
            GATE: () => this.LA(2).tokenType === t.AssignSign,
            DEF: () => {
              const word = this.CONSUME(t.Name);
              this.CONSUME(t.AssignSign);
              return word;
            },
          });
          const value = this.SUBRULE3(this.expression);
          this.ACTION(() => {
            if (name === undefined) {
              const late = into.keywords.length > 0 || into.list !== undefined || into.mapping !== undefined;
              if (late) this.#misplaced(start, "a positional argument");
              into.positional.push(value);
            } else {
              if (into.mapping !== undefined) this.#misplaced(start, "a named argument");
              if (into.keywords.some((k) => k.name === name.image)) this.#misplaced(start, `a second '${name.image}'`);
              into.keywords.push({ name: name.image, value, span: this.span(name) });
            }
          });
        },
      },
    ]);
  });

  #misplaced(token: IToken, what: string): never {
    throw new SyntaxFault(
      this.span(token),
      `${what} cannot stand here: positional arguments come first, then named ones, \`*list\`, \`**mapping\``,
    );
  }

  readonly filter = this.RULE("filter", (target: Expression | undefined): Filter => {
    const { name, span: nameSpan } = this.SUBRULE(this.dottedName);
    const found = this.OPTION(() => this.SUBRULE(this.args));
    const end = { span: found?.span ?? nameSpan };
    return {
      kind: "filter",
      target,
      name,
      nameSpan,
      args: found?.args ?? noArguments,
      span: this.upTo(target ?? { span: nameSpan }, end),
    };
  });

  readonly test = this.RULE("test", (target: Expression): Test => {
    this.CONSUME(t.Is);
    const negated = this.OPTION(() => this.CONSUME(t.Not)) !== undefined;
    const { name, span: nameSpan } = this.SUBRULE(this.dottedName);
    let args = noArguments;
    let end = nameSpan;
    this.OPTION2({
      MAX_LOOKAHEAD: 1,
      GATE: () => this.#testArgumentFollows(),
      DEF: () => {
        this.OR([
          {
            GATE: () => this.LA(1).tokenType === t.LParen,
            ALT: () => {
              const found = this.SUBRULE(this.args);
              args = found.args;
              end = found.span;
            },
          },
          {
            GATE: () => this.LA(1).tokenType !== t.LParen,
            ALT: () => {
              const value = this.SUBRULE(this.postfix);
              args = { ...noArguments, positional: [value] };
              end = value.span;
            },
            IGNORE_AMBIGUITIES: true,
          },
        ]);
      },
    });
    this.ACTION(() => {
      const next = this.LA(1);
      if (args === noArguments && next.tokenType === t.Is) {
        throw new SyntaxFault(this.span(next), "tests cannot be chained", "join them: `x is a and x is b`");
      }
    });
    return {
      kind: "test",
      target,
      name,
      nameSpan,
      negated,
      args,
      span: this.upTo(target ?? { span: nameSpan }, { span: end }),
    };
  });

  #testArgumentFollows(): boolean {
    const { tokenType } = this.LA(1);
    if (testEnds.has(tokenType)) return false;
    return testArgumentStarts.has(tokenType) || (tokenType.CATEGORIES?.includes(t.Name) ?? false);
  }

  readonly dottedName = this.RULE("dottedName", (): { name: string; span: Span } => {
    const first = this.CONSUME(t.Name);
    let last = first;
    let name = first.image;
    this.MANY(() => {
      this.CONSUME(t.Dot);
      last = this.CONSUME2(t.Name);
      name += `.${last.image}`;
    });
    return { name, span: this.span(first, last) };
  });

  readonly primary = this.RULE("primary", (): Expression => {
    return this.OR([
      { ALT: () => this.SUBRULE(this.name) },
      { ALT: () => this.SUBRULE(this.string) },
      {
        ALT: (): Literal => {
          const token = this.CONSUME(t.Integer);
          this.ACTION(() => {
            if (token.image.length > digitLimit)
              throw new SyntaxFault(this.span(token), `a number has no more than ${digitLimit} digits`);
          });
          return { kind: "literal", value: this.ACTION(() => integerOf(token.image)), span: this.span(token) };
        },
      },
      {
        ALT: (): Literal => {
          const token = this.CONSUME(t.Float);
          return { kind: "literal", value: this.ACTION(() => floatOf(token.image)), span: this.span(token) };
        },
      },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.dict) },
    ]);
  });

  readonly name = this.RULE("name", (): Expression => {
    const token = this.CONSUME(t.Name);
    const span = this.span(token);
    const value = constants.get(token.image);
    return value === undefined ? { kind: "name", name: token.image, span } : { kind: "literal", value, span };
  });

  /** Adjacent strings are one. */
  readonly string = this.RULE("string", (): Literal => {
    const tokens: IToken[] = [];
    let value = "";
    this.AT_LEAST_ONE(() => {
      const token = this.CONSUME(t.Str);
      tokens.push(token);
      this.ACTION(() => {
        const decoded = stringOf(token.image, this.#nameToCharacter);
        if (typeof decoded === "string") {
          value += decoded;
          return;
        }
        const at = token.startOffset + decoded.offset;
        const span = (this.source as MappedText).span(at, at + decoded.length);
        throw new SyntaxFault(span, `this escape is not complete: ${decoded.message}`);
      });
    });
    const [first] = tokens as [IToken];
    return { kind: "literal", value, span: this.span(first, tokens.at(-1)) };
  });

  /** Parentheses: a tuple, or an expression that stands alone. */
  readonly group = this.RULE("group", (): Expression => {
    const open = this.CONSUME(t.LParen);
    const inner = this.OPTION(() => this.SUBRULE(this.tuple));
    const close = this.CONSUME(t.RParen);
    return inner ?? { kind: "tuple", items: [], span: this.span(open, close) };
  });

  readonly list = this.RULE("list", (): Expression => {
    const open = this.CONSUME(t.LBracket);
    const items: Expression[] = [];
    this.OPTION(() => {
      items.push(this.SUBRULE(this.expression));
      this.MANY({
        MAX_LOOKAHEAD: 1,
        GATE: () => this.moreAfterComma(),
        DEF: () => {
          this.CONSUME(t.Comma);
          items.push(this.SUBRULE2(this.expression));
        },
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    const close = this.CONSUME(t.RBracket);
    return { kind: "list", items, span: this.span(open, close) };
  });

  readonly dict = this.RULE("dict", (): Expression => {
    const open = this.CONSUME(t.LBrace);
    const entries: (readonly [Expression, Expression])[] = [];
    this.OPTION(() => {
      entries.push(this.SUBRULE(this.entry));
      this.MANY({
        MAX_LOOKAHEAD: 1,
        GATE: () => this.moreAfterComma(),
        DEF: () => {
          this.CONSUME(t.Comma);
          entries.push(this.SUBRULE2(this.entry));
        },
      });
      this.OPTION2(() => this.CONSUME2(t.Comma));
    });
    const close = this.CONSUME(t.RBrace);
    return { kind: "dict", entries, span: this.span(open, close) };
  });

  readonly entry = this.RULE("entry", (): readonly [Expression, Expression] => {
    const key = this.SUBRULE(this.expression);
    this.CONSUME(t.Colon);
    return [key, this.SUBRULE2(this.expression)];
  });
}
