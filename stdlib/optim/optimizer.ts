/**
 * @file Optimizer: parameter groups, the update of a step as part of its Program, and the state that a resumed run needs.
 *
 * A training step is one Program, replayed with new numbers. So an optimizer has two sides:
 *
 *     const step = session.compile(({ tokens, ...scalars }) => {
 *       const { loss } = model.forward({ inputIds: tokens, labels: tokens });
 *       const gradients = gradientsOf(loss, optimizer.parameters());
 *       optimizer.trace(gradients, scalars);              // tracing: records how parameters and moments change
 *       return { loss };
 *     });
 *     await step({ tokens, ...optimizer.scalars() });     // running: rates and bias corrections of this step, as f32 inputs
 *     optimizer.advance();                                // the step is done
 */
import { grad, type Parameter, type Shape, StateTensor, sizeOf, type Tensor, withScope } from "fgc/runtime";
import { camelCaseKeys } from "../camel-case.ts";
import { UserError } from "../faults.ts";

/** A parameter with its dotted name. */
export type NamedParameter = readonly [name: string, parameter: Parameter];

/** Parameters that share options. What a group does not set comes from the optimizer's constructor. */
export interface ParameterGroupInput {
  readonly params: Iterable<NamedParameter | Parameter>;
  /** The group's name, for logs. */
  readonly name?: string;
  /** Options of the optimizer, in either spelling (`weightDecay`, `weight_decay`). */
  readonly [option: string]: unknown;
}

/** What an optimizer is made on: named parameters (as `model.namedParameters()` gives them), bare ones, or groups. */
export type OptimizerParameters = Iterable<NamedParameter | Parameter | ParameterGroupInput>;

/** A group as it is while training. Schedules write `lr`. */
export interface ParameterGroup<Options = object> {
  readonly name: string;
  readonly params: readonly NamedParameter[];
  /** The rate of the next step. */
  lr: number;
  /** The rate that the config gave; schedules start from it. */
  initialLr: number;
  readonly options: Options;
}

/** The numbers of one step, by name: inputs of its Program. */
export type ScalarValues = Record<string, number>;

/** The same numbers as the traced function sees them, f32 []. */
export type ScalarTensors = Readonly<Record<string, Tensor>>;

/** Gradients by parameter. Parameters without one are left alone. */
export type Gradients = ReadonlyMap<Parameter, Tensor>;

/** The part of an optimizer's state that is not tensors: JSON. */
export interface OptimizerState {
  readonly step: number;
  readonly groups: readonly { readonly name: string; readonly lr: number; readonly initialLr: number }[];
}

/** What trainers and schedules know of an optimizer. */
export interface AnyOptimizer {
  readonly groups: readonly ParameterGroup[];
  /** Steps done. */
  readonly stepCount: number;
  /** All parameters of all groups, each once. */
  parameters(): Parameter[];
  /** Record the update of every parameter that has a gradient. Called once, while the step is traced. */
  trace(gradients: Gradients, scalars: ScalarTensors): void;
  /** The numbers of the next step: pass them as inputs of the Program. */
  scalars(): ScalarValues;
  /** Say that a step has run. */
  advance(): void;
  /** Moments and the like by name (`NAME.exp_avg`): save them, and write them back before resuming. */
  stateTensors(): Map<string, StateTensor>;
  stateDict(): OptimizerState;
  /** @throws UserError `optim/state-mismatch`  when the groups are not those that were saved */
  loadStateDict(state: OptimizerState): void;
}

/** What makes an optimizer once the model's parameters are known. */
export type OptimizerFactory = (namedParameters: NamedParameter[]) => AnyOptimizer;

/** The base of optimizers that treat each parameter by itself. `Options` are those that may differ by group. */
export abstract class Optimizer<Options extends { readonly lr: number }> implements AnyOptimizer {
  readonly groups: readonly ParameterGroup<Options>[];
  #stepCount = 0;
  readonly #state: ReadonlyMap<Parameter, Readonly<Record<string, StateTensor>>>;

  constructor(parameters: OptimizerParameters, defaults: Options) {
    this.groups = makeGroups(parameters, defaults);
    this.#state = new Map(
      this.groups.flatMap((group) =>
        group.params.map(([name, parameter]) => {
          const slots = Object.entries(this.stateShapes(parameter.shape, group.options)).map(([slot, shape]) => {
            const zeros = (): Float32Array => new Float32Array(sizeOf(shape));
            return [slot, new StateTensor(shape, zeros, { label: `${name}.${slot}` })] as const;
          });
          return [parameter, Object.fromEntries(slots)];
        }),
      ),
    );
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  /** Name and shape of each tensor kept per parameter; all start at zero. */
  protected abstract stateShapes(shape: Shape, options: Options): Readonly<Record<string, Shape>>;

