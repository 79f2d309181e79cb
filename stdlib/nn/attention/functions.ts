/**
 * @file Attention functions: how scores become outputs. A config chooses one by name (`attn_implementation`) and may bring its own
 * (`attn_functions`).
 */
import { arange, attention, full, type Tensor, where } from "fgc/runtime";
import { applyDropout } from "../dropout.ts";
import type { AttentionMasking } from "./context.ts";

/** How an attention function is called. */
export interface AttentionCall {
  /** Multiplies q·k: 1/√d. */
  readonly scale: number;
  /** Absent: nothing was said about masking. */
  readonly masking: AttentionMasking | undefined;
  /** i32 []: only so many keys are valid, the last of them at the position of the last query. Absent: all. */
  readonly kvLength?: Tensor | undefined;
  /** Probability of dropping an attention weight; 0 outside training. */
  readonly dropout: number;
}

/** q f32 [B, H, T, d], k and v f32 [B, K, T′, d] → f32 [B, H, T, d]. Query head h uses key head ⌊h·K/H⌋. */
export type AttentionFunction = (q: Tensor, k: Tensor, v: Tensor, call: AttentionCall) => Tensor;

/**
 * `softmax(scale · q kᵀ + mask) v` as one kernel that never holds the T×T′ scores. Causal where nothing else is said.
 * With dropout on the weights the scores are formed after all, by `eagerAttention`.
 *
 * @source Dao et al. 2022, "FlashAttention" (arXiv 2205.14135)
 */
export const sdpaAttention: AttentionFunction = (q, k, v, { scale, masking = { causal: true }, kvLength, dropout }) => {
  if (dropout > 0) return eagerAttention(q, k, v, { scale, masking, kvLength, dropout });
  return attention(q, k, v, {
    scale,
    causal: masking.causal,
    ...(masking.window !== undefined && { window: masking.window }),
    ...(masking.mask !== undefined && { mask: masking.mask }),
    ...(masking.firstKey !== undefined && { firstKey: masking.firstKey }),
    ...(kvLength !== undefined && { kvLength }),
  });
};

/** The same numbers as `sdpaAttention`: documents and windows are masks of the one fused kernel. */
export const flexAttention: AttentionFunction = sdpaAttention;

/**
 * The same formula op by op, the scores in memory. Masks nothing by itself: where nothing is said about masking, every position
 * sees every other.
 */
export const eagerAttention: AttentionFunction = (q, k, v, { scale, masking, kvLength, dropout }) => {
  const [, heads, queries] = q.shape as [number, number, number, number];
  const [, kvHeads, keys] = k.shape as [number, number, number, number];
  const repeat = (x: Tensor): Tensor => (kvHeads === heads ? x : x.repeatInterleave(heads / kvHeads, 1));
  let scores = q.matmul(repeat(k).transpose(2, 3)).mul(scale);
  const allowed = allowedKeys(queries, keys, masking, kvLength);
  if (allowed !== undefined) scores = where(allowed, scores, full([], Number.NEGATIVE_INFINITY));
  const { mask, firstKey } = masking ?? {};
  if (firstKey !== undefined) {
    const sees = arange(keys).ge(firstKey.unsqueeze(1).unsqueeze(3));
    scores = where(sees, scores, full([], Number.NEGATIVE_INFINITY));
  }
  if (mask !== undefined) {
    scores = mask.dtype === "bool" ? where(mask, scores, full([], Number.NEGATIVE_INFINITY)) : scores.add(mask);
  }
  return applyDropout(scores.softmax(-1), dropout).matmul(repeat(v));
};

/** bool [T, T′] by positions, or nothing where all may attend. */
function allowedKeys(
  queries: number,
  keys: number,
  masking: AttentionMasking | undefined,
  kvLength: Tensor | undefined,
): Tensor | undefined {
  const column = arange(keys).unsqueeze(0);
  const position = arange(queries)
    .unsqueeze(1)
    .add(kvLength === undefined ? keys - queries : kvLength.sub(queries));
  const conditions: Tensor[] = [];
  if (masking?.causal === true) conditions.push(column.le(position));
  else if (kvLength !== undefined) conditions.push(column.lt(kvLength));
  if (masking?.window !== undefined) conditions.push(position.sub(column).lt(masking.window));
  return conditions.length === 0 ? undefined : conditions.reduce((all, condition) => all.logicalAnd(condition));
}

/** The functions that `attn_implementation` names. */
export const attentionFunctions: Readonly<Record<string, AttentionFunction>> = {
  sdpa: sdpaAttention,
  eager: eagerAttention,
  // Names of GPU kernels in upstream's configs; what they compute is what the fused kernel computes.
  flash_attention_2: sdpaAttention,
  flex_attention: flexAttention,
};
