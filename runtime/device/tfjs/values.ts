/**
 * @file A Program as a list of TensorFlow.js operations: what the lowering records, and the plan that runs are made from.
 *
 * TensorFlow.js tensors never change, so a Program becomes pure dataflow here: a store makes a new value and binds the buffer to it. Equal
 * operations of one kernel are recorded once (the phases of a reduction recompute much), those whose operands are all constants run when the
 * program is loaded, those that nobody needs never, and each tensor is released after its last use.
 */
import { type Shape, sizeOf } from "../../program/dtype.ts";
import type { Tensor, TensorType } from "./api.ts";

/** What one recorded operation computes. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
  readonly type: TensorType;
  /** The same in every run. */
  readonly isConstant: boolean;
  /** The number itself, for scalars known while recording. */
  readonly scalar?: number;
  /** The value that this one is a reshape of, itself none: reshapes of reshapes, from the store of one kernel to the load of the next, fall away. */
  readonly source?: Value;
}

/** One call of the op API. A promise where something has to be read back on the way. */
export type Compute = (...operands: Tensor[]) => Tensor | Promise<Tensor>;

interface Step {
  readonly result: Value;
  readonly operands: readonly Value[];
  readonly compute: Compute;
  /** The kernel that it is part of. */
  readonly label: string;
}

/** Results of constants above this many elements are computed again in each run rather than kept. */
const largestFolded = 2 ** 22;

export class Recorder {
  private readonly steps: Step[] = [];
  private readonly constants = new Map<string, Value>();
  private readonly known = new Map<string, Value>();
  private count = 0;
  private label = "";

  /** A value that the caller of a run provides: an input, or a state's content. */
  leaf(shape: Shape, type: TensorType): Value {
    return { id: this.count++, shape, type, isConstant: false };
  }

  /** A value made when the program is loaded. `key` tells equal ones apart from others. */
  constant(key: string, shape: Shape, type: TensorType, make: () => Tensor, scalar?: number): Value {
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const id = this.count++;
    const result: Value = { id, shape, type, isConstant: true, ...(scalar === undefined ? {} : { scalar }) };
    this.steps.push({ result, operands: [], compute: make, label: this.label });
    this.constants.set(key, result);
    return result;
  }

  /** Records an operation, or finds it. `key` says all that distinguishes it from others on the same operands. */
  emit(
    key: string,
    operands: readonly Value[],
    shape: Shape,
    type: TensorType,
    compute: Compute,
    source?: Value,
  ): Value {
    const full = `${key}(${operands.map(({ id }) => id).join()})`;
    const known = this.constants.get(full) ?? this.known.get(full);
    if (known !== undefined) return known;
    const isConstant = operands.every((operand) => operand.isConstant) && sizeOf(shape) <= largestFolded;
    const result: Value = { id: this.count++, shape, type, isConstant, ...(source === undefined ? {} : { source }) };
    this.steps.push({ result, operands, compute, label: this.label });
    (isConstant ? this.constants : this.known).set(full, result);
    return result;
  }

  /** From here on only constants are shared with what came before: values kept for a kernel far away would cost more memory than time. */
  beginKernel(label: string): void {
    this.known.clear();
    this.label = label;
  }

  /** The operations that `results` need, in order. */
  finish(results: readonly Value[]): Plan {
    const needed = new Set(results.map(({ id }) => id));
    for (let i = this.steps.length - 1; i >= 0; i--) {
      const { result, operands } = this.steps[i] as Step;
      if (needed.has(result.id)) for (const { id } of operands) needed.add(id);
    }
    const used = this.steps.filter(({ result }) => needed.has(result.id));
    const [folded, steps] = [
      used.filter(({ result }) => result.isConstant),
      used.filter(({ result }) => !result.isConstant),
    ];
    const kept = new Set(results.map(({ id }) => id));
    for (const { operands } of steps) for (const { id, isConstant } of operands) if (isConstant) kept.add(id);
    const constantIds = folded.map(({ result }) => result.id).filter((id) => kept.has(id));
    return {
      size: this.count,
      folded: schedule(folded, kept),
      steps: schedule(steps, new Set([...results.map(({ id }) => id), ...constantIds])),
      constantIds,
    };
  }
}

/** What a loaded program runs: values live in slots numbered by their ids. */
export interface Plan {
  readonly size: number;
  /** Run once, when the program is loaded. */
  readonly folded: readonly ScheduledStep[];
  /** Run by every run. */
  readonly steps: readonly ScheduledStep[];
  /** The slots that hold tensors between runs. */
  readonly constantIds: readonly number[];
}

export interface ScheduledStep {
  readonly result: number;
  readonly operands: readonly number[];
  readonly compute: Compute;
  readonly label: string;
  /** Slots that nothing reads after this step. */
  readonly release: readonly number[];
}

function schedule(steps: readonly Step[], kept: ReadonlySet<number>): ScheduledStep[] {
  const seen = new Set(kept);
  const scheduled: ScheduledStep[] = [];
  for (let i = steps.length - 1; i >= 0; i--) {
    const { result, operands, compute, label } = steps[i] as Step;
    const ids = operands.map(({ id }) => id);
    const release = [...new Set(ids)].filter((id) => !seen.has(id));
    for (const id of release) seen.add(id);
    scheduled.push({ result: result.id, operands: ids, compute, label, release });
  }
  return scheduled.reverse();
}

/** The tensors of a run by the ids of their values. A slot owns its tensor, unless its id is `borrowed`. */
export type Slots = (Tensor | undefined)[];

/** An operation that threw, with the kernel that it was part of. */
export class StepError extends Error {
  readonly label: string;

  constructor(label: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.label = label;
  }
}

/**
 * Runs `steps`; without a promise where no step needed one. What is read for the last time is released unless its id is `borrowed`; what a
 * failed step leaves behind is the caller's to release.
 */
export function runSteps(
  steps: readonly ScheduledStep[],
  slots: Slots,
  borrowed: ReadonlySet<number>,
  start = 0,
): Promise<void> | undefined {
  for (let i = start; i < steps.length; i++) {
    const step = steps[i] as ScheduledStep;
    let result: Tensor | Promise<Tensor>;
    try {
      result = step.compute(...step.operands.map((id) => slots[id] as Tensor));
    } catch (error) {
      throw new StepError(step.label, error);
    }
    if (result instanceof Promise) {
      return result.then(
        (tensor) => {
          settle(step, tensor, slots, borrowed);
          return runSteps(steps, slots, borrowed, i + 1);
        },
        (error) => {
          throw new StepError(step.label, error);
        },
      );
    }
    settle(step, result, slots, borrowed);
  }
  return undefined;
}

function settle({ result, release }: ScheduledStep, tensor: Tensor, slots: Slots, borrowed: ReadonlySet<number>): void {
  slots[result] = tensor;
  for (const id of release) {
    if (!borrowed.has(id)) slots[id]?.dispose();
    slots[id] = undefined;
  }
}
