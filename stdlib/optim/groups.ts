/** @file Parameter groups by regular expression over names, and several optimizers as one. */
import type { Parameter, StateTensor } from "fgc/runtime";
import { nearestName, UserError } from "../faults.ts";
import type {
  AnyOptimizer,
  Gradients,
  NamedParameter,
  OptimizerState,
  ParameterGroup,
  ParameterGroupInput,
  ScalarTensors,
  ScalarValues,
} from "./optimizer.ts";

/** Pairs [regular expression, name of a group]; the first expression found in a parameter's name decides. */
export type GroupMap = readonly (readonly [string, string])[];

/** Options of `makeRegexOptimizerGroups`. */
export interface RegexGroupsOptions {
  /** Told the names that no expression finds: they are not trained. Default: a line on standard error. */
  readonly onUnmatched?: (names: readonly string[]) => void;
}

/**
 * Parameter groups for an optimizer. Groups stand in the order in which `groupMap` first names them, empty ones included. A
 * parameter that no expression finds is in no group, and so is not trained; this is said once.
 *
 * @param groupConfig  options by group, in YAML's spelling: `{ no_decay: { weight_decay: 0 } }`
 * @throws UserError `optim/unknown-group`  when `groupConfig` has a group that no expression names
 */
export function makeRegexOptimizerGroups(
  namedParameters: Iterable<NamedParameter>,
  groupMap: GroupMap,
  groupConfig: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  { onUnmatched = warnUnmatched }: RegexGroupsOptions = {},
): ParameterGroupInput[] {
  const { members, unmatched } = assignGroups(namedParameters, groupMap);
  for (const name of Object.keys(groupConfig)) if (!members.has(name)) throw unknownGroup(name, members.keys());
  if (unmatched.length > 0) onUnmatched(unmatched);
  return [...members].map(([name, params]) => ({ ...groupConfig[name], name, params }));
}

/** Options of `makeGroupedOptimizer`. */
export interface GroupedOptimizerOptions extends RegexGroupsOptions {
  /** Accepted for upstream's configs; positional arguments of the constructor after the groups. Must be empty. */
  readonly optArgs?: readonly unknown[] | null | undefined;
  /** Options for all groups, in YAML's spelling; a group's own win. */
  readonly optKwargs?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * An optimizer on groups by name.
 *
 * @param optCtor  makes the optimizer from its groups: `!partial:fgc/optim:AdamW`
 */
export function makeGroupedOptimizer(
  namedParameters: Iterable<NamedParameter>,
  optCtor: (groups: ParameterGroupInput[]) => AnyOptimizer,
  groupMap: GroupMap,
  groupConfig: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  { optArgs, optKwargs, ...options }: GroupedOptimizerOptions = {},
): AnyOptimizer {
  if (optArgs != null && optArgs.length > 0) {
    throw new UserError("optim/positional-options", "opt_args must be empty: optimizers take their options by name", {
      hint: "write them under opt_kwargs",
    });
  }
  // Into the groups rather than to the constructor: a `!partial` may have fixed the constructor's options already.
  const groups = makeRegexOptimizerGroups(namedParameters, groupMap, groupConfig, options);
  return optCtor(groups.map((group) => ({ ...optKwargs, ...group })));
}

/**
 * One optimizer per group of names, together acting as one.
 *
 * @param optimizerMap  pairs [regular expression, name of a factory]
 * @param factories     name → `!partial` optimizer
 * @throws UserError `optim/unmatched-parameter`  when no expression finds a parameter
 */
export function makeReMultiopt(
  namedParameters: Iterable<NamedParameter>,
  optimizerMap: GroupMap,
  factories: Readonly<Record<string, (namedParameters: NamedParameter[]) => AnyOptimizer>>,
): Multiopt {
  const { members, unmatched } = assignGroups(namedParameters, optimizerMap);
  if (unmatched.length > 0) {
    throw new UserError("optim/unmatched-parameter", `no expression of optimizer_map finds ${unmatched.join(", ")}`, {
      hint: 'end the list with [".*", NAME]',
    });
  }
  return new Multiopt(
    [...members].map(([name, params]) => {
      const factory = factories[name];
      if (factory === undefined) throw unknownGroup(name, Object.keys(factories));
      if (params.length === 0) throw new UserError("optim/empty-group", `the optimizer '${name}' has no parameters`);
      return factory(params);
    }),
  );
}

/** Several optimizers stepping together. Its groups are theirs in order, so that a schedule moves all rates. */
export class Multiopt implements AnyOptimizer {
  readonly optimizers: readonly AnyOptimizer[];
  readonly groups: readonly ParameterGroup[];

