/**
 * @file JsonLogger: `trainer_logs.json`, valid after every record, `trainer_logs.ndjson`, append-only, and the loss curve beside them.
 */
import { appendFileSync, closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeFileWhole } from "../../data/write-file.ts";
import type { TrainingArguments } from "../arguments.ts";
import type { CallbackContext, TrainerCallback } from "../callback.ts";
import { type Point, renderLossPlot } from "../plot/loss-plot.ts";
import type { LogRecord, TrainerControl, TrainerState } from "../state.ts";

/** Anything about the experiment: stored as `experiment_info`. */
export type ExperimentInfo = Readonly<Record<string, unknown>>;

/** Writes every log record to `trainer_logs.json` in the run folder. */
export class JsonLogger implements TrainerCallback {
  readonly #info: ExperimentInfo;
  #folder: string | undefined;
  /** Where the closing bracket of the array stands. */
  #end = 0;
  readonly #curves = { train: [] as Point[], evaluation: [] as Point[], learningRate: [] as Point[] };

  constructor(experimentInfo: ExperimentInfo = {}) {
    this.#info = experimentInfo;
  }

  onTrainBegin(args: TrainingArguments, state: TrainerState): void {
    if (!state.isWorldProcessZero) return;
    this.#folder = args.loggingDir;
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, "trainer_logs.json"), "[\n]\n");
    this.#end = 2;
    const versions = { node: process.version };
    const first = {
      timestamp: Date.now() / 1000,
      experiment_info: this.#info,
      versions,
      global_step: state.globalStep,
    };
    writeFileSync(join(this.#folder, "trainer_logs.ndjson"), `${JSON.stringify(first)}\n`);
  }

  onLog(_args: TrainingArguments, state: TrainerState, _control: TrainerControl, { logs = {} }: CallbackContext): void {
    this.#note(this.#curves.train, state, logs["loss"]);
    this.#note(this.#curves.learningRate, state, logs["learning_rate"]);
    this.#write(state, logs);
  }

  onEvaluate(
    _args: TrainingArguments,
    state: TrainerState,
    _control: TrainerControl,
    { metrics = {} }: CallbackContext,
  ): void {
    this.#note(this.#curves.evaluation, state, metrics["eval_loss"]);
    this.#write(state, metrics);
  }

  #note(curve: Point[], { globalStep }: TrainerState, value: number | undefined): void {
    if (value !== undefined) curve.push({ step: globalStep, value });
  }

  #write(state: TrainerState, metrics: LogRecord): void {
    const folder = this.#folder;
    if (folder === undefined) return;
    const record = { timestamp: Date.now() / 1000, global_step: state.globalStep, epoch: state.epoch, ...metrics };
    // JSON has no word for what is not a number.
    const text = JSON.stringify(record, (_, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
    );
    appendFileSync(join(folder, "trainer_logs.ndjson"), `${text}\n`);
    this.#append(join(folder, "trainer_logs.json"), text);
    const title = typeof this.#info["name"] === "string" ? this.#info["name"] : "Loss";
    writeFileWhole(join(folder, "loss.svg"), [renderLossPlot({ title, ...this.#curves })]);
  }

  /** One more element: written over the closing bracket, in one write, with a new bracket. */
  #append(file: string, text: string): void {
    const isFirst = this.#end === 2;
    const bytes = Buffer.from(`${isFirst ? "" : ",\n"}${text}\n]\n`);
    const handle = openSync(file, "r+");
    try {
      writeSync(handle, bytes, 0, bytes.length, isFirst ? this.#end : this.#end - 1);
    } finally {
      closeSync(handle);
    }
    this.#end += bytes.length - 2 - (isFirst ? 0 : 1);
  }
}
