/** @file CausalMultiheadAttn: attention with many query heads and as many or fewer key heads. */
import type { Tensor } from "fgc/runtime";
import { nearestName, UserError } from "../../faults.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import type { RelativePositionEncoder } from "../position-encoder.ts";
import type { LayerContext } from "./context.ts";
import { type AttentionFunction, attentionFunctions } from "./functions.ts";
import type { CacheSlot } from "./kv-cache.ts";

/** A norm over the last axis. */
export interface Norm extends Module {
  forward(x: Tensor): Tensor;
}

/** Options of `CausalMultiheadAttn`. */
export interface CausalMultiheadAttnOptions {
  /** Width C of the residual stream. */
  readonly dModel: number;
  /** Number H of query heads; C must divide by it. */
  readonly numHeads: number;
  /** Number K of key and value heads; H must divide by it. Default H. */
  readonly numKvHeads?: number | null | undefined;
  /** Encodes positions into queries and keys. Default none. */
  readonly posEncoder?: RelativePositionEncoder | null | undefined;
  /** Add learned vectors in the four projections. Default false. */
  readonly bias?: boolean;
  /** Probability of dropping an attention weight in training. Default 0. */
  readonly dropout?: number;
  /** Makes a norm of the head size, for queries and for keys, before positions are encoded (Qwen3). Default none. */
  readonly qkNormFactory?: ((headDim: number) => Norm) | null | undefined;
  /** Which attention function: "sdpa" (default), "eager", "flex_attention", or a name in `attnFunctions`. */
  readonly attnImplementation?: string | null | undefined;
  /** Further attention functions by name. */
  readonly attnFunctions?: Readonly<Record<string, AttentionFunction>> | null | undefined;
  /** Width of the sliding window, in tokens: a query sees the last so many positions, its own included. Default: the mask's. */
  readonly window?: number | null | undefined;
  /** The model's config; accepted for upstream's configs, and not needed. */
  readonly config?: object | null | undefined;
  /** The layer's number, from 0: its slot in the cache. */
  readonly layerIdx: number;
}

/**
 * Scaled dot-product attention of x with itself, f32 [B, T, C] → f32 [B, T, C].
 *
 * q = x W_qᵀ, k = x W_kᵀ, v = x W_vᵀ, viewed as heads of d = C/H; optional norms of q and k over d; positions; cache; attention with
 * scale 1/√d, where query head h uses key head ⌊h·K/H⌋; heads joined and multiplied by W_oᵀ.
 *
 * @source Vaswani et al. 2017; grouped queries: Ainslie et al. 2023 (arXiv 2305.13245)
 */
export class CausalMultiheadAttn extends Module {
  readonly queryLinear: Linear;
  readonly keyLinear: Linear;
  readonly valueLinear: Linear;
  readonly outputLinear: Linear;
  readonly qNorm: Norm | undefined;
  readonly kNorm: Norm | undefined;
  readonly numHeads: number;
  readonly dropout: number;
  readonly window: number | undefined;
  /** What this layer keeps in a cache. */
  readonly cacheSlot: CacheSlot;
  readonly #posEncoder: RelativePositionEncoder | undefined;
  readonly #attend: AttentionFunction;

  constructor(options: CausalMultiheadAttnOptions) {
    super();
    const { dModel, numHeads, posEncoder, bias = false, dropout = 0, qkNormFactory, layerIdx } = options;
    const numKvHeads = options.numKvHeads ?? numHeads;
    if (dModel % numHeads !== 0) {
      throw new UserError("nn/attention-heads", `d_model ${dModel} does not divide into ${numHeads} heads`);
    }
    if (numHeads % numKvHeads !== 0) {
      throw new UserError("nn/attention-heads", `${numHeads} query heads do not divide among ${numKvHeads} key heads`);
    }
    const headDim = dModel / numHeads;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.window = options.window ?? undefined;
    this.cacheSlot = { layerIdx, numKvHeads, headDim };
    this.queryLinear = new Linear(dModel, numHeads * headDim, { bias });
    this.keyLinear = new Linear(dModel, numKvHeads * headDim, { bias });
    this.valueLinear = new Linear(dModel, numKvHeads * headDim, { bias });
    this.outputLinear = new Linear(numHeads * headDim, dModel, { bias });
    this.qNorm = qkNormFactory?.(headDim);
    this.kNorm = qkNormFactory?.(headDim);
    this.#posEncoder = posEncoder ?? undefined;
    this.#attend = chooseAttention(options.attnImplementation ?? "sdpa", options.attnFunctions ?? {});
  }

  forward(x: Tensor, { positionIds, masking, cache }: LayerContext = {}): Tensor {
    const [batch, length, width] = x.shape as [number, number, number];
    const { layerIdx, numKvHeads, headDim } = this.cacheSlot;
    const heads = (projected: Tensor, count: number): Tensor => projected.reshape([batch, length, count, headDim]);

    let q = heads(this.queryLinear.forward(x), this.numHeads);
    let k = heads(this.keyLinear.forward(x), numKvHeads);
    if (this.qNorm !== undefined && this.kNorm !== undefined) [q, k] = [this.qNorm.forward(q), this.kNorm.forward(k)];
    if (this.#posEncoder !== undefined) [q, k] = this.#posEncoder.encode(q, k, positionIds);
    q = q.transpose(1, 2); // [B, H, T, d]
    k = k.transpose(1, 2); // [B, K, T, d]
    const v = heads(this.valueLinear.forward(x), numKvHeads).transpose(1, 2);

    const cached = cache?.append(layerIdx, k, v);
    const attended = this.#attend(q, cached?.key ?? k, cached?.value ?? v, {
      scale: 1 / Math.sqrt(headDim),
      masking: this.window === undefined ? masking : { causal: true, ...masking, window: this.window },
      kvLength: cached?.length,
      dropout: this.training ? this.dropout : 0,
    });
    return this.outputLinear.forward(attended.transpose(1, 2).reshape([batch, length, width]));
  }

  protected override describe(): string {
    const { numKvHeads, headDim } = this.cacheSlot;
    return `heads=${this.numHeads}, kvHeads=${numKvHeads}, headDim=${headDim}`;
  }
}

function chooseAttention(name: string, own: Readonly<Record<string, AttentionFunction>>): AttentionFunction {
  const known = { ...attentionFunctions, ...own };
  const chosen = Object.hasOwn(known, name) ? known[name] : undefined;
  if (chosen !== undefined) return chosen;
  const nearest = nearestName(name, Object.keys(known));
  throw new UserError("nn/attention-implementation", `no attention function is called '${name}'`, {
    hint: nearest === undefined ? `known: ${Object.keys(known).join(", ")}` : `did you mean '${nearest}'?`,
  });
}
