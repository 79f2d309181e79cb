/** @file How fast a run was, warm-up steps left out. */
import type { LogRecord, TrainerState } from "./state.ts";

export class SpeedMeter {
  readonly #startStep: number;
  #steps = 0;
  #samples = 0;
  #started = performance.now();

  /** @param startStep  steps before the measuring begins: the first one compiles the Programs */
  constructor(startStep: number) {
    this.#startStep = startStep;
  }

  /** A step of `samples` rows is known to be done. */
  add(samples: number): void {
    this.#steps++;
    this.#samples += samples;
    if (this.#steps !== this.#startStep) return;
    this.#samples = 0;
    this.#started = performance.now();
  }

  metrics({ globalStep, epoch }: TrainerState): LogRecord {
    const seconds = (performance.now() - this.#started) / 1000;
    const steps = Math.max(0, this.#steps - this.#startStep);
    return {
      train_runtime: seconds,
      train_samples: this.#samples,
      step: globalStep,
      train_samples_per_second: this.#samples / seconds,
      train_steps_per_second: steps / seconds,
      epoch,
    };
  }
}