  /** The numbers of step `t` (from 1) for one group, in double precision. */
  protected abstract stepScalars(t: number, lr: number, options: Options): ScalarValues;

  /** The new value of one parameter; assigns to `state` what it keeps. */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    state: Readonly<Record<string, StateTensor>>,
    scalars: ScalarTensors,
    options: Options,
  ): Tensor;

  parameters(): Parameter[] {
    return this.groups.flatMap((group) => group.params.map(([, parameter]) => parameter));
  }

  trace(gradients: Gradients, scalars: ScalarTensors): void {
    withScope("optimizer", () => {
      for (const [index, group] of this.groups.entries()) {
        const own = scalarsOfGroup(scalars, index);
        for (const [name, parameter] of group.params) {
          const gradient = gradients.get(parameter);
          if (gradient === undefined) continue;
          withScope(name, () =>
            parameter.assign(this.update(parameter, gradient, this.#state.get(parameter)!, own, group.options)),
          );
        }
      }
    });
  }

  scalars(): ScalarValues {
    const t = this.#stepCount + 1;
    return Object.fromEntries(
      this.groups.flatMap((group, index) =>
        Object.entries(this.stepScalars(t, group.lr, group.options)).map(([name, value]) => [
          `optim.${index}.${name}`,
          value,
        ]),
      ),
    );
  }

  advance(): void {
    this.#stepCount++;
  }

  stateTensors(): Map<string, StateTensor> {
    return new Map(
      [...this.#state.values()].flatMap((slots) =>
        Object.values(slots).map((tensor) => [tensor.label, tensor] as const),
      ),
    );
  }

  stateDict(): OptimizerState {
    return {
      step: this.#stepCount,
      groups: this.groups.map(({ name, lr, initialLr }) => ({ name, lr, initialLr })),
    };
  }

  loadStateDict(state: OptimizerState): void {
    if (state.groups.length !== this.groups.length) {
      throw new UserError(
        "optim/state-mismatch",
        `the saved optimizer has ${state.groups.length} parameter groups, this one ${this.groups.length}`,
        { hint: "resume with the optimizer that the run was started with, or without its state" },
      );
    }
    this.#stepCount = state.step;
    for (const [index, { lr, initialLr }] of state.groups.entries())
      Object.assign(this.groups[index]!, { lr, initialLr });
  }
}

/** Gradients: ∂loss/∂p for every parameter that is trained. */
export function gradientsOf(loss: Tensor, parameters: readonly Parameter[]): Map<Parameter, Tensor> {
  const trained = parameters.filter((parameter) => parameter.requiresGrad);
  const gradients = grad(loss, trained);
  return new Map(trained.map((parameter, index) => [parameter, gradients[index]!]));
}

function makeGroups<Options extends { readonly lr: number }>(
  parameters: OptimizerParameters,
  defaults: Options,
): ParameterGroup<Options>[] {
  const entries = [...parameters];
  const given = entries.filter(isGroup);
  if (given.length > 0 && given.length !== entries.length) {
    throw new UserError(
      "optim/mixed-groups",
      "an optimizer takes either parameters or groups of them, not both at once",
    );
  }
  const groups = given.length > 0 ? given : [{ params: entries as (NamedParameter | Parameter)[] }];
  const seen = new Set<Parameter>();
  return groups.map(({ params, name, ...own }, index) => {
    const options = { ...defaults, ...camelCaseKeys(own) } as Options;
    const named = [...params].map(
      (entry, place): NamedParameter => (isNamed(entry) ? entry : [entry.label || `group${index}.${place}`, entry]),
    );
    for (const [parameterName, parameter] of named) {
      if (seen.has(parameter)) {
        throw new UserError("optim/parameter-twice", `the parameter ${parameterName} is in the optimizer twice`);
      }
      seen.add(parameter);
    }
    return { name: name ?? `group ${index}`, params: named, lr: options.lr, initialLr: options.lr, options };
  });
}

function isNamed(entry: NamedParameter | Parameter): entry is NamedParameter {
  return Array.isArray(entry);
}

function isGroup(entry: NamedParameter | Parameter | ParameterGroupInput): entry is ParameterGroupInput {
  return !Array.isArray(entry) && !(entry instanceof StateTensor);
}

function scalarsOfGroup(scalars: ScalarTensors, index: number): ScalarTensors {
  const prefix = `optim.${index}.`;
  const own = Object.entries(scalars).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
