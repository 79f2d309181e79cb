/** @file The grammar of what can be assigned: loop variables, `set` targets, parameters of macros. */
import type { TokenType } from "chevrotain";
import type { AttributeTarget, NameTarget, Parameter, Target } from "./ast.ts";
import { ExpressionParser } from "./expression-parser.ts";
import { SyntaxFault } from "./syntax-fault.ts";
import * as t from "./tokens.ts";

const reserved = new Set(["true", "True", "false", "False", "none", "None"]);

/** After a comma that ends a tuple of targets: `for a, in x`. */
const targetEnds = new Set<TokenType>([t.In, t.AssignSign, t.RParen, t.TagClose, t.Colon, t.Pipe]);

export class TargetParser extends ExpressionParser {
  readonly setTarget = this.RULE("setTarget", (): Target | AttributeTarget => {
    return this.OR([
      {
        ALT: (): AttributeTarget => {
          const object = this.SUBRULE(this.nameTarget);
          this.CONSUME(t.Dot);
          const name = this.CONSUME(t.Name);
          return { kind: "attribute", object, name: name.image, span: this.upTo(object, { span: this.span(name) }) };
        },
      },
      { ALT: () => this.SUBRULE(this.target) },
    ]);
  });

  readonly target = this.RULE("target", (): Target => {
    const first = this.SUBRULE(this.targetItem);
    const items = [first];
    this.MANY({
      MAX_LOOKAHEAD: 1,
      GATE: () => this.LA(1).tokenType === t.Comma && !targetEnds.has(this.LA(2).tokenType),
      DEF: () => {
        this.CONSUME(t.Comma);
        items.push(this.SUBRULE2(this.targetItem));
      },
    });
    const comma = this.OPTION(() => this.CONSUME2(t.Comma));
    return items.length === 1 && comma === undefined
      ? first
      : { kind: "tuple", items, span: this.upTo(first, items.at(-1) as Target) };
  });

  readonly targetItem = this.RULE("targetItem", (): Target => {
    return this.OR([
      { ALT: (): Target => this.SUBRULE(this.nameTarget) },
      {
        ALT: (): Target => {
          const open = this.CONSUME(t.LParen);
          const inner = this.OPTION(() => this.SUBRULE(this.target));
          const close = this.CONSUME(t.RParen);
          return inner ?? { kind: "tuple", items: [], span: this.span(open, close) };
        },
      },
    ]);
  });

  readonly nameTarget = this.RULE("nameTarget", (): NameTarget => {
    const token = this.CONSUME(t.Name);
    const span = this.span(token);
    this.ACTION(() => {
      if (reserved.has(token.image))
        throw new SyntaxFault(span, `'${token.image}' is a constant, it cannot be assigned`);
    });
    return { kind: "name", name: token.image, span };
  });

  readonly parameters = this.RULE("parameters", (): readonly Parameter[] => {
    const parameters: Parameter[] = [];
    this.CONSUME(t.LParen);
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const target = this.SUBRULE(this.nameTarget);
        const fallback = this.OPTION(() => {
          this.CONSUME(t.AssignSign);
          return this.SUBRULE(this.expression);
        });
        this.ACTION(() => this.#addParameter(parameters, { name: target.name, span: target.span, fallback }));
      },
    });
    this.CONSUME(t.RParen);
    return parameters;
  });

  #addParameter(parameters: Parameter[], parameter: Parameter): void {
    const { name, span, fallback } = parameter;
    const before = parameters.find((p) => p.name === name);
    if (before !== undefined) {
      throw new SyntaxFault(span, `there are two parameters '${name}'`, undefined, [
        { span: before.span, text: "the first one" },
      ]);
    }
    if (fallback === undefined && parameters.at(-1)?.fallback !== undefined) {
      throw new SyntaxFault(span, `parameter '${name}' needs a default, since the one before it has one`);
    }
    parameters.push(parameter);
  }
}