  constructor(optimizers: readonly AnyOptimizer[]) {
    if (optimizers.length === 0) throw new UserError("optim/empty-multiopt", "Multiopt needs at least one optimizer");
    this.optimizers = optimizers;
    this.groups = optimizers.flatMap((optimizer) => optimizer.groups);
  }

  get stepCount(): number {
    return this.optimizers[0]!.stepCount;
  }

  parameters(): Parameter[] {
    return this.optimizers.flatMap((optimizer) => optimizer.parameters());
  }

  trace(gradients: Gradients, scalars: ScalarTensors): void {
    for (const [index, optimizer] of this.optimizers.entries()) {
      const prefix = `multi.${index}.`;
      const own = Object.entries(scalars).filter(([name]) => name.startsWith(prefix));
      optimizer.trace(gradients, Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])));
    }
  }

  scalars(): ScalarValues {
    return Object.fromEntries(
      this.optimizers.flatMap((optimizer, index) =>
        Object.entries(optimizer.scalars()).map(([name, value]) => [`multi.${index}.${name}`, value]),
      ),
    );
  }

  advance(): void {
    for (const optimizer of this.optimizers) optimizer.advance();
  }

  stateTensors(): Map<string, StateTensor> {
    return new Map(this.optimizers.flatMap((optimizer) => [...optimizer.stateTensors()]));
  }

  stateDict(): OptimizerState {
    return { step: this.stepCount, groups: this.optimizers.flatMap((optimizer) => optimizer.stateDict().groups) };
  }

  loadStateDict(state: OptimizerState): void {
    if (state.groups.length !== this.groups.length) {
      throw new UserError(
        "optim/state-mismatch",
        `the saved optimizer has ${state.groups.length} parameter groups, this one ${this.groups.length}`,
      );
    }
    let first = 0;
    for (const optimizer of this.optimizers) {
      const groups = state.groups.slice(first, first + optimizer.groups.length);
      optimizer.loadStateDict({ step: state.step, groups });
      first += groups.length;
    }
  }
}

function assignGroups(
  namedParameters: Iterable<NamedParameter>,
  groupMap: GroupMap,
): { members: Map<string, NamedParameter[]>; unmatched: string[] } {
  const matchers = groupMap.map(([expression, group]) => [new RegExp(expression), group] as const);
  const members = new Map<string, NamedParameter[]>(groupMap.map(([, group]) => [group, []]));
  const unmatched: string[] = [];
  for (const named of namedParameters) {
    const group = matchers.find(([expression]) => expression.test(named[0]))?.[1];
    if (group === undefined) unmatched.push(named[0]);
    else members.get(group)!.push(named);
  }
  return { members, unmatched };
}

function warnUnmatched(names: readonly string[]): void {
  process.stderr.write(`optim: no group expression finds ${names.join(", ")}: these are not trained\n`);
}

function unknownGroup(name: string, known: Iterable<string>): UserError {
  const nearest = nearestName(name, known);
  return new UserError("optim/unknown-group", `there is no group '${name}'`, {
    hint: nearest === undefined ? undefined : `did you mean '${nearest}'?`,
  });
}
