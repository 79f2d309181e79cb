/** @file What a rule is: a name, and a look at the corpus that yields what it finds. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Corpus } from "./corpus.ts";

export interface LintRule {
  /** Its code without `lint/`. */
  readonly name: string;
  find(corpus: Corpus): Iterable<Diagnostic>;
}
