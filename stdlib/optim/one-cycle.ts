/** @file OneCycleLR: up to a largest rate and down to almost none, once over the whole run. */
import { UserError } from "../faults.ts";
import type { AnyOptimizer } from "./optimizer.ts";
import { Schedule } from "./schedule.ts";

/** Options of `OneCycleLR`. */
export interface OneCycleLROptions {
  /** The largest rate; absent: the group's own. */
  readonly maxLr?: number;
  /** Optimizer steps of the cycle; absent: the run's. */
  readonly totalSteps?: number;
  /** The share of the steps that the rise takes. Default 0.3. */
  readonly pctStart?: number;
  /** How the rate moves between its corners. Default `cos`. */
  readonly annealStrategy?: "cos" | "linear";
  /** The first rate is the largest divided by this. Default 25. */
  readonly divFactor?: number;
  /** The last rate is the first divided by this. Default 1e4. */
  readonly finalDivFactor?: number;
  /** Come down to the first rate as fast as it rose, then on to the last. Default false. */
  readonly threePhase?: boolean;
}

interface Corner {
  /** The step at which the rate is reached. */
  readonly step: number;
  readonly rate: number;
}

/**
 * One cycle: from maxLr/divFactor up to maxLr, then down to maxLr/divFactor/finalDivFactor at the last step. Momentum is not cycled.
 * Where PyTorch's fails after its last step, the last rate is held.
 *
 * @source Smith and Topin 2018 (arXiv 1708.07120); torch.optim.lr_scheduler.OneCycleLR
 */
export class OneCycleLR extends Schedule {
  readonly #options: Required<Omit<OneCycleLROptions, "maxLr" | "totalSteps">>;
  readonly #maxLr: number | undefined;
  readonly #givenSteps: number | undefined;
  #totalSteps: number | undefined;

  constructor(optimizer: AnyOptimizer, { maxLr, totalSteps, ...options }: OneCycleLROptions = {}) {
    super(optimizer);
    this.#options = {
      pctStart: 0.3,
      annealStrategy: "cos",
      divFactor: 25,
      finalDivFactor: 1e4,
      threePhase: false,
      ...options,
    };
    const { pctStart, threePhase } = this.#options;
    if (!(pctStart >= 0 && pctStart <= (threePhase ? 0.5 : 1)))
      throw new UserError("optim/schedule-options", `OneCycleLR: pct_start is ${pctStart}`, {
        hint: threePhase ? "with three phases it is between 0 and 0.5" : "it is between 0 and 1",
      });
    this.#maxLr = maxLr;
    this.#givenSteps = totalSteps;
    this.#totalSteps = totalSteps;
    this.apply();
  }

  override setRunLength(totalSteps: number): void {
    this.#totalSteps = this.#givenSteps ?? totalSteps;
    this.apply();
  }

  /** @throws UserError `optim/schedule-options` where neither the config nor a trainer has said how long the run is */
  rate(step: number, baseLr: number): number {
    if (this.#totalSteps === undefined && step > 0)
      throw new UserError("optim/schedule-options", "OneCycleLR does not know how many steps the run has", {
        hint: "give total_steps",
      });
    const corners = this.#corners(this.#maxLr ?? baseLr);
    const next = corners.findIndex((corner) => step <= corner.step);
    const to = corners[next];
    if (to === undefined) return (corners.at(-1) as Corner).rate;
    const from = corners[next - 1];
    if (from === undefined || to.step === from.step) return to.rate;
    const share = (step - from.step) / (to.step - from.step);
    return this.#options.annealStrategy === "linear"
      ? from.rate + (to.rate - from.rate) * share
      : to.rate + ((from.rate - to.rate) / 2) * (1 + Math.cos(Math.PI * share));
  }

  #corners(maxLr: number): readonly Corner[] {
    const { pctStart, divFactor, finalDivFactor, threePhase } = this.#options;
    const first = maxLr / divFactor;
    const total = this.#totalSteps;
    // Before a trainer has said how long the run is there is only its beginning.
    if (total === undefined) return [{ step: 0, rate: first }];
    const rise = pctStart * total - 1;
    return [
      { step: 0, rate: first },
      { step: rise, rate: maxLr },
      ...(threePhase ? [{ step: 2 * pctStart * total - 2, rate: first }] : []),
      { step: total - 1, rate: first / finalDivFactor },
    ];
  }
}
