/** @file InfoCallback: the sizes of a run, before it begins. */

import { describeDevice } from "../../device-choice.ts";
import type { TrainingArguments } from "../arguments.ts";
import type { CallbackContext, TrainerCallback } from "../callback.ts";
import { resolvePrecision } from "../precision.ts";
import { consoleStream } from "../script/console.ts";
import type { TrainerControl, TrainerState } from "../state.ts";
import type { OutputStream } from "./progress.ts";

export interface InfoCallbackOptions {
  /** Also the arguments, tokenizer, optimizer, schedule, loaders and model. */
  verbose?: boolean;
  outputStream?: OutputStream;
}

/** Tells before the first step what will be trained: parameters, examples, steps, batch sizes. */
export class InfoCallback implements TrainerCallback {
  readonly #verbose: boolean;
  readonly #stream: OutputStream;

  constructor({ verbose = false, outputStream = consoleStream("stdout") }: InfoCallbackOptions = {}) {
    this.#verbose = verbose;
    this.#stream = outputStream;
  }

  onTrainBegin(args: TrainingArguments, state: TrainerState, _control: TrainerControl, context: CallbackContext): void {
    const entries: [string, string][] = Object.entries(runSizes(args, state, context));
    if (this.#verbose) entries.push(...details(args, context));
    for (const [name, value] of entries) this.#stream.write(`${name}: ${value}\n`);
  }
}

/** The sizes of a run as text, by upstream's names. */
export function runSizes(
  args: TrainingArguments,
  state: TrainerState,
  { model, session, trainDataloader }: CallbackContext,
): Record<string, string> {
  const { perDeviceTrainBatchSize: batch, gradientAccumulationSteps: A } = args.settings;
  const examples = trainDataloader?.dataset.length ?? 0;
  const count = (value: number) => value.toLocaleString("en-US");
  const millions = (parameters: readonly { readonly size: number }[]) =>
    `${(parameters.reduce((n, p) => n + p.size, 0) / 1e6).toFixed(1)}M`;
  const parameters = model.parameters();
  return {
    total_examples: count(examples),
    total_train_samples: count(
      Math.min(state.maxSteps * batch * A * state.numProcesses, Math.ceil(examples * state.numTrainEpochs)),
    ),
    per_device_train_batch_size: count(batch),
    actual_per_device_batch_size: count(batch),
    total_train_batch_size: count(batch * A * state.numProcesses),
    max_steps: count(state.maxSteps),
    total_parameters: millions(parameters),
    trainable_parameters: millions(parameters.filter((p) => p.requiresGrad)),
    device: describeDevice(session.device),
    dtype: resolvePrecision(args.settings).name,
  };
}

function details(
  args: TrainingArguments,
  { processingClass, optimizer, lrScheduler, trainDataloader, evalDataloader, model }: CallbackContext,
): [string, string][] {
  return [
    ["args", JSON.stringify(args.settings, null, 2)],
    [
      "tokenizer",
      processingClass === undefined
        ? "none"
        : `${processingClass.length} tokens, up to ${processingClass.modelMaxLength}`,
    ],
    [
      "optimizer",
      `${optimizer.constructor.name} ${JSON.stringify(optimizer.groups.map(({ name, lr, options }) => ({ name, lr, ...options })))}`,
    ],
    ["lr_scheduler", lrScheduler.constructor.name],
    ["train_dataloader", `${trainDataloader?.length ?? 0} batches`],
    ["eval_dataloader", `${evalDataloader?.length ?? 0} batches`],
    ["model", String(model)],
  ];
}
