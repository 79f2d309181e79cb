/** @file Which of two evaluations is better. */
import { UserError } from "../faults.ts";
import type { LogRecord } from "./state.ts";

/** Metrics of which more is better, as whole words of a name. */
const greaterIsBetterNames = new Set(
  "accuracy f1 precision recall auc roc_auc ap map bleu rouge meteor bertscore exact_match squad_f1".split(" "),
);

/** Whether more is better, judged by the metric's name: `eval_accuracy` yes, `eval_perplexity` no. */
export function guessGreaterIsBetter(metric: string): boolean {
  const words = metric.toLowerCase().split(/[^a-z0-9]+/);
  // Names of two words (roc_auc) are looked for as pairs.
  return words.some(
    (word, i) => greaterIsBetterNames.has(word) || greaterIsBetterNames.has(`${word}_${words[i + 1] ?? ""}`),
  );
}

/** The value of a metric, as named or with `eval_` before it. */
export function metricValue(metrics: LogRecord, name: string): number {
  const value = metrics[name] ?? metrics[`eval_${name}`];
  if (value !== undefined) return value;
  throw new UserError(
    "train/unknown-metric",
    `metric_for_best_model "${name}" is not among the metrics of an evaluation`,
    {
      hint: `they are: ${Object.keys(metrics).join(", ")}`,
    },
  );
}

/** Whether a value beats the best so far. The first is the best; one that is not a number never is. */
export function isBetter(value: number, best: number | null, greaterIsBetter: boolean): boolean {
  if (Number.isNaN(value)) return false;
  if (best === null) return true;
  return greaterIsBetter ? value > best : value < best;
}
