/**
 * @file One optimizer step, and one evaluation batch, as Programs.
 *
 * Without accumulation a step is one Program: forward, backward, norm, clipping, update. With accumulation a micro step adds its gradients
 * to buffers, and a second Program clips and updates from them. Either way a Program is traced once per shape and replayed. Steps are started, and
 * read later: a device that works on its own is not waited for after each.
 */
import {
  type CompiledFunction,
  type HostInput,
  type HostTensor,
  type Parameter,
  type PendingResult,
  type Session,
  StateTensor,
  sizeOf,
  type Tensor,
  withPrecision,
} from "fgc/runtime";
import type { CausalBatch } from "../data/index.ts";
import { UserError } from "../faults.ts";
import type { LossFunction } from "../loss/index.ts";
import { withDropoutStream } from "../nn/index.ts";
import { type AnyOptimizer, clipGradNorm, type Gradients, globalNorm, gradientsOf } from "../optim/index.ts";
import { hashName } from "../random.ts";
import { isOverflow, LossScaler } from "./loss-scaler.ts";
import type { TrainableModel } from "./model.ts";
import type { TrainingPrecision } from "./precision.ts";

export interface StepOptions {
  readonly session: Session;
  readonly model: TrainableModel;
  readonly optimizer: AnyOptimizer;
  readonly lossFunction: LossFunction | undefined;
  /** 0 or null: measure only. */
  readonly maxGradNorm: number | null;
  readonly seed: number;
  readonly precision: TrainingPrecision;
}

export interface StepResult {
  /** Sum of the scaled losses of the micro steps: their mean. */
  readonly loss: number;
  /** Global norm of the gradients, before clipping. */
  readonly norm: number;
  /** float16: the loss scale after the step, and whether the step has changed no weight, since its gradients overflowed. */
  readonly lossScale?: number;
  readonly isSkipped?: boolean;
}

/** A step that may still be under way. Exactly one of the two is called, once. */
export interface StartedStep {
  /** Several at once cost one trip to the device. */
  read(): Promise<StepResult>;
  drop(): void;
}

/** Results that are let stand before they are read: each trip to a device that works on its own costs about as much as a small step. */
export const mostUnread = 16;

/** Called after each micro step but the last. */
type AfterMicroStep = () => Promise<void>;

/** Runs optimizer steps over windows of batches. */
export class StepRunner {
  readonly #options: StepOptions;
  readonly #single: Compiled;
  readonly #firstMicro: Compiled;
  readonly #nextMicro: Compiled;
  readonly #update: Compiled;
  /** Sums of gradients, made when the first window of several batches comes. */
  #buffers: Map<Parameter, StateTensor> | undefined;
  /** Where gradients may overflow. */
  readonly scaler: LossScaler | undefined;

  constructor(options: StepOptions) {
    const { session } = options;
    this.#options = options;
    this.scaler = options.precision.scalesLoss ? new LossScaler() : undefined;
    this.#single = session.compile((inputs) => this.#traceSingle(inputs), { name: "train_step" });
    this.#firstMicro = session.compile((inputs) => this.#traceMicro(inputs, "first"), { name: "micro_step_first" });
    this.#nextMicro = session.compile((inputs) => this.#traceMicro(inputs, "next"), { name: "micro_step" });
    this.#update = session.compile((inputs) => this.#traceUpdate(inputs), { name: "optimizer_step" });
  }

  /**
   * Start one optimizer step over the batches of a window; resolves when the device takes the next. A window may be shorter than the others: its
   * loss and gradients are means over what it holds.
   *
   * @param counter  number of micro steps before this window: names the dropout masks
   */
  async start(window: readonly CausalBatch[], counter: number, afterMicroStep?: AfterMicroStep): Promise<StartedStep> {
    const { model, optimizer } = this.#options;
    model.train();
    if (window.length === 1) {
      const run = await this.#single.start({ ...batchInputs(window[0]!, counter), ...optimizer.scalars() });
      optimizer.advance();
      return startedStep([run]);
    }
    const runs: PendingResult<string>[] = [];
    const step = startedStep(runs);
    try {
      for (const [i, batch] of window.entries()) {
        const micro = i === 0 ? this.#firstMicro : this.#nextMicro;
        runs.push(await micro.start({ ...batchInputs(batch, counter + i), scale: 1 / window.length }));
        if (i + 1 < window.length) await afterMicroStep?.();
      }
      runs.push(await this.#update.start(optimizer.scalars()));
    } catch (error) {
      step.drop();
      throw error;
    }
    optimizer.advance();
    return step;
  }

  #loss(inputs: Record<string, Tensor>): Tensor {
    const stream = { seed: hashName("dropout") ^ this.#options.seed, counter: inputs["counter"]! };
    return withDropoutStream(stream, () => lossOf(this.#options, inputs));
  }

  #gradients(loss: Tensor): Gradients {
    return gradientsOf(this.scaler?.scaleLoss(loss) ?? loss, this.#options.optimizer.parameters());
  }

  #traceSingle(inputs: Record<string, Tensor>): Record<string, Tensor> {
    const loss = this.#loss(inputs);
    return { loss, ...this.#apply(this.#gradients(loss), inputs) };
  }

  #traceMicro(inputs: Record<string, Tensor>, place: "first" | "next"): Record<string, Tensor> {
    const loss = this.#loss(inputs).mul(inputs["scale"]!);
    const gradients = this.#gradients(loss);
    for (const [parameter, buffer] of this.#gradientBuffers()) {
      const gradient = gradients.get(parameter)!;
      buffer.assign(place === "first" ? gradient : buffer.add(gradient));
    }
    return { loss };
  }

  #traceUpdate(inputs: Record<string, Tensor>): Record<string, Tensor> {
    return this.#apply(this.#gradientBuffers(), inputs);
  }

  /** Measure, clip where asked, update. Gives the norm before clipping and, where there is one, the loss scale after the step. */
  #apply(scaled: Gradients, scalars: Record<string, Tensor>): Record<string, Tensor> {
    const { optimizer, maxGradNorm } = this.#options;
    if (this.scaler === undefined && !maxGradNorm) {
      // The update before the norm: it can ride in the kernels that make the gradients.
      optimizer.trace(scaled, scalars);
      return { norm: globalNorm(scaled) };
    }
    const raw = this.scaler?.unscale(scaled) ?? scaled;
    const { gradients, norm } = maxGradNorm
      ? clipGradNorm(raw, maxGradNorm)
      : { gradients: raw, norm: globalNorm(raw) };
    const update = () => optimizer.trace(gradients, scalars);
    if (this.scaler !== undefined) return { norm, lossScale: this.scaler.guard(norm, update) };
    update();
    return { norm };
  }

