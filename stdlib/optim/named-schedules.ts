/** @file The schedules that `lr_scheduler_type` names: Hugging Face's, as factors of the group's rate. */

import { camelCaseKeys } from "../camel-case.ts";
import { nearestName, UserError } from "../faults.ts";
import type { AnyOptimizer } from "./optimizer.ts";
import { Schedule } from "./schedule.ts";

/** Options of `getScheduler`. */
export interface NamedScheduleOptions {
  /** Steps w of warm-up. Default 0. */
  readonly numWarmupSteps?: number;
  /** Steps n of the whole run; needed by those that decay until the end. */
  readonly numTrainingSteps?: number;
  /** What the schedule takes beyond these (`lr_scheduler_kwargs`), in either spelling. */
  readonly kwargs?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The rate at a step, given a group's own. */
type RateFunction = (step: number, baseLr: number) => number;

/** A schedule that is its formula. */
export class LambdaSchedule extends Schedule {
  readonly #rate: RateFunction;

  constructor(optimizer: AnyOptimizer, rate: RateFunction) {
    super(optimizer);
    this.#rate = rate;
    this.apply();
  }

  rate(step: number, baseLr: number): number {
    return this.#rate(step, baseLr);
  }
}

/** Options of `CosineWithWarmup`. */
export interface CosineWithWarmupOptions {
  /** Steps of linear warm-up from 0. Default 0. */
  readonly numWarmupSteps?: number;
  /** Steps of the whole run, warm-up included. Default: as many as the trainer runs. */
  readonly numTrainingSteps?: number;
  /** Waves of the cosine; ½ is once from top to bottom. Default ½. */
  readonly numCycles?: number;
  /** The lowest rate. Default 0. */
  readonly minLr?: number;
}

/** Linear warm-up, then `minLr + (b − minLr) · max(0, ½(1 + cos(2π · cycles · x)))`, x from 0 to 1. */
export class CosineWithWarmup extends Schedule {
  readonly #options: CosineWithWarmupOptions;
  #totalSteps: number | undefined;

  constructor(optimizer: AnyOptimizer, options: CosineWithWarmupOptions = {}) {
    super(optimizer);
    this.#options = options;
    this.#totalSteps = options.numTrainingSteps;
    this.apply();
  }

  override setRunLength(totalSteps: number): void {
    this.#totalSteps = this.#options.numTrainingSteps ?? totalSteps;
    this.apply();
  }

