/**
 * @file From tokens to a tree, past every fault. The parser stops at the first; here that one is told, the tokens are mended, and
 * it starts again: so every message is worded as if its fault were the only one.
 *
 * Two kinds of fault are told apart. One inside of a tag or expression leaves the nesting as it was: the tag is replaced by the same
 * tag with nothing in it. One in the nesting (an end too many, an end that is missing) is mended where it is noticed, and what
 * follows from it (the end that comes too late) is remembered and passes without a word.
 */
import type { IToken, TokenType } from "chevrotain";
import { templateDiagnostics } from "../diagnostics.ts";
import type { MappedText } from "../scan/mapped-text.ts";
import type { Body } from "./ast.ts";
import {
  branches,
  closerOf,
  closers,
  explainFailure,
  type Failure,
  failureOf,
  nearestTag,
  type OpenTag,
  openTags,
  unclosedTag,
} from "./explain.ts";
import type { Repairs } from "./repairs.ts";
import type { SyntaxFault } from "./syntax-fault.ts";
import type { TemplateParser } from "./template-parser.ts";
import * as t from "./tokens.ts";
import { countTags, setHasBody, standIn, tag, unitAround } from "./units.ts";

/** Tokens that may be read again for the sake of further faults. */
const extraWork = 500_000;

export function parseBody(parser: TemplateParser, source: MappedText, tokens: IToken[], repairs: Repairs): Body {
  const result = parser.parse(source, tokens);
  return result.kind === "tree" ? result.body : new Recovery(parser, source, tokens, repairs).run();
}

class Recovery {
  readonly #parser: TemplateParser;
  readonly #source: MappedText;
  readonly #repairs: Repairs;
  #tokens: IToken[];
  /** Ends that were put in before the user's own came: those have nothing to close any more. */
  readonly #late = new Map<TokenType, number>();
  /** Names of tags that the language does not have: their ends are no faults of their own. */
  readonly #unknown = new Set<string>();

  constructor(parser: TemplateParser, source: MappedText, tokens: IToken[], repairs: Repairs) {
    this.#parser = parser;
    this.#source = source;
    this.#tokens = tokens;
    this.#repairs = repairs;
  }

  run(): Body {
    // Mending always shortens what is left of the template, or what is open in it; the bound is for the unforeseen.
    for (
      let work = 0;
      work <= extraWork + this.#tokens.length && !this.#repairs.isFull;
      work += this.#tokens.length + 1
    ) {
      const result = this.#parser.parse(this.#source, this.#tokens);
      switch (result.kind) {
        case "tree":
          return result.body;
        case "too-deep":
          this.#refuseDepth(result.token);
          return [];
        case "refused":
          this.#refuse(result.fault);
          break;
        case "unexpected":
          this.#mend(failureOf(this.#tokens, result.error));
      }
    }
    this.#repairs.giveUp();
    return [];
  }

  #refuseDepth(token: IToken): void {
    const at = Math.min(token.startOffset || 0, this.#source.text.length);
    const span = this.#source.span(at, Math.min(at + 1, this.#source.text.length));
    this.#repairs.report(templateDiagnostics.syntax({ span }, { message: "this is nested too deeply" }));
    this.#repairs.giveUp();
  }

