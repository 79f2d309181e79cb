/** @file CausalAlibiAttn: attention that learns of positions by a penalty on distance. */
import { attention, type Parameter, type Tensor } from "fgc/runtime";
import { UserError } from "../../faults.ts";
import { initializedParameter } from "../init/rule.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import type { LayerContext } from "./context.ts";
import type { CacheSlot } from "./kv-cache.ts";

/** Options of `CausalAlibiAttn`. */
export interface CausalAlibiAttnOptions {
  /** Width C of the residual stream. */
  readonly dModel: number;
  /** Number H of query heads; C must divide by it. */
  readonly numHeads: number;
  /** Number K of key and value heads; H must divide by it. Default H. */
  readonly numKvHeads?: number | null | undefined;
  /** Add learned vectors in the four projections. Default true. */
  readonly bias?: boolean;
  /** Accepted for upstream's configs; must be 0: the fused kernel holds no weights to drop. */
  readonly dropout?: number;
  /** Whether the slopes are trained. Default false. */
  readonly trainableAlibi?: boolean;
  /** Start from `alibiSlopes` with `alternative`. Default false. */
  readonly altAlibiInit?: boolean;
  /** The layer's number, from 0: its slot in the cache. */
  readonly layerIdx: number;
}

/**
 * Causal attention with linear biases (ALiBi): `softmax(q kᵀ/√d + slope_h·(k − q)) v` over keys up to the query. Masks and caches are honoured (upstream ignores them, quirk 2);
 * position ids have no part: distance is what counts.
 *
 * @source Press, Smith and Lewis 2022, "Train Short, Test Long" (arXiv 2108.12409)
 */
export class CausalAlibiAttn extends Module {
  /** f32 [H]. */
  readonly alibiSlopes: Parameter;
  readonly queryLinear: Linear;
  readonly keyLinear: Linear;
  readonly valueLinear: Linear;
  readonly outputLinear: Linear;
  readonly numHeads: number;
  /** What this layer keeps in a cache. */
  readonly cacheSlot: CacheSlot;

  constructor(options: CausalAlibiAttnOptions) {
    super();
    const {
      dModel,
      numHeads,
      bias = true,
      dropout = 0,
      trainableAlibi = false,
      altAlibiInit = false,
      layerIdx,
    } = options;
    const numKvHeads = options.numKvHeads ?? numHeads;
    if (dModel % numHeads !== 0 || numHeads % numKvHeads !== 0) {
      throw new UserError(
        "nn/attention-heads",
        `d_model ${dModel}, ${numHeads} query heads and ${numKvHeads} key heads do not divide`,
      );
    }
    if (dropout !== 0)
      throw new UserError("nn/attention-dropout", "ALiBi attention has no dropout", { hint: "dropout: 0" });
    const headDim = dModel / numHeads;
    this.numHeads = numHeads;
    this.cacheSlot = { layerIdx, numKvHeads, headDim };
    const slopes = alibiSlopes(numHeads, { alternative: altAlibiInit });
    this.alibiSlopes = initializedParameter([numHeads], ({ values }) => values.set(slopes), {
      label: "alibi_slopes",
      requiresGrad: trainableAlibi,
    });
    this.queryLinear = new Linear(dModel, numHeads * headDim, { bias });
    this.keyLinear = new Linear(dModel, numKvHeads * headDim, { bias });
    this.valueLinear = new Linear(dModel, numKvHeads * headDim, { bias });
    this.outputLinear = new Linear(numHeads * headDim, dModel, { bias });
  }

  forward(x: Tensor, { masking = { causal: true }, cache }: LayerContext = {}): Tensor {
    const [batch, length, width] = x.shape as [number, number, number];
    const { layerIdx, numKvHeads, headDim } = this.cacheSlot;
    const heads = (projected: Tensor, count: number): Tensor =>
      projected.reshape([batch, length, count, headDim]).transpose(1, 2);
    const q = heads(this.queryLinear.forward(x), this.numHeads);
    const k = heads(this.keyLinear.forward(x), numKvHeads);
    const v = heads(this.valueLinear.forward(x), numKvHeads);
    const cached = cache?.append(layerIdx, k, v);
    const attended = attention(q, cached?.key ?? k, cached?.value ?? v, {
      scale: 1 / Math.sqrt(headDim),
      causal: masking.causal,
      window: masking.window,
      mask: masking.mask,
      firstKey: masking.firstKey,
      slopes: this.alibiSlopes,
      kvLength: cached?.length,
    });
    return this.outputLinear.forward(attended.transpose(1, 2).reshape([batch, length, width]));
  }
}

/**
 * Initial slopes of H heads: `2^(−7j/(H−1))`, from 1 down to 1/128; the paper's are `2^(−8(j+1)/H)`, upstream's these (quirk 3).
 * `alternative`: `2^(−(1+7j/(H−1)))`, from ½ down to 1/256, and 0 for the second half of the heads.
 */
export function alibiSlopes(
  numHeads: number,
  { alternative = false }: { readonly alternative?: boolean } = {},
): Float32Array {
  return Float32Array.from({ length: numHeads }, (_, j) => {
    const exponent = numHeads === 1 ? 0 : (7 * j) / (numHeads - 1);
    if (!alternative) return 2 ** -exponent;
    return j >= numHeads / 2 ? 0 : 2 ** -(1 + exponent);
  });
}
