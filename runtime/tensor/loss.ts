/** @file Cross-entropy, from logits or straight from hidden states without ever holding all logits. */
import { sizeOf } from "../program/dtype.ts";
import * as build from "./build.ts";
import { DTypeError, formatShape, ShapeError } from "./errors.ts";
import { concat, where } from "./functions.ts";
import { createNode } from "./graph.ts";
import { computeType } from "./precision.ts";
import { sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

export interface CrossEntropyOptions {
  /** Positions with this label do not count. */
  readonly ignoreIndex?: number | undefined;
  /** Over the positions that count; `mean` of none is NaN, as in PyTorch. */
  readonly reduction?: "mean" | "sum" | "none" | undefined;
  /** ε: the share of the target that is spread evenly over the vocabulary. Default 0. */
  readonly labelSmoothing?: number | undefined;
  /** ζ: weight of (log Σ_v e^(z_v))², which keeps the logits near 0. Default 0. */
  readonly zLoss?: number | undefined;
}

/**
 * Cross-entropy: `ℓ − z_label` with ℓ = log Σ_v e^(z_v); in full `ℓ − (1−ε)·z_label − ε·mean_v z_v + ζ·ℓ²`.
 *
 * @param logits  [..., V]
 * @param labels  i32 [...]
 * @returns       f32 [], or [...] without reduction
 * @source ε: Szegedy et al. 2016 (arXiv 1512.00567), section 7, as torch.nn.CrossEntropyLoss has it; ζ: Chowdhery et al. 2022 (PaLM), section 5
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { ignoreIndex = -100, reduction = "mean" } = options;
  const vocabulary = logits.shape[logits.rank - 1];
  if (vocabulary === undefined || !sameShape(logits.shape.slice(0, -1), labels.shape)) {
    throw new ShapeError("crossEntropy", `logits ${formatShape(logits.shape)} for labels ${formatShape(labels.shape)}`);
  }
  build.checkIndices("crossEntropy", labels.node);
  const rows = logits.toFloat().reshape([sizeOf(labels.shape), vocabulary]);
  const { counts, losses } = rowLosses(rows, labels.reshape([labels.size]), ignoreIndex, options);
  if (reduction === "none") return losses.reshape(labels.shape);
  const total = losses.sum();
  return reduction === "sum" ? total : total.div(counts.cast("f32").sum());
}

/** Per row of logits [N, V]: whether its label counts, and its loss (0 where it does not). */
function rowLosses(
  rows: Tensor,
  labels: Tensor,
  ignoreIndex: number,
  terms: LossTerms,
): { counts: Tensor; losses: Tensor } {
  const counts = labels.ne(ignoreIndex);
  const safe = where(counts, labels, 0).unsqueeze(1);
  const losses = withTerms(rows.logsumexp(1), rows.gather(1, safe).squeeze(1), rows, terms);
  return { counts, losses: where(counts, losses, 0) };
}

type LossTerms = Pick<CrossEntropyOptions, "labelSmoothing" | "zLoss">;

/** The loss of each row from its log of sums and the logit of its label; terms that play no part are not recorded. */
function withTerms(logSum: Tensor, chosen: Tensor, rows: Tensor, { labelSmoothing = 0, zLoss = 0 }: LossTerms): Tensor {
  let losses = logSum.sub(labelSmoothing === 0 ? chosen : chosen.mul(1 - labelSmoothing));
  if (labelSmoothing !== 0) losses = losses.sub(rows.mean(1).mul(labelSmoothing));
  return zLoss === 0 ? losses : losses.add(logSum.square().mul(zLoss));
}

export interface LinearCrossEntropyOptions extends CrossEntropyOptions {
  /** [V] */
  readonly bias?: Tensor | undefined;
  /** How many bytes of logits to hold at a time. */
  readonly chunkBytes?: number | undefined;
}

const defaultChunkBytes = 1 << 25;

/**
 * Cross-entropy of `hidden weightᵀ + bias`, by slices of rows: each slice's logits give its part of the loss and, in place, of
 * the gradients, and are forgotten. So the whole logits exist only where they fit one slice.
 *
 * @param hidden  [N, C]
 * @param weight  [V, C]
 * @param labels  i32 [N]
 * @returns       f32 []
 * @source Hsu et al. 2024, "Liger Kernel", section 3.2: gradients are computed in the forward pass, scaled in the backward one
 */
export function linearCrossEntropy(
  hidden: Tensor,
  weight: Tensor,
  labels: Tensor,
  options: LinearCrossEntropyOptions = {},
): Tensor {
  const { ignoreIndex = -100, reduction = "mean", chunkBytes = defaultChunkBytes, bias } = options;
  const { labelSmoothing = 0, zLoss = 0 } = options;
  const [n, channels] = hidden.shape as [number, number];
  const vocabulary = weight.shape[0] as number;
  if (hidden.rank !== 2 || weight.rank !== 2 || weight.shape[1] !== channels || !sameShape(labels.shape, [n])) {
    throw new ShapeError(
      "linearCrossEntropy",
      `hidden ${formatShape(hidden.shape)}, weight ${formatShape(weight.shape)}, labels ${formatShape(labels.shape)}; wants [N, C], [V, C], [N]`,
    );
  }
  build.checkIndices("linearCrossEntropy", labels.node);
  if (reduction === "none")
    throw new DTypeError("linearCrossEntropy", "needs a reduction; use crossEntropy for a loss per position");
  const chunks = Math.max(1, Math.ceil((n * vocabulary * 4) / chunkBytes));
  const size = Math.max(1, Math.ceil(n / chunks));
  const factor = reduction === "mean" ? labels.ne(ignoreIndex).cast("f32").sum().reciprocal() : undefined;
  // A row's share of the mean is out of f16's reach once there are thousands of rows: there the sum's gradient is formed, and divided in f32.
  const rowFactor = computeType() === "f32" ? factor : undefined;

  const sources = { hidden: hidden.detach().toFloat(), weight: weight.detach().toFloat(), bias: bias?.detach() };
  let loss: Tensor | undefined;
  let dWeight: Tensor | undefined;
  let dBias: Tensor | undefined;
  const dHidden: Tensor[] = [];
  for (let at = 0; at < n; at += size) {
    const rows = Math.min(size, n - at);
    const h = sources.hidden.narrow(0, at, rows);
    const own = labels.narrow(0, at, rows);
    const counts = own.ne(ignoreIndex);
    const safe = where(counts, own, 0).unsqueeze(1);
    let logits = h.matmul(sources.weight.T);
    if (sources.bias !== undefined) logits = logits.add(sources.bias);
    const max = logits.max(1, { keepDims: true });
    const exps = logits.sub(max).exp();
    const sum = exps.sum(1, { keepDims: true });
    const logSum = sum.log().add(max);
    const losses = withTerms(logSum.squeeze(1), logits.gather(1, safe).squeeze(1), logits, options);
    const weightOfRow = rowFactor === undefined ? counts.cast("f32") : where(counts, rowFactor, 0);
    const isLabel = new Tensor(build.iota([rows, vocabulary], 1)).eq(safe);
    const target =
      labelSmoothing === 0
        ? isLabel.cast("f32")
        : isLabel
            .cast("f32")
            .mul(1 - labelSmoothing)
            .add(labelSmoothing / vocabulary);
    const probabilities = exps.div(sum);
    const pulled = zLoss === 0 ? probabilities : probabilities.mul(logSum.mul(2 * zLoss).add(1));
    const dLogits = pulled.sub(target).mul(weightOfRow.unsqueeze(1));
    const part = where(counts, losses, 0).sum();
    loss = loss === undefined ? part : loss.add(part);
    dHidden.push(dLogits.matmul(sources.weight));
    const partWeight = new Tensor(build.matmul(dLogits.T.node, h.node)); // f32: a gradient of the weight itself
    dWeight = dWeight === undefined ? partWeight : dWeight.add(partWeight);
    const partBias = dLogits.sum(0);
    dBias = dBias === undefined ? partBias : dBias.add(partBias);
  }
  if (loss === undefined || dWeight === undefined || dBias === undefined)
    throw new ShapeError("linearCrossEntropy", "there are no rows");
  const value = factor === undefined ? loss : loss.mul(factor);
  const scaled = (gradient: Tensor): Tensor =>
    factor === undefined || rowFactor !== undefined ? gradient : gradient.mul(factor);
  const pairs = [
    ...[scaled(concat(dHidden, 0)), hidden, scaled(dWeight), weight],
    ...(bias === undefined ? [] : [scaled(dBias), bias]),
  ];
  return new Tensor(createNode({ kind: "withGradient" }, [value.node, ...pairs.map((x) => x.node)], [], "f32"));
}