  /** @throws UserError `optim/schedule-options` where neither the config nor a trainer has said how long the run is */
  rate(step: number, baseLr: number): number {
    const { numWarmupSteps = 0, numCycles = 0.5, minLr = 0 } = this.#options;
    if (step < numWarmupSteps) return baseLr * warmUp(step, numWarmupSteps);
    // Before the first step nothing has decayed yet, however long the run.
    if (this.#totalSteps === undefined && step > 0)
      throw new UserError("optim/schedule-options", "CosineWithWarmup does not know how many steps the run has", {
        hint: "give num_training_steps",
      });
    const x = (step - numWarmupSteps) / Math.max(1, (this.#totalSteps ?? 0) - numWarmupSteps);
    return minLr + (baseLr - minLr) * Math.max(0, cosine(numCycles, x));
  }
}

/**
 * A schedule by name: constant, constant_with_warmup, linear, cosine, cosine_with_restarts, cosine_with_min_lr, polynomial,
 * inverse_sqrt, warmup_stable_decay. Warm-up is b·s/w.
 *
 * @throws UserError `optim/unknown-schedule`, `optim/schedule-options`
 * @source Hugging Face's transformers.optimization
 */
export function getScheduler(name: string, optimizer: AnyOptimizer, options: NamedScheduleOptions = {}): Schedule {
  const make = Object.hasOwn(schedules, name) ? schedules[name as keyof typeof schedules] : undefined;
  if (make === undefined) {
    const nearest = nearestName(name, Object.keys(schedules));
    throw new UserError("optim/unknown-schedule", `no learning-rate schedule is called '${name}'`, {
      hint: nearest === undefined ? `known: ${Object.keys(schedules).join(", ")}` : `did you mean '${nearest}'?`,
    });
  }
  return new LambdaSchedule(optimizer, make(new Settings(name, options)));
}

/** Typed reading of a schedule's options, with errors that name it. */
class Settings {
  readonly name: string;
  readonly warmup: number;
  readonly #total: number | undefined;
  readonly #given: Readonly<Record<string, unknown>>;

  constructor(name: string, { numWarmupSteps = 0, numTrainingSteps, kwargs }: NamedScheduleOptions) {
    this.name = name;
    this.warmup = numWarmupSteps;
    this.#total = numTrainingSteps;
    this.#given = camelCaseKeys(kwargs ?? {});
  }

  get total(): number {
    if (this.#total === undefined) throw this.invalid("needs the number of training steps");
    return this.#total;
  }

  get totalIfKnown(): number | undefined {
    return this.#total;
  }

  number(key: string): number | undefined {
    const value = this.#given[key];
    if (value !== undefined && value !== null && typeof value !== "number")
      throw this.invalid(`${key} must be a number, not ${String(value)}`);
    return value ?? undefined;
  }

  choice<T extends string>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.#given[key] ?? fallback;
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) throw this.invalid(`${key} must be one of ${choices.join(", ")}, not ${String(value)}`);
    return chosen;
  }

  invalid(message: string): UserError {
    return new UserError("optim/schedule-options", `the schedule '${this.name}': ${message}`);
  }
}

const schedules = {
  constant: () => (_step, baseLr) => baseLr,
  constant_with_warmup: (s) => (step, baseLr) => baseLr * (step < s.warmup ? warmUp(step, s.warmup) : 1),
  linear: (s) => scaled(afterWarmup(s.warmup, s.total, (x) => Math.max(0, 1 - x))),
  cosine: (s) => {
    const cycles = s.number("numCycles") ?? 0.5;
    return scaled(afterWarmup(s.warmup, s.total, (x) => Math.max(0, cosine(cycles, x))));
  },
  cosine_with_restarts: (s) => {
    const cycles = s.number("numCycles") ?? 1;
    return scaled(afterWarmup(s.warmup, s.total, (x) => (x >= 1 ? 0 : Math.max(0, cosine(0.5, (cycles * x) % 1)))));
  },
  cosine_with_min_lr: (s) => {
    const cycles = s.number("numCycles") ?? 0.5;
    const minLr = s.number("minLr");
    const minRate = s.number("minLrRate");
    if ((minLr === undefined) === (minRate === undefined)) throw s.invalid("needs either min_lr or min_lr_rate");
    const factor = afterWarmup(s.warmup, s.total, (x) => cosine(cycles, x));
    return (step, baseLr) => {
      if (step < s.warmup) return baseLr * factor(step);
      const floor = minRate ?? minLr! / baseLr;
      return baseLr * Math.max(0, factor(step) * (1 - floor) + floor);
    };
  },
  polynomial: (s) => {
    const end = s.number("lrEnd") ?? 1e-7;
    const power = s.number("power") ?? 1;
    return (step, baseLr) => {
      if (step < s.warmup) return baseLr * warmUp(step, s.warmup);
      if (step > s.total) return end;
      return (baseLr - end) * (1 - (step - s.warmup) / (s.total - s.warmup)) ** power + end;
    };
  },
  inverse_sqrt: (s) => {
    const timescale = s.number("timescale") ?? (s.warmup || 10_000);
    return (step, baseLr) => {
      if (step < s.warmup) return baseLr * warmUp(step, s.warmup);
      return baseLr / Math.sqrt((step + timescale - s.warmup) / timescale);
    };
  },
  warmup_stable_decay: (s) => {
    const decay = s.number("numDecaySteps");
    if (decay === undefined) throw s.invalid("needs num_decay_steps");
    const stable = s.number("numStableSteps") ?? s.total - s.warmup - decay;
    const floor = s.number("minLrRatio") ?? 0;
    const cycles = s.number("numCycles") ?? 0.5;
    const shapes = ["linear", "cosine", "1-sqrt"] as const;
    const rising = s.choice("warmupType", shapes, "linear");
    const falling = s.choice("decayType", shapes, "cosine");
    const lifted = (factor: number): number => Math.max(0, factor * (1 - floor) + floor);
    return (step, baseLr) => {
      if (step < s.warmup) {
        const x = warmUp(step, s.warmup);
        const shape = {
          linear: x,
          cosine: 0.5 * (1 - Math.cos(Math.PI * cycles * 2 * x)),
          "1-sqrt": 1 - Math.sqrt(1 - x),
        }[rising];
        return baseLr * lifted(shape);
      }
      if (step < s.warmup + stable) return baseLr;
      if (step >= s.warmup + stable + decay) return baseLr * floor;
      const x = (step - s.warmup - stable) / Math.max(1, decay);
      return baseLr * lifted({ linear: 1 - x, cosine: cosine(cycles, x), "1-sqrt": 1 - Math.sqrt(x) }[falling]);
    };
  },
} satisfies Record<string, (settings: Settings) => RateFunction>;

function warmUp(step: number, warmup: number): number {
  return step / Math.max(1, warmup);
}

/** The factor: linear warm-up, then `decay(x)` with x = (s − w)/(n − w). */
function afterWarmup(warmup: number, total: number, decay: (x: number) => number): (step: number) => number {
  return (step) => (step < warmup ? warmUp(step, warmup) : decay((step - warmup) / Math.max(1, total - warmup)));
}

function cosine(cycles: number, x: number): number {
  return 0.5 * (1 + Math.cos(2 * Math.PI * cycles * x));
}

function scaled(factor: (step: number) => number): RateFunction {
  return (step, baseLr) => baseLr * factor(step);
}
