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
}

const empty: LogWindowState = { steps: 0, loss: 0, squaredNorm: 0, maxNorm: 0, tokens: 0, seconds: 0 };

export class LogWindow {
  #sums: LogWindowState = empty;

  add(step: { loss: number; norm: number; tokens: number; seconds: number }): void {
    const s = this.#sums;
    this.#sums = {
      steps: s.steps + 1,
      loss: s.loss + step.loss,
      squaredNorm: s.squaredNorm + step.norm ** 2,
      // A norm that is not a number must show, and Math.max hands it on.
      maxNorm: Math.max(s.maxNorm, step.norm),
      tokens: s.tokens + step.tokens,
      seconds: s.seconds + step.seconds,
    };
  }

  get isEmpty(): boolean {
    return this.#sums.steps === 0;
  }

  /** The metrics of the window, which is empty afterwards. */
  take(): LogRecord {
    const { steps, loss, squaredNorm, maxNorm, tokens, seconds } = this.#sums;
    this.#sums = empty;
    return {
      loss: loss / steps,
      grad_norm: Math.sqrt(squaredNorm / steps),
      max_grad_norm: maxNorm,
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
