/** @file The grammar of templates: text, printing, and the tags. */
import type { IRecognitionException, IToken, Rule, TokenType } from "chevrotain";
import type { Span } from "../../source/span.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import {
  type Block,
  type Body,
  type Call,
  type CallBlock,
  type Expression,
  type Filter,
  type Statement,
  type Target,
  unreadable,
} from "./ast.ts";
import { type Analyzed, adoptLookahead } from "./lookahead.ts";
import type { ParserOptions } from "./operand-parser.ts";
import { SyntaxFault } from "./syntax-fault.ts";
import { TargetParser } from "./target-parser.ts";
import * as t from "./tokens.ts";

/** The words that begin a tag. */
export const tagWords = new Set<TokenType>([
  ...[t.If, t.For, t.Block, t.Extends, t.Include, t.Import, t.From, t.Macro, t.Call],
  ...[t.SetWord, t.With, t.Filter, t.Print, t.Autoescape],
]);

export type ParseResult =
  | { readonly kind: "tree"; readonly body: Body }
  | { readonly kind: "unexpected"; readonly error: IRecognitionException }
  | { readonly kind: "refused"; readonly fault: SyntaxFault }
  | { readonly kind: "too-deep"; readonly token: IToken };

export class TemplateParser extends TargetParser {
  readonly template = this.RULE("template", (): Body => this.SUBRULE(this.body));

  readonly body = this.RULE("body", (): Body => {
    const statements: Statement[] = [];
    this.MANY({
      MAX_LOOKAHEAD: 1,
      GATE: () => this.LA(1).tokenType !== t.TagOpen || tagWords.has(this.LA(2).tokenType),
      DEF: () => {
        statements.push(
          this.OR([
            { ALT: () => this.SUBRULE(this.text) },
            { ALT: () => this.SUBRULE(this.raw) },
            { ALT: () => this.SUBRULE(this.print) },
            { ALT: () => this.SUBRULE(this.tag) },
          ]),
        );
      },
    });
    return statements;
  });

  readonly text = this.RULE("text", (): Statement => this.#textOf(this.CONSUME(t.Text)));

  readonly raw = this.RULE("raw", (): Statement => {
    const open = this.CONSUME(t.RawOpen);
    const text = this.OPTION(() => this.CONSUME(t.RawText));
    this.CONSUME(t.RawClose);
    return text === undefined ? { kind: "text", runs: [], span: this.span(open) } : this.#textOf(text);
  });

  #textOf(token: IToken): Statement {
    const runs = this.source?.runs(token.startOffset, t.endOf(token)) ?? [];
    return { kind: "text", runs, span: this.span(token) };
  }

  readonly print = this.RULE("print", (): Statement => {
    const open = this.CONSUME(t.PrintOpen);
    const expression = this.SUBRULE(this.tuple);
    return { kind: "print", expressions: [expression], span: this.span(open, this.CONSUME(t.PrintClose)) };
  });

  readonly tag = this.RULE("tag", (): Statement => {
    return this.OR([
      { ALT: () => this.SUBRULE(this.ifTag) },
      { ALT: () => this.SUBRULE(this.forTag) },
      { ALT: () => this.SUBRULE(this.blockTag) },
      { ALT: () => this.SUBRULE(this.extendsTag) },
      { ALT: () => this.SUBRULE(this.includeTag) },
      { ALT: () => this.SUBRULE(this.importTag) },
      { ALT: () => this.SUBRULE(this.fromTag) },
      { ALT: () => this.SUBRULE(this.macroTag) },
      { ALT: () => this.SUBRULE(this.callTag) },
      { ALT: () => this.SUBRULE(this.setTag) },
      { ALT: () => this.SUBRULE(this.withTag) },
      { ALT: () => this.SUBRULE(this.filterTag) },
      { ALT: () => this.SUBRULE(this.printTag) },
      { ALT: () => this.SUBRULE(this.autoescapeTag) },
    ]);
  });

  /** The end of a tag that a body follows: a colon may stand before it. */
  readonly bodyStart = this.RULE("bodyStart", (): IToken => {
    this.OPTION(() => this.CONSUME(t.Colon));
    return this.CONSUME(t.TagClose);
  });

