/**
 * @file Learning-rate schedules: the base, and the ones that PyTorch has.
 *
 * A schedule is a pure function of the number of optimizer steps done and a group's own rate; the object around it keeps the count and
 * writes the rates into the optimizer's groups. So it can be resumed anywhere, and chained.
 */
import { UserError } from "../faults.ts";
import type { AnyOptimizer } from "./optimizer.ts";

/** The part of a schedule that a checkpoint keeps: JSON. */
export interface ScheduleState {
  readonly step: number;
}

/** What makes a schedule once there is an optimizer. */
export type ScheduleFactory = (optimizer: AnyOptimizer) => Schedule;

/** Sets the rate of every group before each step. Constructing one sets the rates of step 0. */
export abstract class Schedule {
  readonly optimizer: AnyOptimizer;
  #step = 0;

  constructor(optimizer: AnyOptimizer) {
    this.optimizer = optimizer;
  }

  /**
   * The rate before a step.
   *
   * @param step     optimizer steps done
   * @param baseLr   the group's own rate, as its config gave it
   */
  abstract rate(step: number, baseLr: number): number;

  /** Told by a trainer once it knows how many optimizer steps the run will have; schedules that end with the run take it from here. */
  setRunLength(_totalSteps: number): void {}

  /** Optimizer steps done. */
  get stepCount(): number {
    return this.#step;
  }

  /** The rates in force, one per group. */
  get lastLr(): number[] {
    return this.optimizer.groups.map((group) => group.lr);
  }

  /** After an optimizer step: move on. */
  step(): void {
    this.#step++;
    this.apply();
  }

