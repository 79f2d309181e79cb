/**
 * @file From what a batch says about itself (position ids, padding, a cache) to what attention may see.
 *
 * A query at position q sees a key at position k if k ≤ q; and q − k < window, where a window is set; and k is not padding; and
 * both lie in the same document.
 */
import { arange, full, type Tensor, where } from "fgc/runtime";
import type { AttentionMasking } from "./context.ts";
import type { CacheView } from "./kv-cache.ts";

/** What a mask function is asked. */
export interface MaskRequest {
  /** Given by the caller, i32 [B or 1, T]. */
  readonly positionIds?: Tensor | undefined;
  /** Nonzero where a token counts: [B, T′] for padding, or [B, T, T′] for a rule of the caller's own, which then says all. */
  readonly attentionMask?: Tensor | undefined;
  readonly cache?: CacheView | undefined;
  /** Width of the sliding window from the model's config. */
  readonly window?: number | undefined;
}

/** What `attn_mask_fn` names. */
export type AttentionMaskFunction = (request: MaskRequest) => AttentionMasking;

/** Options of `causalMask`. */
export interface CausalMaskOptions {
  /** Overrides the width of the window that the model's config gives, in tokens. */
  readonly windowSize?: number | null | undefined;
}

/**
 * The causal mask, with window, padding and documents. Documents are read from the position ids, where these are given and neither a
 * mask nor a cache is: every position that is not its predecessor plus 1 begins one.
 */
export function causalMask(request: MaskRequest, { windowSize }: CausalMaskOptions = {}): AttentionMasking {
  const { positionIds, attentionMask, cache } = request;
  const window = windowSize ?? request.window;
  if (attentionMask !== undefined) {
    const allowed = attentionMask.ne(0);
    if (attentionMask.rank === 3) return { causal: false, mask: allowed.unsqueeze(1) };
    return { causal: true, window, mask: allowed.unsqueeze(1).unsqueeze(1) };
  }
  if (positionIds !== undefined && cache === undefined && (positionIds.shape[1] ?? 1) > 1) {
    return { causal: true, window, firstKey: documentStarts(positionIds) };
  }
  return { causal: true, window };
}

/**
 * i32 [B, T]: where the document of each position of a packed sequence begins, as the last position up to it that is not its predecessor plus 1.
 * One reduction, which holds nothing of size T×T.
 */
export function documentStarts(positionIds: Tensor): Tensor {
  const length = positionIds.shape[1] as number;
  const previous = positionIds.slice([null, { stop: -1 }]);
  const begins = positionIds.slice([null, { start: 1 }]).ne(previous.add(1));
  // Position 0 is where the first document begins, flagged or not: it is what remains where nothing is flagged.
  const flagged = begins.cast("i32").pad([
    [0, 0],
    [1, 0],
  ]);
  const position = arange(length);
  const flaggedAt = flagged.mul(position).unsqueeze(1);
  const isUpTo = position.unsqueeze(0).le(position.unsqueeze(1)).unsqueeze(0);
  return where(isUpTo, flaggedAt, full([], 0, "i32")).max(-1);
}
