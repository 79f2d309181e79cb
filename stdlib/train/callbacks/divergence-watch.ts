/** @file DivergenceWatch: notices a loss that is not a number, or leaps above its median. */
import { UserError } from "../../faults.ts";
import type { TrainingArguments } from "../arguments.ts";
import type { CallbackContext, TrainerCallback } from "../callback.ts";
import type { TrainerControl, TrainerState } from "../state.ts";

export interface DivergenceWatchOptions {
  /** Steps that the median is taken over. */
  window?: number;
  /** How many times the median is a spike. */
  factor?: number;
  /** `warn` says so; `stop` ends the run with a save; `abort` without one. */
  action?: "warn" | "stop" | "abort";
  warn?: (line: string) => void;
}

/** Stops a run whose loss is no number, or has grown far beyond what it was. */
export class DivergenceWatch implements TrainerCallback {
  readonly #options: Required<DivergenceWatchOptions>;
  #losses: number[] = [];
  #warned = false;

  constructor(options: DivergenceWatchOptions = {}) {
    const { window = 50, factor = 3, action = "warn", warn = (line) => process.stderr.write(`${line}\n`) } = options;
    if (!(window >= 2 && factor > 1))
      throw new UserError("train/bad-option", `DivergenceWatch with window ${window} and factor ${factor}`);
    this.#options = { window, factor, action, warn };
  }

  onStepRead(
    _args: TrainingArguments,
    state: TrainerState,
    control: TrainerControl,
    { loss, step = state.globalStep }: CallbackContext,
  ): void {
    if (loss === undefined) return;
    const { window, factor, action, warn } = this.#options;
    const median = this.#median();
    const isSpike = this.#losses.length >= window && loss > factor * median;
    if (!Number.isFinite(loss) || isSpike) {
      // Once per excursion: a run that has diverged would fill the screen.
      if (!this.#warned)
        warn(
          `warning: loss ${loss.toFixed(3)} at step ${step}; the median of the last ${this.#losses.length} is ${median.toFixed(3)}`,
        );
      this.#warned = true;
      control.shouldTrainingStop ||= action === "stop";
      control.shouldAbortWithoutSave ||= action === "abort";
      return;
    }
    this.#warned = false;
    this.#losses = [...this.#losses.slice(-window + 1), loss];
  }

  stateDict(): readonly number[] {
    return this.#losses;
  }
  loadStateDict(losses: readonly number[]): void {
    this.#losses = [...losses];
  }

  #median(): number {
    const sorted = [...this.#losses].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Number.NaN;
  }
}
