/**
 * @file Initialization of whole models. A causal model runs its scheme when it is constructed, on the part below `causal_lm`;
 * the output head keeps its constructor's values, uniform in ±1/√C, as upstream's does (quirk 6).
 */
import { nearestName, UserError } from "../../faults.ts";
import { Embedding } from "../embedding.ts";
import { Linear } from "../linear.ts";
import type { Module } from "../module.ts";
import { type InitRule, setInitRule } from "./rule.ts";
import { fillNormal, initEmbeddings, initTorchLinearDefault, zeros } from "./rules.ts";

/** Options of `initWeightsByRegex`. */
export interface InitWeightsByRegexOptions {
  /** Write for each parameter which rule fills it. Default false. */
  readonly debug?: boolean;
}

/**
 * Choose each parameter's rule by its name: the first expression of `regexList` that is found anywhere in the name (relative to
 * `module`) names the rule of `initFMap`. A parameter that none finds keeps its constructor's values.
 *
 * @param regexList  pairs [regular expression, name of a rule]
 * @param initFMap   name → rule
 * @throws UserError `init/unknown-rule`  before anything is touched, when a name is missing in `initFMap`
 */
export function initWeightsByRegex(
  module: Module,
  regexList: readonly (readonly [string, string])[],
  initFMap: Readonly<Record<string, InitRule>>,
  { debug = false }: InitWeightsByRegexOptions = {},
): void {
  for (const [expression, ruleName] of regexList) {
    if (Object.hasOwn(initFMap, ruleName)) continue;
    const nearest = nearestName(ruleName, Object.keys(initFMap));
    throw new UserError("init/unknown-rule", `the init rule '${ruleName}' (for /${expression}/) is not in init_f_map`, {
      hint: nearest === undefined ? undefined : `did you mean '${nearest}'?`,
    });
  }
  const matchers = regexList.map(([expression, ruleName]) => [new RegExp(expression), ruleName] as const);
  for (const [name, parameter] of module.namedParameters()) {
    const ruleName = matchers.find(([expression]) => expression.test(name))?.[1];
    if (debug) process.stderr.write(`init ${name}: ${ruleName ?? "(constructor's values)"}\n`);
    if (ruleName !== undefined) setInitRule(parameter, initFMap[ruleName]!);
  }
}

/** Options of `simpleWeightInit`. */
export interface SimpleWeightInitOptions {
  /** Draw embeddings with standard deviation 1/√C instead of 1. Default true. */
  readonly scaleRsqrtDModel?: boolean;
}

/**
 * Linear maps uniform in ±1/√in with biases 0, embeddings normal.
 *
 * @source arXiv 2407.17465
 */
export function simpleWeightInit(model: Module, { scaleRsqrtDModel = true }: SimpleWeightInitOptions = {}): void {
  model.apply((module) => {
    if (module instanceof Linear) {
      setInitRule(module.weight, (tensor) => initTorchLinearDefault(tensor));
      if (module.bias !== undefined) setInitRule(module.bias, zeros);
    } else if (module instanceof Embedding) {
      const paddingIndex = module.paddingIdx;
      setInitRule(module.weight, (tensor) => initEmbeddings(tensor, { scaleRsqrtDModel, paddingIndex }));
    }
  });
}

/** Options of `hfLlamaWeightInit`. */
export interface HfLlamaWeightInitOptions {
  /** Standard deviation of all weights. Default 0.02. */
  readonly std?: number;
}

/** Hugging Face's scheme for Llama: all linear and embedding weights normal with one deviation, biases and the padding row 0. */
export function hfLlamaWeightInit(model: Module, { std = 0.02 }: HfLlamaWeightInitOptions = {}): void {
  model.apply((module) => {
    if (module instanceof Linear) {
      setInitRule(module.weight, (tensor) => fillNormal(tensor, std));
      if (module.bias !== undefined) setInitRule(module.bias, zeros);
    } else if (module instanceof Embedding) {
      const paddingIndex = module.paddingIdx;
      setInitRule(module.weight, (tensor) => initEmbeddings(tensor, { std, scaleRsqrtDModel: false, paddingIndex }));
    }
  });
}