  /** Write the rates of the current step into the groups. Every constructor ends with it. */
  apply(): void {
    for (const group of this.optimizer.groups) group.lr = this.rate(this.#step, group.initialLr);
  }

  stateDict(): ScheduleState {
    return { step: this.#step };
  }

  loadStateDict(state: ScheduleState): void {
    this.#step = state.step;
    this.apply();
  }
}

/** Options of `LinearLR`. */
export interface LinearLROptions {
  /** Factor at step 0. Default 1/3. */
  readonly startFactor?: number;
  /** Factor from `totalIters` on. Default 1. */
  readonly endFactor?: number;
  /** Steps between the two. Default 5. */
  readonly totalIters?: number;
}

/** The rate times a factor that moves linearly. @source torch.optim.lr_scheduler.LinearLR */
export class LinearLR extends Schedule {
  readonly #options: Required<LinearLROptions>;

  constructor(optimizer: AnyOptimizer, { startFactor = 1 / 3, endFactor = 1, totalIters = 5 }: LinearLROptions = {}) {
    super(optimizer);
    this.#options = { startFactor, endFactor, totalIters };
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    const { startFactor, endFactor, totalIters } = this.#options;
    return baseLr * (startFactor + (endFactor - startFactor) * Math.min(1, step / totalIters));
  }
}

/** Options of `CosineAnnealingLR`. */
export interface CosineAnnealingLROptions {
  /** Steps from the group's rate down to `etaMin`: PyTorch's T_max. */
  readonly TMax: number;
  /** The lowest rate. Default 0. */
  readonly etaMin?: number;
}

/**
 * The cosine from the base rate b to etaMin: `etaMin + (b − etaMin)/2 · (1 + cos(π s/TMax))`; past TMax the cosine turns up again.
 *
 * @source Loshchilov and Hutter 2017 (arXiv 1608.03983); torch.optim.lr_scheduler.CosineAnnealingLR
 */
export class CosineAnnealingLR extends Schedule {
  readonly #options: Required<CosineAnnealingLROptions>;

  constructor(optimizer: AnyOptimizer, { TMax, etaMin = 0 }: CosineAnnealingLROptions) {
    super(optimizer);
    this.#options = { TMax, etaMin };
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    const { TMax, etaMin } = this.#options;
    return etaMin + ((baseLr - etaMin) / 2) * (1 + Math.cos((Math.PI * step) / TMax));
  }
}

/** Options of `ConstantLR`. */
export interface ConstantLROptions {
  /** Factor of the first steps. Default 1/3. */
  readonly factor?: number;
  /** How many steps; the group's own rate after them. Default 5. */
  readonly totalIters?: number;
}

/** The rate times a factor for some steps. @source torch.optim.lr_scheduler.ConstantLR */
export class ConstantLR extends Schedule {
  readonly #options: Required<ConstantLROptions>;

  constructor(optimizer: AnyOptimizer, { factor = 1 / 3, totalIters = 5 }: ConstantLROptions = {}) {
    super(optimizer);
    this.#options = { factor, totalIters };
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    return step < this.#options.totalIters ? baseLr * this.#options.factor : baseLr;
  }
}

/** Options of `StepLR`. */
export interface StepLROptions {
  /** Steps between two reductions. */
  readonly stepSize: number;
  /** Factor of each reduction. Default 0.1. */
  readonly gamma?: number;
}

/** The rate times gamma every stepSize steps: `b · gamma^⌊s/stepSize⌋`. @source torch.optim.lr_scheduler.StepLR */
export class StepLR extends Schedule {
  readonly #options: Required<StepLROptions>;

  constructor(optimizer: AnyOptimizer, { stepSize, gamma = 0.1 }: StepLROptions) {
    super(optimizer);
    this.#options = { stepSize, gamma };
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    return baseLr * this.#options.gamma ** Math.floor(step / this.#options.stepSize);
  }
}

/** Options of `MultiStepLR`. */
export interface MultiStepLROptions {
  /** Steps at which the rate falls. */
  readonly milestones: readonly number[];
  /** Factor of each reduction. Default 0.1. */
  readonly gamma?: number;
}

/** The rate times gamma at each milestone: `b · gamma^(milestones passed)`. @source torch.optim.lr_scheduler.MultiStepLR */
export class MultiStepLR extends Schedule {
  readonly #options: Required<MultiStepLROptions>;

  constructor(optimizer: AnyOptimizer, { milestones, gamma = 0.1 }: MultiStepLROptions) {
    super(optimizer);
    this.#options = { milestones, gamma };
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    return baseLr * this.#options.gamma ** this.#options.milestones.filter((milestone) => milestone <= step).length;
  }
}

/** Options of `ExponentialLR`. */
export interface ExponentialLROptions {
  /** Factor of each step. */
  readonly gamma: number;
}

/** The rate times gamma at every step: `b · gammaˢ`. @source torch.optim.lr_scheduler.ExponentialLR */
export class ExponentialLR extends Schedule {
  readonly #gamma: number;

  constructor(optimizer: AnyOptimizer, { gamma }: ExponentialLROptions) {
    super(optimizer);
    this.#gamma = gamma;
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    return baseLr * this.#gamma ** step;
  }
}

/** Options of `PolynomialLR`. */
export interface PolynomialLROptions {
  /** Steps until the rate is 0. Default 5. */
  readonly totalIters?: number;
  /** Default 1: linear. */
  readonly power?: number;
}

/** A power of what is left of the run: `b · (1 − min(s, n)/n)^power`. @source torch.optim.lr_scheduler.PolynomialLR */
export class PolynomialLR extends Schedule {
  readonly #options: Required<PolynomialLROptions>;

  constructor(optimizer: AnyOptimizer, { totalIters = 5, power = 1 }: PolynomialLROptions = {}) {
    super(optimizer);
    this.#options = { totalIters, power };
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    const { totalIters, power } = this.#options;
    return baseLr * (1 - Math.min(step, totalIters) / totalIters) ** power;
  }
}

/** Schedules one after the other: the i-th starts, at its own step 0, when the count of steps reaches milestone i. */
export class SequentialLR extends Schedule {
  readonly #schedulers: readonly Schedule[];
  readonly #milestones: readonly number[];

  /**
   * @param milestones  steps at which the next schedule takes over: one fewer than schedules, rising
   */
  constructor(optimizer: AnyOptimizer, schedulers: readonly Schedule[], milestones: readonly number[]) {
    super(optimizer);
    if (milestones.length !== schedulers.length - 1 || milestones.some((m, i) => i > 0 && m <= milestones[i - 1]!)) {
      throw new UserError(
        "optim/milestones",
        `${schedulers.length} schedules in sequence need ${schedulers.length - 1} rising milestones, not [${milestones}]`,
      );
    }
    this.#schedulers = schedulers;
    this.#milestones = milestones;
    this.apply();
  }

  override setRunLength(totalSteps: number): void {
    this.#schedulers.forEach((schedule, i) => {
      schedule.setRunLength((this.#milestones[i] ?? totalSteps) - (this.#milestones[i - 1] ?? 0));
    });
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    const current = this.#milestones.filter((milestone) => milestone <= step).length;
    return this.#schedulers[current]!.rate(step - (this.#milestones[current - 1] ?? 0), baseLr);
  }
}

/** `SequentialLR` over factories, as a config writes it: `schedulers` is a list of `!partial` schedules. */
export function sequentialLrFactory(
  optimizer: AnyOptimizer,
  schedulers: readonly ScheduleFactory[],
  milestones: readonly number[],
): SequentialLR {
  return new SequentialLR(
    optimizer,
    schedulers.map((factory) => factory(optimizer)),
    milestones,
  );
}