  /** A rule of the language beyond its grammar. */
  #refuse(fault: SyntaxFault): void {
    this.#repairs.refuse(fault);
    const tokens = this.#tokens;
    const covers = ({ first, last }: { first: number; last: number }): boolean => {
      const { start, end } = this.#source.span((tokens[first] as IToken).startOffset, t.endOf(tokens[last] as IToken));
      return start <= fault.span.start && fault.span.start < Math.max(end, start + 1);
    };
    for (let at = 0; at < tokens.length; ) {
      const unit = unitAround(tokens, at);
      if (tokens[at]?.tokenType !== t.Text && covers(unit)) {
        this.#replace(unit.first, unit.last);
        return;
      }
      at = tokens[at]?.tokenType === t.Text ? at + 1 : unit.last + 1;
    }
    this.#tokens = [];
    this.#repairs.giveUp();
  }

  #mend(failure: Failure): void {
    switch (failure.kind) {
      case "token":
        this.#mendToken(failure.at, failure);
        return;
      case "end":
        this.#mendEnd(failure);
        return;
      case "tag":
        this.#mendTag(failure);
    }
  }

  #tell(failure: Failure): void {
    this.#repairs.report(explainFailure(this.#source, this.#tokens, failure));
  }

  /** Something inside of a tag or expression: it is replaced by one that says nothing. */
  #mendToken(at: number, failure: Failure): void {
    const { first, last } = unitAround(this.#tokens, at);
    const name = this.#tokens[first + 2];
    if (this.#tokens[first + 1]?.tokenType === t.EndBlock && name !== undefined) {
      // The name may be right, and an end inside of that block missing.
      const open = openTags(this.#tokens, first);
      const wanted = open.findLastIndex(
        (o) => o.word.tokenType === t.Block && this.#tokens[this.#tokens.indexOf(o.word) + 1]?.image === name.image,
      );
      if (wanted >= 0 && wanted < open.length - 1) {
        this.#repairs.report(unclosedTag(this.#source, open.at(-1) as OpenTag));
        this.#closeAbove(open, wanted, first);
        return;
      }
    }
    this.#tell(failure);
    this.#replace(first, last);
  }

  #replace(first: number, last: number): void {
    const tokens = this.#tokens;
    const opener = tokens[first] as IToken;
    this.#repairs.lose(this.#source.text.slice(opener.startOffset, t.endOf(tokens[last] as IToken)));
    const isTag = opener.tokenType === t.TagOpen;
    const instead = isTag
      ? standIn(opener.startOffset, tokens[first + 1], this.#repairs, setHasBody(tokens, first))
      : [];
    this.#splice(first, last + 1 - first, instead);
  }

  /** The text ended: close what is open, innermost first. Each missing end is a fault of its own. */
  #mendEnd(failure: Failure & { kind: "end" }): void {
    this.#repairs.guessNesting();
    const { open } = failure;
    const end = this.#source.text.length;
    if (open.length === 0) {
      this.#tell(failure);
      this.#tokens = [];
      this.#repairs.giveUp();
      return;
    }
    const thief = open.some((opened) => this.#headerOf(opened) !== undefined) ? this.#thief() : undefined;
    if (thief !== undefined) this.#repairs.report(unclosedTag(this.#source, thief));
    for (const opened of [...open].reverse()) {
      // A section ends by itself; it is open only if a block inside of it took its end.
      const isSection = this.#headerOf(opened) !== undefined;
      if (!isSection || thief === undefined) this.#repairs.report(unclosedTag(this.#source, opened));
      this.#tokens.push(...tag(end, closerOf.get(opened.word.tokenType) as TokenType));
    }
  }

  /** The block that took the end of the section around it, since its own is missing. */
  #thief(): OpenTag | undefined {
    const tokens = this.#tokens;
    for (let i = 0; i < tokens.length - 1; i += 1) {
      const opener = tokens[i] as IToken;
      if (opener.tokenType !== t.TagOpen || tokens[i + 1]?.tokenType !== t.EndBlock) continue;
      const made = this.#source.madeAt(opener.startOffset);
      if (made?.kind !== "section-end") continue;
      const innermost = openTags(tokens, i).at(-1);
      if (innermost !== undefined && this.#headerOf(innermost) !== made.section.header) return innermost;
    }
    return undefined;
  }

  #mendTag(failure: Failure & { kind: "tag" }): void {
    const { first, word, open } = failure;
    const made = this.#source.madeAt((this.#tokens[first] as IToken).startOffset);
    if (made?.kind === "section-end") {
      const { header } = made.section;
      const own = open.findLastIndex(
        (o) => o.word.tokenType === closers.get(word.tokenType) && this.#headerOf(o) === header,
      );
      if (own < 0) {
        if (!this.#forgive(word.tokenType)) this.#tell(failure);
        this.#repairs.guessNesting();
        this.#remove(first);
        return;
      }
      this.#tell(failure);
      this.#closeAbove(open, own, first);
      return;
    }
    const wanted = branches.get(word.tokenType) ?? (closers.has(word.tokenType) ? [closers.get(word.tokenType)] : []);
    if (wanted.length === 0) {
      this.#mendUnknown(failure);
      return;
    }
    const own = open.findLastIndex((o) => wanted.includes(o.word.tokenType));
    // An `else` in its own `if` can only be one too many.
    if (own < 0 || own === open.length - 1) {
      if (!wanted.some((type) => this.#forgive(type as TokenType, word.tokenType))) this.#tell(failure);
      this.#remove(first);
      this.#repairs.guessNesting();
      return;
    }
    this.#tell(failure);
    this.#closeAbove(open, own, first);
  }

  #headerOf({ tag: opener }: OpenTag): unknown {
    const made = this.#source.madeAt(opener.startOffset);
    return made?.kind === "section-start" ? made.section.header : undefined;
  }

  /** A tag with a word that the language does not have: taken for the one that was meant, where that makes the ends come out even. */
  #mendUnknown(failure: Failure & { kind: "tag" }): void {
    const { first, word } = failure;
    const opened = word.image.replace(/^end_?/, "");
    const forgiven = opened !== word.image && this.#unknown.has(opened);
    if (!forgiven) this.#tell(failure);
    const { last } = unitAround(this.#tokens, first + 1);
    this.#repairs.lose(
      this.#source.text.slice((this.#tokens[first] as IToken).startOffset, t.endOf(this.#tokens[last] as IToken)),
    );
    const meant = t.wordTypes.get(nearestTag(word.image) ?? "");
    const offset = (this.#tokens[first] as IToken).startOffset;
    let instead: IToken[] = [];
    if (meant !== undefined && !forgiven) {
      const end = closerOf.get(meant);
      const start = closers.get(meant);
      const missing =
        end !== undefined
          ? countTags(this.#tokens, end) > this.#countOpening(meant)
          : start !== undefined && this.#countOpening(start) > countTags(this.#tokens, meant);
      if (missing) instead = standIn(offset, { ...word, tokenType: meant }, this.#repairs, true);
    }
    if (instead.length === 0) this.#unknown.add(word.image);
    this.#splice(first, last + 1 - first, instead);
  }

  #countOpening(word: TokenType): number {
    let count = 0;
    for (let i = 0; i < this.#tokens.length - 1; i += 1)
      if (this.#tokens[i]?.tokenType === t.TagOpen && this.#tokens[i + 1]?.tokenType === word) {
        const { last } = unitAround(this.#tokens, i + 1);
        const assigns =
          word === t.SetWord && this.#tokens.slice(i, last).some(({ tokenType }) => tokenType === t.AssignSign);
        if (!assigns) count += 1;
      }
    return count;
  }

  /** Close what is open above `open[own]`, before `tokens[first]`. Where their own ends come later, those are forgiven. */
  #closeAbove(open: readonly OpenTag[], own: number, first: number): void {
    this.#repairs.guessNesting();
    const offset = (this.#tokens[first] as IToken).startOffset;
    const ends = open.slice(own + 1).reverse();
    for (const { word } of ends) this.#late.set(word.tokenType, (this.#late.get(word.tokenType) ?? 0) + 1);
    this.#splice(
      first,
      0,
      ends.flatMap(({ word }) => tag(offset, closerOf.get(word.tokenType) as TokenType)),
    );
  }

  /** Does this end come too late for what was closed before? */
  #forgive(opening: TokenType | undefined, word?: TokenType): boolean {
    const type = opening !== undefined && closers.has(opening) ? (closers.get(opening) as TokenType) : opening;
    const count = type === undefined ? 0 : (this.#late.get(type) ?? 0);
    if (type === undefined || count === 0) return false;
    // `else` belongs to an `if` whose end is still to come.
    if (word === undefined || !branches.has(word)) this.#late.set(type, count - 1);
    return true;
  }

  #remove(first: number): void {
    const { last } = unitAround(this.#tokens, first + 1);
    this.#splice(first, last + 1 - first, []);
  }

  #splice(first: number, count: number, instead: readonly IToken[]): void {
    this.#tokens = [...this.#tokens.slice(0, first), ...instead, ...this.#tokens.slice(first + count)];
  }
}
