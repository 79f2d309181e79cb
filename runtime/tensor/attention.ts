/** @file Scaled dot-product attention as one op, so that no device ever holds the T×S scores. */
import * as build from "./build.ts";
import { DTypeError, formatShape, ShapeError } from "./errors.ts";
import { type AttentionOp, createMultiNode, type Node, resultOf } from "./graph.ts";
import { type ComputeType, computeType } from "./precision.ts";
import { sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

export interface AttentionOptions {
  /** Factor of the scores; 1/√d unless told. */
  readonly scale?: number | undefined;
  /** Query t of T stands at position t + S − T (or t + kvLength − T) and sees keys up to its own. */
  readonly causal?: boolean | undefined;
  /** A query sees the last `window` positions, its own included. */
  readonly window?: number | undefined;
  /** bool (true = may attend) or f32 added to the scores; broadcasts to [B, H, T, S]. Its gradient, where wanted, costs a [B, H, T, S] tensor. */
  readonly mask?: Tensor | undefined;
  /** i32 [B or 1, T]: the first key that each query sees, as the documents of a packed sequence need it. */
  readonly firstKey?: Tensor | undefined;
  /** ALiBi: f32 [H], times (key position − query position), added to the scores. */
  readonly slopes?: Tensor | undefined;
  /** i32 []: only the first so many keys hold something (a cache that is not full). */
  readonly kvLength?: Tensor | undefined;
}

/**
 * `softmax(scale · q kᵀ + mask + slope · (s − t)) v` per head. Head h of the queries uses key head ⌊h·K/H⌋.
 * A query that sees no key gives 0.
 *
 * @param q  [B, H, T, d]
 * @param k  [B, K, S, d]   K divides H
 * @param v  [B, K, S, d]
 * @returns  [B, H, T, d], f32 or what the precision in force computes in; scores and sums are f32
 * @source Dao 2023, "FlashAttention-2": the scores are recomputed in the backward pass from the saved log-sum-exp
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const [batch, heads, queries, headDim] = q.shape as [number, number, number, number];
  const [, kvHeads, keys] = k.shape as [number, number, number, number];
  const fits =
    q.rank === 4 &&
    k.rank === 4 &&
    sameShape(k.shape, v.shape) &&
    k.shape[0] === batch &&
    k.shape[3] === headDim &&
    heads % kvHeads === 0;
  if (!fits) {
    throw new ShapeError(
      "attention",
      `q ${formatShape(q.shape)}, k ${formatShape(k.shape)}, v ${formatShape(v.shape)}; wants [B, H, T, d], [B, K, S, d] twice, K dividing H`,
    );
  }
  const { mask, firstKey, slopes, kvLength, window } = options;
  const extras: Node[] = [];
  if (mask !== undefined) {
    const additive = mask.dtype === "bool" ? mask.node : build.toFloat(mask.node);
    if (mask.dtype === "i32") throw new DTypeError("attention", "the mask is i32, not bool or f32");
    extras.push(build.expandTo("attention", additive, [batch, heads, queries, keys]));
  }
  if (slopes !== undefined) {
    if (!sameShape(slopes.shape, [heads]))
      throw new ShapeError("attention", `slopes ${formatShape(slopes.shape)} for ${heads} heads`);
    extras.push(build.toFloat(slopes.node));
  }
  if (kvLength !== undefined) {
    if (kvLength.dtype !== "i32" || kvLength.size !== 1)
      throw new DTypeError("attention", `kvLength is ${kvLength.dtype} ${formatShape(kvLength.shape)}, not one i32`);
    extras.push(build.reshape(kvLength.node, []));
  }
  if (firstKey !== undefined) {
    if (firstKey.dtype !== "i32" || firstKey.rank !== 2)
      throw new DTypeError("attention", `firstKey is ${firstKey.dtype} ${formatShape(firstKey.shape)}, not i32 [B, T]`);
    const perQuery = build.reshape(firstKey.node, [firstKey.shape[0] as number, 1, firstKey.shape[1] as number, 1]);
    extras.push(build.expandTo("attention", perQuery, [batch, heads, queries, keys]));
  }
  const op: AttentionOp = {
    kind: "attention",
    scale: options.scale ?? 1 / Math.sqrt(headDim),
    masking: { causal: options.causal ?? false, ...(window === undefined ? {} : { window }) },
    has: {
      mask: mask !== undefined,
      slopes: slopes !== undefined,
      kvLength: kvLength !== undefined,
      firstKey: firstKey !== undefined,
    },
  };
  const type = computeType();
  const node = createMultiNode(
    op,
    [...[q, k, v].map((x) => build.store(x.node, type)), ...extras],
    [
      { shape: [batch, heads, queries, headDim], dtype: type },
      { shape: [batch, heads, queries], dtype: "f32" },
    ],
  );
  return new Tensor(resultOf(node, 0));
}

/** dq, dk, dv, and dslopes where there are slopes. */
export function attentionBackward(forward: Node & { readonly op: AttentionOp }, dout: Tensor): Tensor[] {
  const [q, k, v] = forward.args as [Node, Node, Node];
  const op = { ...forward.op, kind: "attentionBackward" as const };
  const type = q.dtype as ComputeType;
  const args = [...forward.args, resultOf(forward, 0), resultOf(forward, 1), build.store(dout.node, type)];
  const results = [q, k, v, ...(forward.op.has.slopes ? [forward.args[forward.op.has.mask ? 4 : 3] as Node] : [])];
  const node = createMultiNode(
    op,
    args,
    results.map(({ shape }, i) => ({ shape, dtype: i < 3 ? type : "f32" })),
  );
  return results.map((_, i) => new Tensor(resultOf(node, i)));
}

/**
 * Gradient of an additive mask: that of the scores, `p ⊙ (dout vᵀ − Σ dout ⊙ out)`, in full. Only a trained bias needs it, and
 * then its own size is of this order.
 */
export function attentionMaskGradient(forward: Node & { readonly op: AttentionOp }, dout: Tensor): Tensor {
  const [q, k, v, mask, ...rest] = forward.args.map((arg) => new Tensor(arg)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    ...Tensor[],
  ];
  const { scale, masking, has } = forward.op;
  const [heads, queries] = [q.shape[1] as number, q.shape[2] as number];
  const repeats = heads / (k.shape[1] as number);
  const keys = k.shape[2] as number;
  const wide = (x: Tensor): Tensor => (repeats === 1 ? x : x.repeatInterleave(repeats, 1)).transpose(-1, -2);
  const slopes = has.slopes ? rest.shift() : undefined;
  const valid = has.kvLength ? rest.shift() : undefined;
  const firstKey = has.firstKey ? rest.shift() : undefined;
  const out = new Tensor(resultOf(forward, 0));
  const lse = new Tensor(resultOf(forward, 1)).unsqueeze(3);

  const column = new Tensor(build.iota([queries, keys], 1));
  const position = new Tensor(build.iota([queries, keys], 0)).add(
    valid === undefined ? keys - queries : valid.sub(queries),
  );
  let scores = q.matmul(wide(k)).mul(scale).add(mask);
  if (slopes !== undefined) scores = scores.add(slopes.reshape([heads, 1, 1]).mul(column.sub(position)));
  let sees = lse.gt(Number.NEGATIVE_INFINITY);
  if (valid !== undefined) sees = sees.logicalAnd(column.lt(valid));
  if (firstKey !== undefined) sees = sees.logicalAnd(column.ge(firstKey));
  if (masking.causal) sees = sees.logicalAnd(column.le(position));
  if (masking.window !== undefined) sees = sees.logicalAnd(position.sub(column).lt(masking.window));
  const p = scores.sub(lse).exp();
  const delta = dout.mul(out).sum(-1, { keepDims: true });
  const gradient = p.mul(dout.matmul(wide(v)).sub(delta));
  return new Tensor(build.where(sees.node, gradient.node, build.full([], 0, "f32")));
}
