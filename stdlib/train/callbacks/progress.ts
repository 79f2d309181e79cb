/**
 * @file ProgressCallback: on a terminal a live bar with step, loss, tokens per second and time left, and a line per log above it; elsewhere
 * only the lines.
 */
import type { TrainingArguments } from "../arguments.ts";
import type { CallbackContext, TrainerCallback } from "../callback.ts";
import { consoleStream } from "../script/console.ts";
import type { TrainerControl, TrainerState } from "../state.ts";
import { formatDuration, formatEvaluation, formatLog, linePrefix } from "./format.ts";

export interface ProgressCallbackOptions {
  /** Draw the bar; null: where the stream is a terminal and NO_COLOR is not set. */
  useTqdm?: boolean | null;
  outputStream?: "stdout" | "stderr" | OutputStream;
}

/** What the callback writes to. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

const barWidth = 24;
/** Redrawing costs a system call; ten a second look alive. */
const redrawMs = 100;

/** A progress bar and a line for each log record; plain lines where there is no terminal. */
export class ProgressCallback implements TrainerCallback {
  readonly #stream: OutputStream;
  readonly #live: boolean;
  /** Seconds spent in steps, and the tokens of them. */
  #started = 0;
  #startStep = 0;
  #startTokens = 0;
  #drawn = 0;
  #barIsUp = false;
  #loss: number | undefined;

  constructor({ useTqdm = null, outputStream = "stdout" }: ProgressCallbackOptions = {}) {
    this.#stream = typeof outputStream === "string" ? consoleStream(outputStream) : outputStream;
    this.#live = useTqdm ?? (this.#stream.isTTY === true && process.env["NO_COLOR"] === undefined);
  }

  onTrainBegin(_args: TrainingArguments, state: TrainerState): void {
    this.#restartClock(state);
  }

  // Not sooner: other callbacks print when training begins, and would print behind the bar.
  onStepBegin(_args: TrainingArguments, state: TrainerState): void {
    if (state.globalStep === this.#startStep && this.#drawn === 0) this.#draw(state, "compiling the first step");
  }

  onStepRead(
    _args: TrainingArguments,
    _state: TrainerState,
    _control: TrainerControl,
    { loss }: CallbackContext,
  ): void {
    // A mean of recent steps: the loss of one batch jumps about.
    if (loss !== undefined) this.#loss = this.#loss === undefined ? loss : 0.9 * this.#loss + 0.1 * loss;
  }

  onStepEnd(_args: TrainingArguments, state: TrainerState): void {
    // The first step compiles; a speed that contains it would be wrong for the whole run.
    if (state.globalStep === this.#startStep + 1 && this.#drawn === 0) this.#restartClock(state);
    const now = performance.now();
    if (now - this.#drawn < redrawMs && state.globalStep < state.maxSteps) return;
    this.#drawn = now;
    this.#draw(state, "");
  }

  onLog(_args: TrainingArguments, state: TrainerState, _control: TrainerControl, { logs = {} }: CallbackContext): void {
    if (logs["loss"] !== undefined) this.#line(`${linePrefix(state, new Date())}  ${formatLog(logs)}`, state);
    else if (logs["train_runtime"] !== undefined)
      this.#summary(state, logs["train_runtime"], logs["train_samples_per_second"] ?? 0);
  }

  onPredictionStep(_args: TrainingArguments, state: TrainerState): void {
    this.#draw(state, "evaluating");
  }

  onEvaluate(
    _args: TrainingArguments,
    state: TrainerState,
    _control: TrainerControl,
    { metrics = {} }: CallbackContext,
  ): void {
    this.#line(`${linePrefix(state, new Date())}  ${formatEvaluation(metrics)}`, state);
  }

  onSave(
    _args: TrainingArguments,
    state: TrainerState,
    _control: TrainerControl,
    { checkpoint }: CallbackContext,
  ): void {
    this.#line(`${linePrefix(state, new Date())}  saved ${checkpoint}`, state);
  }

  onTrainEnd(): void {
    this.#erase();
  }

  #restartClock(state: TrainerState): void {
    this.#started = performance.now();
    this.#startStep = state.globalStep;
    this.#startTokens = state.numInputTokensSeen;
  }

  #summary(state: TrainerState, seconds: number, samplesPerSecond: number): void {
    this.#line(
      `trained ${state.globalStep.toLocaleString("en-US")} steps, ${state.numInputTokensSeen.toLocaleString("en-US")} tokens in ${formatDuration(seconds)} (${samplesPerSecond.toFixed(1)} samples/s)`,
      state,
    );
  }

  /** A line that stays, above the bar. */
  #line(text: string, state: TrainerState): void {
    this.#erase();
    this.#stream.write(`${text}\n`);
    if (state.globalStep < state.maxSteps) this.#draw(state, "");
  }

  #draw(state: TrainerState, note: string): void {
    if (!this.#live) return;
    const { globalStep, maxSteps, numInputTokensSeen } = state;
    const done = maxSteps === 0 ? 0 : globalStep / maxSteps;
    const filled = Math.round(done * barWidth);
    const seconds = (performance.now() - this.#started) / 1000;
    const steps = globalStep - this.#startStep;
    const rate = steps > 0 ? (numInputTokensSeen - this.#startTokens) / seconds : Number.NaN;
    const left = steps > 0 ? ((maxSteps - globalStep) * seconds) / steps : Number.NaN;
    const text = [
      `${"█".repeat(filled)}${"░".repeat(barWidth - filled)}`,
      `${globalStep}/${maxSteps}`,
      ...(this.#loss === undefined ? [] : [`loss ${this.#loss.toFixed(3)}`]),
      ...(Number.isFinite(rate)
        ? [`${Math.round(rate).toLocaleString("en-US")} tokens/s`, `${formatDuration(left)} left`]
        : []),
      ...(note === "" ? [] : [note]),
    ].join("  ");
    // Back to the line's start, erase it: nothing else moves on the screen.
    this.#stream.write(`\r\x1b[2K${text.slice(0, Math.max(20, (this.#stream.columns ?? 120) - 1))}`);
    this.#barIsUp = true;
  }

  #erase(): void {
    if (!this.#barIsUp) return;
    this.#stream.write("\r\x1b[2K");
    this.#barIsUp = false;
  }
}
