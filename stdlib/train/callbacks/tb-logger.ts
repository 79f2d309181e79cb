/** @file TBLogger: scalars and texts for TensorBoard. */
import type { TrainingArguments } from "../arguments.ts";
import type { CallbackContext, TrainerCallback } from "../callback.ts";
import type { TrainerControl, TrainerState } from "../state.ts";
import type { SummaryWriter } from "../tensorboard/summary-writer.ts";
import { runSizes } from "./info.ts";
import type { ExperimentInfo } from "./json-logger.ts";

export interface TBLoggerOptions {
  summaryWriter: SummaryWriter;
  /** Shown as the text `experiment`. */
  experimentInfo?: ExperimentInfo | null;
  /** Tag by metric. */
  scalars?: Readonly<Record<string, string>>;
}

const defaultScalars: Readonly<Record<string, string>> = {
  loss: "train-loss",
  learning_rate: "learning-rate",
  grad_norm: "grad-norm",
  max_grad_norm: "grad-norm[max]",
  tokens_per_second: "tokens-per-second",
  loss_scale: "loss-scale",
  eval_accuracy: "eval-accuracy",
  eval_loss: "eval-loss",
};

/** Writes every log record as TensorBoard scalars, and the config as text. */
export class TBLogger implements TrainerCallback {
  readonly #writer: SummaryWriter;
  readonly #info: ExperimentInfo | undefined;
  readonly #scalars: Readonly<Record<string, string>>;

  constructor({ summaryWriter, experimentInfo, scalars = defaultScalars }: TBLoggerOptions) {
    this.#writer = summaryWriter;
    this.#info = experimentInfo ?? undefined;
    this.#scalars = scalars;
  }

  onInitEnd(args: TrainingArguments): void {
    // The config named the folder; the command line may have moved it since.
    this.#writer.logDir = args.relocate(this.#writer.logDir);
  }

  onTrainBegin(args: TrainingArguments, state: TrainerState, _control: TrainerControl, context: CallbackContext): void {
    if (!state.isWorldProcessZero) return;
    if (this.#info !== undefined) this.#text("experiment", this.#info);
    this.#text("training_info", runSizes(args, state, context));
    this.#writer.flush();
  }

  onLog(_args: TrainingArguments, state: TrainerState, _control: TrainerControl, { logs = {} }: CallbackContext): void {
    if (!state.isWorldProcessZero) return;
    if (logs["train_runtime"] !== undefined) this.#text("train_results", logs);
    else this.#scalarsOf(logs, state.globalStep);
    this.#writer.flush();
  }

  onEvaluate(
    _args: TrainingArguments,
    state: TrainerState,
    _control: TrainerControl,
    { metrics = {} }: CallbackContext,
  ): void {
    if (!state.isWorldProcessZero) return;
    this.#scalarsOf(metrics, state.globalStep);
    const loss = metrics["eval_loss"];
    // Infinity where exp overflows, which the viewer shows as such.
    if (loss !== undefined) this.#writer.addScalar("eval-perplexity", Math.exp(loss), state.globalStep);
    this.#writer.flush();
  }

  #scalarsOf(metrics: Readonly<Record<string, number>>, step: number): void {
    for (const [name, value] of Object.entries(metrics)) {
      const tag = this.#scalars[name] ?? (/^eval_.+_loss$/.test(name) ? name.replaceAll("_", "-") : undefined);
      if (tag !== undefined) this.#writer.addScalar(tag, value, step);
    }
  }

  #text(tag: string, content: object): void {
    this.#writer.addText(tag, `\`\`\`\n${JSON.stringify(content, null, 2)}\n\`\`\``);
  }
}
