/**
 * @file The parser's choices as data (compiler/template/syntax/lookahead.json), derived by Chevrotain from the grammar.
 *
 * `UPDATE=1 npx vitest run tests/language/grammar.test.ts` writes the file; without UPDATE that test says whether it is up to date.
 */
import {
  type Alternation,
  GAstVisitor,
  getLookaheadPaths,
  type LookaheadProductionType,
  type Option,
  type Repetition,
  type RepetitionMandatory,
  type RepetitionMandatoryWithSeparator,
  type RepetitionWithSeparator,
  type Rule,
} from "chevrotain";
import { choiceName, type Kind } from "../compiler/template/syntax/lookahead.ts";
import { maxLookahead } from "../compiler/template/syntax/operand-parser.ts";
import { TemplateParser } from "../compiler/template/syntax/template-parser.ts";

interface Choice {
  readonly idx: number;
  readonly maxLookahead?: number;
}

/** Meets every choice of a rule. */
class ChoiceReader extends GAstVisitor {
  readonly #rule: Rule;
  readonly choices: Record<string, string[][]> = {};

  constructor(rule: Rule) {
    super();
    this.#rule = rule;
  }

  #add(kind: Kind, prodType: LookaheadProductionType, choice: Choice): void {
    const paths = getLookaheadPaths({
      rule: this.#rule,
      prodType,
      occurrence: choice.idx,
      maxLookahead: choice.maxLookahead ?? maxLookahead,
    });
    const alternatives = paths.map((sequences) => sequences.map((types) => types.map(({ name }) => name).join(" ")));
    // What follows an optional part is for telling it from the part only.
    this.choices[choiceName(this.#rule.name, kind, choice.idx)] =
      kind === "OR" ? alternatives : alternatives.slice(0, 1);
  }

  override visitRule(): void {}
  override visitAlternative(): void {}
  override visitNonTerminal(): void {}
  override visitTerminal(): void {}
  override visitAlternation(choice: Alternation): void {
    this.#add("OR", "Alternation", choice);
  }
  override visitOption(choice: Option): void {
    this.#add("OPTION", "Option", choice);
  }
  override visitRepetition(choice: Repetition): void {
    this.#add("MANY", "Repetition", choice);
  }
  override visitRepetitionMandatory(choice: RepetitionMandatory): void {
    this.#add("AT_LEAST_ONE", "RepetitionMandatory", choice);
  }
  override visitRepetitionWithSeparator(choice: RepetitionWithSeparator): void {
    this.#add("MANY_SEP", "RepetitionWithSeparator", choice);
  }
  override visitRepetitionMandatoryWithSeparator(choice: RepetitionMandatoryWithSeparator): void {
    this.#add("AT_LEAST_ONE_SEP", "RepetitionMandatoryWithSeparator", choice);
  }
}

export function lookaheadTable(): string {
  const rules = Object.values(new TemplateParser({ analysis: "chevrotain" }).getGAstProductions());
  const lines = rules.flatMap((rule) => {
    const reader = new ChoiceReader(rule);
    rule.accept(reader);
    return Object.entries(reader.choices).map(
      ([name, choice]) => `  ${JSON.stringify(name)}: ${JSON.stringify(choice)}`,
    );
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}
