/** @file `fgc/optim`: optimizers, parameter groups, learning-rate schedules. */

export { Adafactor, type AdafactorOptions } from "./adafactor.ts";
export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { clipGradNorm, globalNorm } from "./clip.ts";
export { ForgatherAdamW, type ForgatherAdamWOptions } from "./forgather-adamw.ts";
export {
  type GroupedOptimizerOptions,
  type GroupMap,
  Multiopt,
  makeGroupedOptimizer,
  makeRegexOptimizerGroups,
  makeReMultiopt,
  type RegexGroupsOptions,
} from "./groups.ts";
export { InfiniteLR, type InfiniteLROptions } from "./infinite-lr.ts";
export { Lion, type LionOptions } from "./lion.ts";
export { Muon, type MuonOptions } from "./muon.ts";
export {
  CosineWithWarmup,
  type CosineWithWarmupOptions,
  getScheduler,
  LambdaSchedule,
  type NamedScheduleOptions,
} from "./named-schedules.ts";
export { OneCycleLR, type OneCycleLROptions } from "./one-cycle.ts";
export {
  type AnyOptimizer,
  type Gradients,
  gradientsOf,
  type NamedParameter,
  Optimizer,
  type OptimizerFactory,
  type OptimizerParameters,
  type OptimizerState,
  type ParameterGroup,
  type ParameterGroupInput,
  type ScalarTensors,
  type ScalarValues,
} from "./optimizer.ts";
export {
  ConstantLR,
  type ConstantLROptions,
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  ExponentialLR,
  type ExponentialLROptions,
  LinearLR,
  type LinearLROptions,
  MultiStepLR,
  type MultiStepLROptions,
  PolynomialLR,
  type PolynomialLROptions,
  Schedule,
  type ScheduleFactory,
  type ScheduleState,
  SequentialLR,
  StepLR,
  type StepLROptions,
  sequentialLrFactory,
} from "./schedule.ts";
export { ForgatherSGD, type ForgatherSGDOptions, SGD, type SGDOptions } from "./sgd.ts";
