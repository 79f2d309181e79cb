/**
 * @file The grammar of expressions, loosest level first. Each rule is one level of precedence and gives a tree.
 *
 * Two levels stand where Python has them elsewhere, and templates depend on it: `~` is tighter than `+`, and the unary signs
 * are tighter than `**`. Filters and tests bind to the unary expression before them.
 */
import type { IToken, TokenType } from "chevrotain";
import type { Comparison, Expression } from "./ast.ts";
import { OperandParser } from "./operand-parser.ts";
import * as t from "./tokens.ts";

const operandEnds = new Set<TokenType>([t.PrintClose, t.TagClose, t.Comma, t.Colon, t.RParen, t.RBracket, t.RBrace]);

export class ExpressionParser extends OperandParser {
  /** `a, b` without parentheses is a tuple. */
  override readonly tuple = this.RULE("tuple", (): Expression => {
    const first = this.SUBRULE(this.expression);
    const items = [first];
    this.MANY({
      MAX_LOOKAHEAD: 1,
      GATE: () => this.moreAfterComma(),
      DEF: () => {
        this.CONSUME(t.Comma);
        items.push(this.SUBRULE2(this.expression));
      },
    });
    const comma = this.OPTION(() => this.CONSUME2(t.Comma));
    return this.tupleOf(items, comma);
  });

  /** The same for `if` and `for … in`, where an inline `if` would take the tag's own words. */
  readonly plainTuple = this.RULE("plainTuple", (): Expression => {
    const first = this.SUBRULE(this.anyOf);
    const items = [first];
    this.MANY({
      MAX_LOOKAHEAD: 1,
      GATE: () => this.moreAfterComma(),
      DEF: () => {
        this.CONSUME(t.Comma);
        items.push(this.SUBRULE2(this.anyOf));
      },
    });
    const comma = this.OPTION(() => this.CONSUME2(t.Comma));
    return this.tupleOf(items, comma);
  });

  protected tupleOf(items: readonly Expression[], comma: IToken | undefined): Expression {
    const [first] = items as [Expression];
    if (items.length === 1 && comma === undefined) return first;
    const end = comma === undefined ? (items.at(-1) as Expression) : { span: this.span(comma) };
    return { kind: "tuple", items, span: this.upTo(first, end) };
  }

  override readonly expression = this.RULE("expression", (): Expression => {
    let node = this.SUBRULE(this.anyOf);
    this.MANY(() => {
      this.CONSUME(t.If);
      const test = this.SUBRULE2(this.anyOf);
      const otherwise = this.OPTION(() => {
        this.CONSUME(t.Else);
        return this.SUBRULE(this.expression);
      });
      node = { kind: "conditional", test, value: node, otherwise, span: this.upTo(node, otherwise ?? test) };
    });
    return node;
  });

  readonly anyOf = this.RULE("anyOf", (): Expression => {
    if (!this.RECORDING_PHASE && this.#standsAlone()) return this.SUBRULE(this.postfix);
    let left = this.SUBRULE(this.allOf);
    this.MANY(() => {
      this.CONSUME(t.Or);
      const right = this.SUBRULE2(this.allOf);
      left = { kind: "logic", operator: "or", left, right, span: this.upTo(left, right) };
    });
    return left;
  });

  /** Does an operand come that no operator follows? Most expressions are one, and need not go through every level. */
  #standsAlone(): boolean {
    const { tokenType } = this.LA(1);
    if (tokenType === t.Str || tokenType === t.Integer || tokenType === t.Float)
      return operandEnds.has(this.LA(2).tokenType);
    let at = 1;
    while (this.LA(at).tokenType === t.Name && this.LA(at + 1).tokenType === t.Dot) at += 2;
    return this.LA(at).tokenType === t.Name && operandEnds.has(this.LA(at + 1).tokenType);
  }

  readonly allOf = this.RULE("allOf", (): Expression => {
    let left = this.SUBRULE(this.negation);
    this.MANY(() => {
      this.CONSUME(t.And);
      const right = this.SUBRULE2(this.negation);
      left = { kind: "logic", operator: "and", left, right, span: this.upTo(left, right) };
    });
    return left;
  });

