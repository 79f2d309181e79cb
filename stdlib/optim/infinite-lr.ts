/** @file InfiniteLR: a schedule without an end, so that training can go on for as long as there is data. */
import { UserError } from "../faults.ts";
import type { AnyOptimizer } from "./optimizer.ts";
import { Schedule } from "./schedule.ts";

/** Options of `InfiniteLR`. */
export interface InfiniteLROptions {
  /** Steps w of linear warm-up from 0. Default 0. */
  readonly warmupSteps?: number;
  /** Steps c of the cosine from the group's rate to `constantLr`. Default 0. */
  readonly cooldownSteps?: number;
  /** Rate k after the cool-down; without a cool-down the group's own rate is held. Default 3.75e-5. */
  readonly constantLr?: number;
  /** Rate ℓ that the final decay tends to. Default 1e-8. */
  readonly minLr?: number;
  /** Time constant τ of the final decay, in steps. Default 1e4. */
  readonly tau?: number;
  /** Step a at which the final decay begins: negative for never, else at least w + c. Default −1. */
  readonly checkpointStep?: number;
}

/**
 * A schedule without an end: warm-up, cool-down to a constant rate, and an exponential decay from a chosen step on.
 *
 *     s < w: b·s/w.  s < w+c: k + (b−k)/2·(1 + cos(π(s−w)/c)).  From a on: ℓ + (k−ℓ)e^(−(s−a)/τ).  Else k if c > 0, b if c = 0.
 *
 * The first step has rate 0 when w > 0. With c = 0 the rate jumps from b to k at a: upstream's behaviour, kept so that runs compare.
 *
 * @source Singh et al. 2025 (arXiv 2503.02844)
 */
export class InfiniteLR extends Schedule {
  readonly #options: Required<InfiniteLROptions>;

  constructor(optimizer: AnyOptimizer, options: InfiniteLROptions = {}) {
    super(optimizer);
    const {
      warmupSteps = 0,
      cooldownSteps = 0,
      constantLr = 3.75e-5,
      minLr = 1e-8,
      tau = 1e4,
      checkpointStep = -1,
    } = options;
    if (checkpointStep >= 0 && checkpointStep < warmupSteps + cooldownSteps) {
      throw invalid(
        `checkpoint_step ${checkpointStep} lies before the end of warm-up and cool-down (${warmupSteps + cooldownSteps})`,
      );
    }
    if (!(tau > 0)) throw invalid(`tau must be positive, not ${tau}`);
    if (!(constantLr > 0)) throw invalid(`constant_lr must be positive, not ${constantLr}`);
    this.#options = { warmupSteps, cooldownSteps, constantLr, minLr, tau, checkpointStep };
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    const { warmupSteps, cooldownSteps, constantLr, minLr, tau, checkpointStep } = this.#options;
    if (step < warmupSteps) return (baseLr * step) / warmupSteps;
    if (step < warmupSteps + cooldownSteps) {
      const phase = (Math.PI * (step - warmupSteps)) / cooldownSteps;
      return constantLr + ((baseLr - constantLr) / 2) * (1 + Math.cos(phase));
    }
    if (checkpointStep >= 0 && step >= checkpointStep) {
      return minLr + (constantLr - minLr) * Math.exp(-(step - checkpointStep) / tau);
    }
    return cooldownSteps > 0 ? constantLr : baseLr;
  }
}

function invalid(message: string): UserError {
  return new UserError("optim/schedule-options", `InfiniteLR: ${message}`);
}
