/**
 * @file Which way the parser goes at each choice, worked out beforehand.
 *
 * Chevrotain runs every rule once to learn the grammar, and derives from it which tokens begin which alternative. That takes longer than parsing a config and gives the same at
 * every start, so the result lies in `lookahead.json` (made by grammar/lookahead.ts). The grammar itself is learned only where it is asked for: for messages and diagrams.
 *
 *     "setTarget OR": [["Name Dot"], ["Name", "LParen"]]      alternatives, each with the sequences of tokens that it can begin with
 *     "string AT_LEAST_ONE": [["String"]]                     go on, or leave
 */
import { EOF, type IToken, type TokenType, tokenMatcher } from "chevrotain";
import table from "./lookahead.json" with { type: "json" };
import { allTokens } from "./tokens.ts";

/** Methods of the parser that choose. Chevrotain puts the number in the middle of its key for a choice. */
export const kinds = { OR: 1, OPTION: 2, MANY: 3, AT_LEAST_ONE: 4, MANY_SEP: 5, AT_LEAST_ONE_SEP: 6 } as const;
export type Kind = keyof typeof kinds;

/** The name of a choice: its rule, its method, and which one of that method in the rule. */
export function choiceName(rule: string, kind: Kind, occurrence: number): string {
  return `${rule} ${kind}${occurrence === 0 ? "" : occurrence}`;
}

/** What Chevrotain's analysis of itself fills in. Private in its types, pinned by tests/language/grammar.test.ts. */
export interface Analyzed {
  selfAnalysisDone: boolean;
  /** Numbers of rules, shifted to the upper end of a key. */
  readonly fullRuleNameToShort: Readonly<Record<string, number>>;
  setLaFuncCache(key: number, choose: Choose): void;
}

interface Reader {
  LA(howMuch: number): IToken;
}
interface Alternative {
  readonly GATE?: () => boolean;
}
/** For `OR` the index of the alternative to take, for the others whether to go on. */
type Choose = (this: Reader, alternatives?: readonly Alternative[]) => number | boolean | undefined;
type Sequence = readonly TokenType[];

/** Stands in for `performSelfAnalysis`. */
export function adoptLookahead(parser: Analyzed): void {
  for (const [name, alternatives] of Object.entries(table)) {
    const [, rule, kind, occurrence] = /^(\w+) ([A-Z_]+)(\d*)$/.exec(name) as unknown as [string, string, Kind, string];
    const key = (parser.fullRuleNameToShort[rule] as number) | (kinds[kind] << 8) | Number(occurrence);
    parser.setLaFuncCache(key, kind === "OR" ? chooserOf(alternatives) : optionOf(alternatives));
  }
  parser.selfAnalysisDone = true;
}

function optionOf(alternatives: readonly (readonly string[])[]): Choose {
  const choose = chooserOf(alternatives);
  return function (this: Reader) {
    return choose.call(this) === 0;
  };
}

function chooserOf(alternatives: readonly (readonly string[])[]): Choose {
  // Most choices are never met in one run: they are prepared when they are.
  if (alternatives.some((sequences) => sequences.some((sequence) => sequence.includes(" "))))
    return bySequence(alternatives);
  let byType: Map<number, number> | undefined;
  return function (this: Reader) {
    byType ??= alternativeByType(alternatives);
    return byType.get(this.LA(1).tokenTypeIdx);
  };
}

/** One token decides: the alternative of each type. The first one wins. */
function alternativeByType(alternatives: readonly (readonly string[])[]): Map<number, number> {
  const found = new Map<number, number>();
  alternatives.forEach((sequences, index) => {
    for (const [type] of sequences.map(sequenceOf) as (readonly [TokenType])[])
      for (const number of [type.tokenTypeIdx as number, ...(type.categoryMatches ?? [])])
        if (!found.has(number)) found.set(number, index);
  });
  return found;
}

function bySequence(alternatives: readonly (readonly string[])[]): Choose {
  let prepared: readonly (readonly Sequence[])[] | undefined;
  return function (this: Reader, given) {
    prepared ??= alternatives.map((sequences) => sequences.map(sequenceOf));
    const index = prepared.findIndex(
      (sequences, i) =>
        given?.[i]?.GATE?.() !== false &&
        sequences.some((sequence) => sequence.every((type, k) => tokenMatcher(this.LA(k + 1), type))),
    );
    return index < 0 ? undefined : index;
  };
}

let types: ReadonlyMap<string, TokenType> | undefined;

function sequenceOf(names: string): Sequence {
  types ??= new Map([...allTokens, EOF].map((type) => [type.name, type]));
  return names.split(" ").map((name) => types?.get(name) as TokenType);
}