  readonly ifTag = this.RULE("ifTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.If);
    const branches: { test: Expression; body: Body }[] = [];
    const test = this.SUBRULE(this.plainTuple);
    this.SUBRULE(this.bodyStart);
    branches.push({ test, body: this.SUBRULE(this.body) });
    this.MANY({
      MAX_LOOKAHEAD: 2,
      DEF: () => {
        this.CONSUME2(t.TagOpen);
        this.CONSUME(t.Elif);
        const next = this.SUBRULE2(this.plainTuple);
        this.SUBRULE2(this.bodyStart);
        branches.push({ test: next, body: this.SUBRULE2(this.body) });
      },
    });
    const otherwise = this.OPTION({
      MAX_LOOKAHEAD: 2,
      DEF: () => {
        this.CONSUME3(t.TagOpen);
        this.CONSUME(t.Else);
        this.SUBRULE3(this.bodyStart);
        return this.SUBRULE3(this.body);
      },
    });
    this.CONSUME4(t.TagOpen);
    this.CONSUME(t.EndIf);
    return { kind: "if", branches, otherwise, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly forTag = this.RULE("forTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.For);
    const target = this.SUBRULE(this.target);
    this.CONSUME(t.In);
    const items = this.SUBRULE(this.plainTuple);
    const condition = this.OPTION(() => {
      this.CONSUME(t.If);
      return this.SUBRULE(this.expression);
    });
    const recursive = this.OPTION2(() => this.CONSUME(t.Recursive)) !== undefined;
    this.SUBRULE(this.bodyStart);
    const body = this.SUBRULE(this.body);
    const otherwise = this.OPTION3({
      MAX_LOOKAHEAD: 2,
      DEF: () => {
        this.CONSUME2(t.TagOpen);
        this.CONSUME(t.Else);
        this.SUBRULE2(this.bodyStart);
        return this.SUBRULE2(this.body);
      },
    });
    this.CONSUME3(t.TagOpen);
    this.CONSUME(t.EndFor);
    const span = this.span(open, this.CONSUME(t.TagClose));
    return { kind: "for", target, items, condition, recursive, body, otherwise, span };
  });

  readonly blockTag = this.RULE("blockTag", (): Block => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Block);
    const name = this.CONSUME(t.Name);
    const scoped = this.OPTION(() => this.CONSUME(t.Scoped)) !== undefined;
    const required = this.OPTION2(() => this.CONSUME(t.Required)) !== undefined;
    const close = this.SUBRULE(this.bodyStart);
    const body = this.SUBRULE(this.body);
    this.CONSUME2(t.TagOpen);
    this.CONSUME(t.EndBlock);
    this.OPTION3({
      GATE: () => this.RECORDING_PHASE || this.LA(1).image === name.image || name.image === unreadable,
      DEF: () => this.CONSUME2(t.Name),
    });
    const end = this.CONSUME(t.TagClose);
    const made = this.RECORDING_PHASE ? undefined : this.source?.madeAt(open.startOffset);
    const section = made?.kind === "section-start" ? made.section : undefined;
    const opening = section?.header ?? this.span(open, close);
    const nameSpan = this.span(name);
    return {
      kind: "block",
      name: name.image,
      nameSpan,
      opening,
      scoped,
      required,
      section,
      body,
      span: this.span(open, end),
    };
  });

  readonly extendsTag = this.RULE("extendsTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Extends);
    const template = this.SUBRULE(this.expression);
    return { kind: "extends", template, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly includeTag = this.RULE("includeTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Include);
    const template = this.SUBRULE(this.expression);
    const ignoreMissing =
      this.OPTION(() => {
        this.CONSUME(t.Ignore);
        return this.CONSUME(t.Missing);
      }) !== undefined;
    const withContext = this.OPTION2(() => this.SUBRULE(this.contextClause)) ?? true;
    return { kind: "include", template, ignoreMissing, withContext, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  /** `with context` or `without context`. */
  readonly contextClause = this.RULE("contextClause", (): boolean => {
    const given = this.OR([
      {
        ALT: () => {
          this.CONSUME(t.With);
          return true;
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Without);
          return false;
        },
      },
    ]);
    this.CONSUME(t.Context);
    return given;
  });

  readonly importTag = this.RULE("importTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Import);
    const template = this.SUBRULE(this.expression);
    this.CONSUME(t.As);
    const target = this.SUBRULE(this.nameTarget);
    const withContext = this.OPTION(() => this.SUBRULE(this.contextClause)) ?? false;
    return { kind: "import", template, target, withContext, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly fromTag = this.RULE("fromTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.From);
    const template = this.SUBRULE(this.expression);
    this.CONSUME(t.Import);
    const names: { name: string; alias: string; span: Span }[] = [];
    names.push(this.SUBRULE(this.importedName));
    this.MANY(() => {
      this.CONSUME(t.Comma);
      names.push(this.SUBRULE2(this.importedName));
    });
    const withContext = this.OPTION(() => this.SUBRULE(this.contextClause)) ?? false;
    return { kind: "from-import", template, names, withContext, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly importedName = this.RULE("importedName", (): { name: string; alias: string; span: Span } => {
    const target = this.SUBRULE(this.nameTarget);
    const alias = this.OPTION(() => {
      this.CONSUME(t.As);
      return this.SUBRULE2(this.nameTarget);
    });
    this.ACTION(() => {
      if (target.name.startsWith("_")) {
        throw new SyntaxFault(
          target.span,
          `'${target.name}' cannot be imported: names that begin with an underscore are private`,
        );
      }
    });
    return { name: target.name, alias: (alias ?? target).name, span: this.upTo(target, alias ?? target) };
  });

  readonly macroTag = this.RULE("macroTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Macro);
    const { name, span: nameSpan } = this.SUBRULE(this.nameTarget);
    const parameters = this.SUBRULE(this.parameters);
    this.SUBRULE(this.bodyStart);
    const body = this.SUBRULE(this.body);
    this.CONSUME2(t.TagOpen);
    this.CONSUME(t.EndMacro);
    return { kind: "macro", name, nameSpan, parameters, body, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly callTag = this.RULE("callTag", (): CallBlock => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Call);
    const parameters = this.OPTION({ MAX_LOOKAHEAD: 1, DEF: () => this.SUBRULE(this.parameters) }) ?? [];
    const call = this.SUBRULE(this.expression);
    this.ACTION(() => {
      if (call.kind !== "call") throw new SyntaxFault(call.span, "`call` needs a call, as in `call form('name')`");
    });
    this.SUBRULE(this.bodyStart);
    const body = this.SUBRULE(this.body);
    this.CONSUME2(t.TagOpen);
    this.CONSUME(t.EndCall);
    return {
      kind: "call-block",
      parameters,
      call: call as Call,
      body,
      span: this.span(open, this.CONSUME(t.TagClose)),
    };
  });

  readonly setTag = this.RULE("setTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.SetWord);
    const target = this.SUBRULE(this.setTarget);
    return this.OR([
      {
        ALT: (): Statement => {
          this.CONSUME(t.AssignSign);
          const value = this.SUBRULE(this.tuple);
          return { kind: "assign", target, value, span: this.span(open, this.CONSUME(t.TagClose)) };
        },
      },
      {
        ALT: (): Statement => {
          let filter: Filter | undefined;
          this.MANY(() => {
            this.CONSUME(t.Pipe);
            filter = this.SUBRULE(this.filter, { ARGS: [filter] });
          });
          this.SUBRULE(this.bodyStart);
          const body = this.SUBRULE(this.body);
          this.CONSUME2(t.TagOpen);
          this.CONSUME(t.EndSet);
          return { kind: "assign-block", target, filter, body, span: this.span(open, this.CONSUME2(t.TagClose)) };
        },
      },
    ]);
  });

  readonly withTag = this.RULE("withTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.With);
    const bindings: { target: Target; value: Expression }[] = [];
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const target = this.SUBRULE(this.target);
        this.CONSUME(t.AssignSign);
        bindings.push({ target, value: this.SUBRULE(this.expression) });
      },
    });
    this.CONSUME(t.TagClose);
    const body = this.SUBRULE(this.body);
    this.CONSUME2(t.TagOpen);
    this.CONSUME(t.EndWith);
    return { kind: "with", bindings, body, span: this.span(open, this.CONSUME2(t.TagClose)) };
  });

  readonly filterTag = this.RULE("filterTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Filter);
    let filter = this.SUBRULE(this.filter, { ARGS: [undefined] });
    this.MANY(() => {
      this.CONSUME(t.Pipe);
      filter = this.SUBRULE2(this.filter, { ARGS: [filter] });
    });
    this.SUBRULE(this.bodyStart);
    const body = this.SUBRULE(this.body);
    this.CONSUME2(t.TagOpen);
    this.CONSUME(t.EndFilter);
    return { kind: "filter-block", filter, body, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly printTag = this.RULE("printTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Print);
    const expressions: Expression[] = [];
    this.MANY_SEP({ SEP: t.Comma, DEF: () => expressions.push(this.SUBRULE(this.expression)) });
    return { kind: "print", expressions, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly autoescapeTag = this.RULE("autoescapeTag", (): Statement => {
    const open = this.CONSUME(t.TagOpen);
    this.CONSUME(t.Autoescape);
    const value = this.SUBRULE(this.expression);
    this.SUBRULE(this.bodyStart);
    const body = this.SUBRULE(this.body);
    this.CONSUME2(t.TagOpen);
    this.CONSUME(t.EndAutoescape);
    return { kind: "autoescape", value, body, span: this.span(open, this.CONSUME(t.TagClose)) };
  });

  readonly #hasGrammar: boolean;

  constructor(options: ParserOptions = {}) {
    super(options);
    this.#hasGrammar = options.analysis !== undefined && options.analysis !== "table";
    if (this.#hasGrammar) this.performSelfAnalysis();
    else adoptLookahead(this as unknown as Analyzed);
  }

  /** The grammar as data. Chevrotain asks for it when it words a message. */
  override getGAstProductions(): Record<string, Rule> {
    return this.#hasGrammar
      ? super.getGAstProductions()
      : new TemplateParser({ analysis: "chevrotain" }).getGAstProductions();
  }

  /** The tree of `tokens`, or why there is none. */
  parse(source: MappedText, tokens: IToken[]): ParseResult {
    this.source = source;
    this.input = tokens;
    try {
      const body = this.template();
      const [error] = this.errors;
      return error === undefined ? { kind: "tree", body } : { kind: "unexpected", error };
    } catch (error) {
      if (error instanceof SyntaxFault) return { kind: "refused", fault: error };
      // The engine's stack ended inside of nested brackets or tags.
      if (error instanceof RangeError) return { kind: "too-deep", token: this.LA(1) };
      throw error;
    } finally {
      this.source = undefined;
      this.input = [];
    }
  }
}
