/**
 * @file One optimizer step, and one evaluation batch, as Programs.
 *
 * Without accumulation a step is one Program: forward, backward, norm, clipping, update. With accumulation a micro step adds its gradients
 * to buffers, and a second Program clips and updates from them. Either way a Program is traced once per shape and replayed.
 */
import {
  type HostInput,
  type HostTensor,
  type Parameter,
  type Session,
  StateTensor,
  sizeOf,
  type Tensor,
} from "fgc/runtime";
import type { CausalBatch } from "../data/index.ts";
import { UserError } from "../faults.ts";
import type { LossFunction } from "../loss/index.ts";
import { withDropoutStream } from "../nn/index.ts";
import { type AnyOptimizer, clipGradNorm, type Gradients, globalNorm, gradientsOf } from "../optim/index.ts";
import { hashName } from "../random.ts";
import type { TrainableModel } from "./model.ts";

export interface StepOptions {
  readonly session: Session;
  readonly model: TrainableModel;
  readonly optimizer: AnyOptimizer;
  readonly lossFunction: LossFunction | undefined;
  /** 0 or null: measure only. */
  readonly maxGradNorm: number | null;
  readonly seed: number;
}

export interface StepResult {
  /** Sum of the scaled losses of the micro steps: their mean. */
  readonly loss: number;
  /** Global norm of the gradients, before clipping. */
  readonly norm: number;
}

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

  constructor(options: StepOptions) {
    const { session } = options;
    this.#options = options;
    this.#single = session.compile((inputs) => this.#traceSingle(inputs), { name: "train_step" });
    this.#firstMicro = session.compile((inputs) => this.#traceMicro(inputs, "first"), { name: "micro_step_first" });
    this.#nextMicro = session.compile((inputs) => this.#traceMicro(inputs, "next"), { name: "micro_step" });
    this.#update = session.compile((inputs) => this.#traceUpdate(inputs), { name: "optimizer_step" });
  }

  /**
   * One optimizer step over the batches of a window. A window may be shorter than the others: its loss and gradients are means over what
   * it holds.
   *
   * @param counter  number of micro steps before this window: names the dropout masks
   */
  async run(window: readonly CausalBatch[], counter: number, afterMicroStep?: AfterMicroStep): Promise<StepResult> {
    const { model, optimizer } = this.#options;
    model.train();
    if (window.length === 1) {
      const out = await this.#single({ ...batchInputs(window[0]!, counter), ...optimizer.scalars() });
      optimizer.advance();
      return { loss: scalarOf(out["loss"]), norm: scalarOf(out["norm"]) };
    }
    let loss = 0;
    for (const [i, batch] of window.entries()) {
      const micro = i === 0 ? this.#firstMicro : this.#nextMicro;
      const out = await micro({ ...batchInputs(batch, counter + i), scale: 1 / window.length });
      loss += scalarOf(out["loss"]);
      if (i + 1 < window.length) await afterMicroStep?.();
    }
    const out = await this.#update(optimizer.scalars());
    optimizer.advance();
    return { loss, norm: scalarOf(out["norm"]) };
  }

  #loss(inputs: Record<string, Tensor>): Tensor {
    const stream = { seed: hashName("dropout") ^ this.#options.seed, counter: inputs["counter"]! };
    return withDropoutStream(stream, () => lossOf(this.#options, inputs));
  }

  #traceSingle(inputs: Record<string, Tensor>): Record<string, Tensor> {
    const loss = this.#loss(inputs);
    const gradients = gradientsOf(loss, this.#options.optimizer.parameters());
    return { loss, norm: this.#apply(gradients, inputs) };
  }

  #traceMicro(inputs: Record<string, Tensor>, place: "first" | "next"): Record<string, Tensor> {
    const loss = this.#loss(inputs).mul(inputs["scale"]!);
    const gradients = gradientsOf(loss, this.#options.optimizer.parameters());
    for (const [parameter, buffer] of this.#gradientBuffers()) {
      const gradient = gradients.get(parameter)!;
      buffer.assign(place === "first" ? gradient : buffer.add(gradient));
    }
    return { loss };
  }

  #traceUpdate(inputs: Record<string, Tensor>): Record<string, Tensor> {
    return { norm: this.#apply(this.#gradientBuffers(), inputs) };
  }

  /** Measure, clip where asked, update. Returns the norm before clipping. */
  #apply(gradients: Gradients, scalars: Record<string, Tensor>): Tensor {
    const { optimizer, maxGradNorm } = this.#options;
    if (!maxGradNorm) {
      optimizer.trace(gradients, scalars);
      return globalNorm(gradients);
    }
    const clipped = clipGradNorm(gradients, maxGradNorm);
    optimizer.trace(clipped.gradients, scalars);
    return clipped.norm;
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

type Compiled = (inputs: Record<string, HostInput>) => Promise<Record<string, HostTensor>>;

/** Runs single batches in evaluation mode. */
export class EvalRunner {
  readonly #model: TrainableModel;
  readonly #compiled: Compiled;

  constructor(options: Pick<StepOptions, "session" | "model" | "lossFunction">) {
    this.#model = options.model;
    this.#compiled = options.session.compile((inputs) => ({ loss: lossOf(options, inputs) }), { name: "eval_step" });
  }

  /** Mean loss over the counted tokens of a batch. */
  async run(batch: CausalBatch): Promise<number> {
    this.#model.eval();
    const { counter: _, ...inputs } = batchInputs(batch, 0);
    return scalarOf((await this.#compiled(inputs))["loss"]);
  }
}

function lossOf(
  { model, lossFunction }: Pick<StepOptions, "model" | "lossFunction">,
  inputs: Record<string, Tensor>,
): Tensor {
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
