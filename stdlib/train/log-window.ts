/** @file What happened since the last log: means over steps, and how fast they were. */
import type { LogRecord } from "./state.ts";

/** The sums, as plain data: saved in checkpoints, so that a log after a resume covers the steps before it too. */
export interface LogWindowState {
  readonly steps: number;
  readonly loss: number;
  readonly squaredNorm: number;
  readonly maxNorm: number;
  readonly tokens: number;
  readonly seconds: number;
  /** float16: steps whose gradients overflowed, and the loss scale after the last step. */
  readonly skipped?: number;
  readonly lossScale?: number;
}

const empty: LogWindowState = { steps: 0, loss: 0, squaredNorm: 0, maxNorm: 0, tokens: 0, seconds: 0 };

export class LogWindow {
  #sums: LogWindowState = empty;

  add(step: {
    loss: number;
    norm: number;
    tokens: number;
    seconds: number;
    lossScale?: number;
    isSkipped?: boolean;
  }): void {
    const s = this.#sums;
    // A step that was skipped has no norm to speak of.
    const { isSkipped = false } = step;
    this.#sums = {
      steps: s.steps + 1,
      loss: s.loss + step.loss,
      squaredNorm: s.squaredNorm + (isSkipped ? 0 : step.norm ** 2),
      // A norm that is not a number must show, and Math.max hands it on.
      maxNorm: isSkipped ? s.maxNorm : Math.max(s.maxNorm, step.norm),
      tokens: s.tokens + step.tokens,
      seconds: s.seconds + step.seconds,
      ...(step.lossScale !== undefined && {
        skipped: (s.skipped ?? 0) + (isSkipped ? 1 : 0),
        lossScale: step.lossScale,
      }),
    };
  }

  /** Steps of the window that were skipped. */
  get skipped(): number {
    return this.#sums.skipped ?? 0;
  }

  get isEmpty(): boolean {
    return this.#sums.steps === 0;
  }

  /** The metrics of the window, which is empty afterwards. */
  take(): LogRecord {
    const { steps, loss, squaredNorm, maxNorm, tokens, seconds, skipped = 0, lossScale } = this.#sums;
    this.#sums = empty;
    return {
      loss: loss / steps,
      // 0 of 0 where every step was skipped: not a number, which is what it is.
      grad_norm: Math.sqrt(squaredNorm / (steps - skipped)),
      max_grad_norm: maxNorm,
      ...(lossScale !== undefined && { loss_scale: lossScale, skipped_steps: skipped }),
      tokens,
      tokens_per_second: seconds > 0 ? tokens / seconds : 0,
    };
  }

  get state(): LogWindowState {
    return this.#sums;
  }
  set state(state: LogWindowState) {
    this.#sums = state;
  }
}
