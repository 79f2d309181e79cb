/** @file Optimizers and schedules from a golden's arguments. */
import { camelCaseKeys } from "../../stdlib/camel-case.ts";
import * as optim from "../../stdlib/optim/index.ts";
import type { Json } from "./golden.ts";

const optimizers: Readonly<
  Record<string, (parameters: optim.OptimizerParameters, options: never) => optim.AnyOptimizer>
> = {
  "torch.AdamW": (p, options) => new optim.AdamW(p, options),
  "torch.Adam": (p, options) => new optim.Adam(p, options),
  "torch.SGD": (p, options) => new optim.SGD(p, options),
  "forgather.AdamW": (p, options) => new optim.ForgatherAdamW(p, options),
  "forgather.SGD": (p, options) => new optim.ForgatherSGD(p, options),
  "forgather.Adafactor": (p, options) => new optim.Adafactor(p, options),
};

interface GroupedArguments {
  readonly optimizer: string;
  readonly group_map: [string, string][];
  readonly group_config: Record<string, Json>;
  readonly opt_kwargs: Json;
}

/** An optimizer from a golden's `target` (or a nested `type`) and arguments. */
export function makeOptimizer(target: string, args: Json, named: optim.NamedParameter[]): optim.AnyOptimizer {
  if (target === "make_grouped_optimizer") {
    const { optimizer, group_map, group_config, opt_kwargs } = args as unknown as GroupedArguments;
    return optim.makeGroupedOptimizer(
      named,
      (groups) => optimizers[optimizer]!(groups, {} as never),
      group_map,
      group_config,
      {
        optKwargs: opt_kwargs,
        onUnmatched: () => {},
      },
    );
  }
  if (target === "make_re_multiopt") {
    const { optimizer_map, factories } = args as { optimizer_map: [string, string][]; factories: Record<string, Json> };
    const made = Object.entries(factories).map(([name, { type, ...options }]) => {
      return [name, (p: optim.NamedParameter[]) => makeOptimizer(type as string, options, p)] as const;
    });
    return optim.makeReMultiopt(named, optimizer_map, Object.fromEntries(made));
  }
  return optimizers[target]!(named, camelCaseKeys(args) as never);
}

type ScheduleMaker = (optimizer: optim.AnyOptimizer, options: never) => optim.Schedule;

const schedules: Readonly<Record<string, ScheduleMaker>> = {
  "torch.LinearLR": (o, options) => new optim.LinearLR(o, options),
  "torch.CosineAnnealingLR": (o, options) => new optim.CosineAnnealingLR(o, options),
  "torch.ConstantLR": (o, options) => new optim.ConstantLR(o, options),
  "torch.StepLR": (o, options) => new optim.StepLR(o, options),
  "torch.MultiStepLR": (o, options) => new optim.MultiStepLR(o, options),
  "torch.ExponentialLR": (o, options) => new optim.ExponentialLR(o, options),
  "torch.PolynomialLR": (o, options) => new optim.PolynomialLR(o, options),
  "forgather.InfiniteLRScheduler": (o, options) => new optim.InfiniteLR(o, options),
};

/** A schedule from a golden's `target` (or a nested `type`) and arguments. */
export function makeSchedule(target: string, args: Json, optimizer: optim.AnyOptimizer): optim.Schedule {
  if (target === "forgather.sequential_lr_factory") {
    const { milestones, schedulers } = args as { milestones: number[]; schedulers: (Json & { type: string })[] };
    const factories = schedulers.map(
      ({ type, ...own }) =>
        (o: optim.AnyOptimizer) =>
          makeSchedule(type, own, o),
    );
    return optim.sequentialLrFactory(optimizer, factories, milestones);
  }
  if (target.startsWith("hf.")) {
    const {
      num_warmup_steps: numWarmupSteps,
      num_training_steps: numTrainingSteps,
      ...kwargs
    } = args as Record<string, number>;
    return optim.getScheduler(target.slice(3), optimizer, {
      ...(numWarmupSteps !== undefined && { numWarmupSteps }),
      ...(numTrainingSteps !== undefined && { numTrainingSteps }),
      kwargs,
    });
  }
  return schedules[target]!(optimizer, camelCaseKeys(args) as never);
}
