/**
 * @file How a parameter gets its first values.
 *
 * Constructing a model draws nothing: each parameter carries a rule, and a scheme such as `initWeightsByRegex` replaces rules. The
 * values are drawn when a device first needs them, so a model whose weights come from a checkpoint costs no random numbers.
 * Each parameter draws from a stream of its own, keyed by the seed and its name: neither the order of construction nor a layer
 * added elsewhere changes what it gets.
 */
import { type HostRandom, Parameter, type Shape, sizeOf } from "fgc/runtime";
import { namedStream } from "../../random.ts";
import type { Module } from "../module.ts";

/** What an initialization rule fills. */
export interface InitTarget {
  /** The parameter's dotted name. */
  readonly name: string;
  /** For a linear map [out, in], for an embedding [rows, C]. */
  readonly shape: Shape;
  /** To be filled, row by row. Starts as zeros. */
  readonly values: Float32Array;
  /** The parameter's own random stream. */
  readonly random: HostRandom;
  /** Fill in what the rule before this one gives: at first, the constructor's. */
  keep(): void;
}

/** A rule fills `tensor.values`. */
export type InitRule = (tensor: InitTarget) => void;

interface InitRecord {
  seed: number;
  /** The last one decides; it may call the one before it. */
  readonly rules: InitRule[];
}

// Beside the parameters rather than in them, so that a rule can also be set on a parameter that a user's module made from data.
const records = new WeakMap<Parameter, InitRecord>();

/** A new parameter whose first values `rule` draws. */
export function initializedParameter(
  shape: Shape,
  rule: InitRule,
  options: { label: string; requiresGrad?: boolean },
): Parameter {
  const parameter: Parameter = new Parameter(shape, () => drawInitial(parameter), options);
  records.set(parameter, { seed: 0, rules: [rule] });
  return parameter;
}

/** Replace the rule of one parameter. */
export function setInitRule(parameter: Parameter, rule: InitRule): void {
  const record = records.get(parameter);
  if (record !== undefined) {
    record.rules.push(rule);
  } else {
    const { initial } = parameter;
    const given: InitRule = (tensor) => tensor.values.set(typeof initial === "function" ? initial() : initial);
    records.set(parameter, { seed: 0, rules: [given, rule] });
  }
  parameter.initial = () => drawInitial(parameter);
}

/** Let all parameters of `module` draw their first values from `seed`. Without it the seed is 0. */
export function seedWeights(module: Module, seed: number): void {
  module.assignNames();
  for (const parameter of module.parameters()) {
    const record = records.get(parameter);
    if (record !== undefined) record.seed = seed;
  }
}

/** The first values of a parameter by its rules. The same seed and name give the same values. */
export function drawInitial(parameter: Parameter): Float32Array {
  const record = records.get(parameter);
  const values = new Float32Array(sizeOf(parameter.shape));
  if (record === undefined) return values;
  const { seed, rules } = record;
  const random = namedStream(seed, `init/${parameter.label}`);
  const run = (level: number): void => {
    rules[level]?.({ name: parameter.label, shape: parameter.shape, values, random, keep: () => run(level - 1) });
  };
  run(rules.length - 1);
  return values;
}
