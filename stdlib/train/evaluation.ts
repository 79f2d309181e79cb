/** @file Evaluating: the mean loss over the batches of one or several sets. */
import type { DataLoader } from "../data/index.ts";
import type { TrainingSettings } from "./arguments.ts";
import type { LogRecord } from "./state.ts";
import { countTokens, type EvalRunner, mostUnread } from "./step.ts";

/** Evaluation sets by name; a single one has the name "". */
export type EvalLoaders = ReadonlyMap<string, DataLoader>;

/**
 * `eval_loss` (`eval_NAME_loss` for named sets, and then `eval_loss` as their mean), over at most `max_eval_steps` batches each.
 *
 * @param afterBatch  called per batch; false ends the evaluation early
 */
export async function evaluateLoaders(
  loaders: EvalLoaders,
  runner: EvalRunner,
  settings: TrainingSettings,
  afterBatch: () => Promise<boolean>,
): Promise<LogRecord> {
  const metrics: Record<string, number> = {};
  for (const [name, loader] of loaders) {
    metrics[name === "" ? "eval_loss" : `eval_${name}_loss`] = await meanLoss(loader, runner, settings, afterBatch);
  }
  if (!loaders.has("")) {
    const losses = Object.values(metrics);
    metrics["eval_loss"] = losses.reduce((a, b) => a + b, 0) / losses.length;
  }
  return metrics;
}

async function meanLoss(
  loader: DataLoader,
  runner: EvalRunner,
  { maxEvalSteps, evalReduction }: TrainingSettings,
  afterBatch: () => Promise<boolean>,
): Promise<number> {
  let sum = 0;
  let weights = 0;
  let batches = 0;
  let unread: { readonly weight: number; readonly run: Awaited<ReturnType<EvalRunner["start"]>> }[] = [];
  const collect = async (): Promise<void> => {
    const runs = unread;
    unread = [];
    const losses = await Promise.all(runs.map(({ run }) => run.read()));
    for (const [i, { weight }] of runs.entries()) {
      sum += weight * losses[i]!;
      weights += weight;
    }
  };
  for (const batch of loader.batches()) {
    if (maxEvalSteps > 0 && batches >= maxEvalSteps) break;
    batches++;
    const tokens = countTokens(batch);
    // A batch without a counted token has no loss, and does not count.
    if (tokens > 0) unread.push({ weight: evalReduction === "token" ? tokens : 1, run: await runner.start(batch) });
    if (unread.length >= mostUnread) await collect();
    if (!(await afterBatch())) break;
  }
  await collect();
  return weights === 0 ? Number.NaN : sum / weights;
}
