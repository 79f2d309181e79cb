/** @file Transformer layers: attention and feed-forward around a residual stream, in the three orders of normalization. */
import type { Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import type { Norm } from "./attention/causal-multihead-attn.ts";
import type { LayerContext } from "./attention/context.ts";
import { Dropout } from "./dropout.ts";
import { Module } from "./module.ts";

/** A layer of a stack, f32 [B, T, C] → f32 [B, T, C]. */
export interface Layer extends Module {
  forward(x: Tensor, context?: LayerContext): Tensor;
}

/** What a layer's parts are told when they are made. */
export interface LayerFactoryArguments {
  /** The layer's number, from 0. */
  readonly layerIdx: number;
}

/** Options of the transformer layers. */
export interface TransformerLayerOptions {
  /** Makes the feed-forward part. */
  readonly feedforwardFactory: (args: LayerFactoryArguments) => Module & { forward(x: Tensor): Tensor };
  /** Makes the attention. */
  readonly attentionFactory: (args: LayerFactoryArguments) => Layer;
  /** Makes a norm; called twice. */
  readonly normFactory: () => Norm;
  /** Probability of dropping a value of what each part adds to the stream. Default 0.1. */
  readonly dropout?: number;
  /** Probability of dropping a value of the stream itself (aclanthology 2024.sigul-1.35). Default 0. */
  readonly residualDropout?: number;
  /** The layer's number, from 0; passed on to the parts. */
  readonly layerIdx: number;
}

/** The parts that the three layers share. Children in upstream's order: it is the order of parameters in checkpoints. */
abstract class TransformerLayer extends Module implements Layer {
  readonly feedforward: Module & { forward(x: Tensor): Tensor };
  readonly attention: Layer;
  readonly norm1: Norm;
  readonly norm2: Norm;
  readonly dropout: Dropout;
  readonly residualDropout: Dropout;

  constructor(options: TransformerLayerOptions) {
    super();
    const { feedforwardFactory, attentionFactory, normFactory, dropout = 0.1, residualDropout = 0, layerIdx } = options;
    this.feedforward = feedforwardFactory({ layerIdx });
    this.attention = attentionFactory({ layerIdx });
    this.norm1 = normFactory();
    this.norm2 = normFactory();
    this.dropout = new Dropout(dropout);
    this.residualDropout = new Dropout(residualDropout);
  }

  abstract forward(x: Tensor, context?: LayerContext): Tensor;
}

/**
 * Norms inside the branches, an unbroken residual stream: `h = r(x) + δ(attn(norm1(x)))`, `y = r(h) + δ(ff(norm2(h)))`, with
 * dropout δ and residual dropout r.
 *
 * @source Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture" (arXiv 2002.04745)
 */
export class PreLNLayer extends TransformerLayer {
  forward(x: Tensor, context?: LayerContext): Tensor {
    const attended = this.dropout.forward(this.attention.forward(this.norm1.forward(x), context));
    const h = this.residualDropout.forward(x).add(attended);
    return this.residualDropout.forward(h).add(this.dropout.forward(this.feedforward.forward(this.norm2.forward(h))));
  }
}

/**
 * Norms on the stream, after each addition: `h = norm1(r(x) + δ(attn(x)))`, `y = norm2(r(h) + δ(ff(h)))`.
 *
 * @source Vaswani et al. 2017 (arXiv 1706.03762)
 */
export class PostLNLayer extends TransformerLayer {
  forward(x: Tensor, context?: LayerContext): Tensor {
    const attended = this.dropout.forward(this.attention.forward(x, context));
    const h = this.norm1.forward(this.residualDropout.forward(x).add(attended));
    return this.norm2.forward(this.residualDropout.forward(h).add(this.dropout.forward(this.feedforward.forward(h))));
  }
}

/** Options of `DeepnetLayer`. */
export interface DeepnetLayerOptions extends TransformerLayerOptions {
  /** Multiplies the residual stream before each addition; see `deepnetAlpha`. Default 1. */
  readonly alpha?: number;
}

/**
 * As `PostLNLayer`, with the stream weighted by α: `h = norm1(α·r(x) + δ(attn(x)))`, `y = norm2(α·r(h) + δ(ff(h)))`.
 *
 * @source Wang et al. 2022, "DeepNet: Scaling Transformers to 1,000 Layers" (arXiv 2203.00555)
 */
export class DeepnetLayer extends TransformerLayer {
  readonly alpha: number;

  constructor(options: DeepnetLayerOptions) {
    super(options);
    this.alpha = options.alpha ?? 1;
  }

  forward(x: Tensor, context?: LayerContext): Tensor {
    const attended = this.dropout.forward(this.attention.forward(x, context));
    const h = this.norm1.forward(this.residualDropout.forward(x).mul(this.alpha).add(attended));
    const fed = this.dropout.forward(this.feedforward.forward(h));
    return this.norm2.forward(this.residualDropout.forward(h).mul(this.alpha).add(fed));
  }
}

/** Which side of an encoder-decoder model a DeepNet constant is for. */
export type DeepnetSide = "encoder" | "decoder";

/**
 * DeepNet's weight α of the residual stream, for M decoder and N encoder layers: one side alone (2·layers)^¼; encoder beside a decoder
 * 0.81(N⁴M)^(1/16); decoder beside an encoder (3M)^¼.
 *
 * @source arXiv 2203.00555, table 2
 */
export function deepnetAlpha(nDecoderLayers: number, nEncoderLayers: number, which?: DeepnetSide | null): number {
  if (nEncoderLayers === 0 || nDecoderLayers === 0) return (2 * (nDecoderLayers + nEncoderLayers)) ** 0.25;
  return sideOf(which) === "encoder"
    ? 0.81 * (nEncoderLayers ** 4 * nDecoderLayers) ** (1 / 16)
    : (3 * nDecoderLayers) ** 0.25;
}

/** DeepNet's gain β of the initial weights of feed-forward, value and output maps; see `deepnetAlpha`. */
export function deepnetBeta(nDecoderLayers: number, nEncoderLayers: number, which?: DeepnetSide | null): number {
  if (nEncoderLayers === 0 || nDecoderLayers === 0) return (8 * (nDecoderLayers + nEncoderLayers)) ** -0.25;
  return sideOf(which) === "encoder"
    ? 0.87 * (nEncoderLayers ** 4 * nDecoderLayers) ** (-1 / 16)
    : (12 * nDecoderLayers) ** -0.25;
}

function sideOf(which: DeepnetSide | null | undefined): DeepnetSide {
  if (which === "encoder" || which === "decoder") return which;
  throw new UserError("nn/deepnet-side", "a model with encoder and decoder has two DeepNet constants", {
    hint: "say which: 'encoder' or 'decoder'",
  });
}