  readonly negation = this.RULE("negation", (): Expression => {
    return this.OR([
      {
        ALT: (): Expression => {
          const sign = this.CONSUME(t.Not);
          const operand = this.SUBRULE(this.negation);
          return { kind: "not", operand, span: this.upTo({ span: this.span(sign) }, operand) };
        },
      },
      { ALT: () => this.SUBRULE(this.compare), IGNORE_AMBIGUITIES: true },
    ]);
  });

  readonly compare = this.RULE("compare", (): Expression => {
    const first = this.SUBRULE(this.sum);
    const rest: { operator: Comparison; operand: Expression }[] = [];
    this.MANY({
      MAX_LOOKAHEAD: 1,
      DEF: () => {
        const operator = this.SUBRULE(this.comparison);
        rest.push({ operator, operand: this.SUBRULE2(this.sum) });
      },
    });
    const last = rest.at(-1);
    return last === undefined ? first : { kind: "compare", first, rest, span: this.upTo(first, last.operand) };
  });

  readonly comparison = this.RULE("comparison", (): Comparison => {
    return this.OR([
      { ALT: () => this.CONSUME(t.Equal).image as Comparison },
      { ALT: () => this.CONSUME(t.NotEqual).image as Comparison },
      { ALT: () => this.CONSUME(t.Less).image as Comparison },
      { ALT: () => this.CONSUME(t.LessEqual).image as Comparison },
      { ALT: () => this.CONSUME(t.Greater).image as Comparison },
      { ALT: () => this.CONSUME(t.GreaterEqual).image as Comparison },
      { ALT: () => this.CONSUME(t.In).image as Comparison },
      {
        ALT: (): Comparison => {
          this.CONSUME(t.Not);
          this.CONSUME2(t.In);
          return "not in";
        },
      },
    ]);
  });

  readonly sum = this.RULE("sum", (): Expression => {
    let left = this.SUBRULE(this.concat);
    this.MANY(() => {
      const sign = this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      const right = this.SUBRULE2(this.concat);
      left = { kind: "binary", operator: sign.image as "+" | "-", left, right, span: this.upTo(left, right) };
    });
    return left;
  });

  readonly concat = this.RULE("concat", (): Expression => {
    const first = this.SUBRULE(this.product);
    const parts = [first];
    this.MANY(() => {
      this.CONSUME(t.Tilde);
      parts.push(this.SUBRULE2(this.product));
    });
    return parts.length === 1 ? first : { kind: "concat", parts, span: this.upTo(first, parts.at(-1) as Expression) };
  });

  readonly product = this.RULE("product", (): Expression => {
    let left = this.SUBRULE(this.power);
    this.MANY(() => {
      const sign = this.OR([
        { ALT: () => this.CONSUME(t.Times) },
        { ALT: () => this.CONSUME(t.Divide) },
        { ALT: () => this.CONSUME(t.FloorDivide) },
        { ALT: () => this.CONSUME(t.Modulo) },
      ]);
      const right = this.SUBRULE2(this.power);
      left = {
        kind: "binary",
        operator: sign.image as "*" | "/" | "//" | "%",
        left,
        right,
        span: this.upTo(left, right),
      };
    });
    return left;
  });

  readonly power = this.RULE("power", (): Expression => {
    let left = this.SUBRULE(this.filtered);
    this.MANY(() => {
      this.CONSUME(t.Power);
      const right = this.SUBRULE2(this.filtered);
      left = { kind: "binary", operator: "**", left, right, span: this.upTo(left, right) };
    });
    return left;
  });

  readonly filtered = this.RULE("filtered", (): Expression => {
    let node = this.SUBRULE(this.unary);
    this.MANY(() => {
      node = this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Pipe);
            return this.SUBRULE(this.filter, { ARGS: [node] });
          },
        },
        { ALT: () => this.SUBRULE(this.test, { ARGS: [node] }) },
        { ALT: () => this.SUBRULE(this.call, { ARGS: [node] }) },
      ]);
    });
    return node;
  });

  readonly unary = this.RULE("unary", (): Expression => {
    return this.OR([
      {
        ALT: (): Expression => {
          const sign = this.OR2([{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Plus) }]);
          const operand = this.SUBRULE(this.unary);
          return {
            kind: "unary",
            operator: sign.image as "+" | "-",
            operand,
            span: this.upTo({ span: this.span(sign) }, operand),
          };
        },
      },
      { ALT: () => this.SUBRULE(this.postfix) },
    ]);
  });
}