  #gradientBuffers(): Map<Parameter, StateTensor> {
    this.#buffers ??= new Map(
      this.#options.optimizer
        .parameters()
        .filter((parameter) => parameter.requiresGrad)
        .map((p) => [
          p,
          new StateTensor(p.shape, () => new Float32Array(sizeOf(p.shape)), { label: `${p.label}.grad` }),
        ]),
    );
    return this.#buffers;
  }
}

type Compiled = CompiledFunction<string, string>;

/** The runs of one step, as they are when it is read: the micro steps' losses add up, the norm comes from the last. */
function startedStep(runs: readonly PendingResult<string>[]): StartedStep {
  return {
    read: async () => {
      const outs = await Promise.all(runs.map((run) => run.read()));
      const loss = outs.reduce((sum, out) => (out["loss"] === undefined ? sum : sum + scalarOf(out["loss"])), 0);
      const last = outs.at(-1)!;
      const norm = scalarOf(last["norm"]);
      if (last["lossScale"] === undefined) return { loss, norm };
      return { loss, norm, lossScale: scalarOf(last["lossScale"]), isSkipped: isOverflow(norm) };
    },
    drop: () => {
      for (const run of runs) run.drop();
    },
  };
}

/** Runs single batches in evaluation mode. */
export class EvalRunner {
  readonly #model: TrainableModel;
  readonly #compiled: Compiled;

  constructor(options: LossOptions & Pick<StepOptions, "session">) {
    this.#model = options.model;
    this.#compiled = options.session.compile((inputs) => ({ loss: lossOf(options, inputs) }), { name: "eval_step" });
  }

  /** Start the evaluation of a batch; what is read is the mean loss over its counted tokens. */
  async start(batch: CausalBatch): Promise<{ read(): Promise<number>; drop(): void }> {
    this.#model.eval();
    const { counter: _, ...inputs } = batchInputs(batch, 0);
    const run = await this.#compiled.start(inputs);
    return { read: async () => scalarOf((await run.read())["loss"]), drop: () => run.drop() };
  }
}

type LossOptions = Pick<StepOptions, "model" | "lossFunction" | "precision">;

function lossOf(options: LossOptions, inputs: Record<string, Tensor>): Tensor {
  return withPrecision(options.precision, () => tracedLoss(options, inputs));
}

function tracedLoss({ model, lossFunction }: LossOptions, inputs: Record<string, Tensor>): Tensor {
  const { inputIds, labels, positionIds } = inputs as { inputIds: Tensor; labels: Tensor; positionIds?: Tensor };
  const tokens = positionIds === undefined ? { inputIds } : { inputIds, positionIds };
  // The model's own loss is preferred where it is the same: it can do without the logits as a whole.
  const isModelsOwn = lossFunction === undefined || lossFunction.constructor === model.lossFn?.constructor;
  if (!isModelsOwn) return lossFunction.forward(model.forward(tokens).logits, labels);
  const { loss } = model.forward({ ...tokens, labels });
  if (loss !== undefined) return loss;
  throw new UserError("train/no-loss", "neither the model nor the trainer has a loss function", {
    hint: "set compute_loss_func",
  });
}

function batchInputs(batch: CausalBatch, counter: number): Record<string, HostInput> {
  const { inputIds, labels, positionIds } = batch;
  const step: HostTensor = { data: Int32Array.of(counter), shape: [], dtype: "i32" };
  return { inputIds, labels, ...(positionIds === undefined ? {} : { positionIds }), counter: step };
}

const scalarOf = (tensor: HostTensor | undefined): number => tensor!.data[0]!;

/** Tokens of a batch that count: labels that are not ignored, the first of a row aside, which nothing predicts. */
export function countTokens({ labels }: CausalBatch, ignoreIndex = -100): number {
  let counted = 0;
  const T = labels.shape[1];
  for (const [i, label] of labels.data.entries()) if (i % T !== 0 && label !== ignoreIndex) counted++;
  return counted;
}
