/** @file Stacks of layers. */
import { checkpoint, type Tensor } from "fgc/runtime";
import type { Norm } from "./attention/causal-multihead-attn.ts";
import type { LayerContext } from "./attention/context.ts";
import type { Layer, LayerFactoryArguments } from "./layers.ts";
import { Module } from "./module.ts";

/** Options of `LayerStack`. */
export interface LayerStackOptions {
  /** Makes layer `layerIdx`, for 0 … numHiddenLayers − 1. */
  readonly layerFactory: (args: LayerFactoryArguments) => Layer;
  readonly numHiddenLayers: number;
  /** Makes the norm behind the last layer. Default none. */
  readonly postNormFactory?: (() => Norm) | null | undefined;
  /** Recompute activations in the backward pass instead of keeping them. Default false. */
  readonly enableCheckpoint?: boolean;
  /** Only layers whose number divides by this are recomputed. Default 1: all. */
  readonly checkpointStride?: number;
  /** Accepted for upstream's configs: how PyTorch recomputes. */
  readonly checkpointKwargs?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Layers in order, then a norm if any, f32 [B, T, C] → f32 [B, T, C]. Names: `layers.0` …, `layer_norm`. */
export class LayerStack extends Module implements Layer {
  readonly layers: readonly Layer[];
  readonly layerNorm: Norm | undefined;
  readonly checkpointStride: number;
  /** May be switched until the step is traced. Recomputing costs about a third more time and changes no number. */
  enableCheckpoint: boolean;

  constructor(options: LayerStackOptions) {
    super();
    const { layerFactory, numHiddenLayers, postNormFactory, enableCheckpoint = false, checkpointStride = 1 } = options;
    this.layers = Array.from({ length: numHiddenLayers }, (_, layerIdx) => layerFactory({ layerIdx }));
    this.layerNorm = postNormFactory?.();
    this.enableCheckpoint = enableCheckpoint;
    this.checkpointStride = checkpointStride;
  }

  forward(x: Tensor, context?: LayerContext): Tensor {
    let h = x;
    for (const [layerIdx, layer] of this.layers.entries()) {
      const recompute = this.enableCheckpoint && this.training && layerIdx % this.checkpointStride === 0;
      h = recompute ? checkpoint((input: Tensor) => layer.forward(input, context), h) : layer.forward(h, context);
    }
    return this.layerNorm === undefined ? h : this.layerNorm.forward(h);
  }
}

/** `LayerStack` with recomputation on by default. */
export class CheckpointLayerStack extends LayerStack {
  constructor(options: LayerStackOptions) {
    super({ enableCheckpoint: true, ...options });
  }
}

/** Options of `ExplicitLayerStack`. */
export interface ExplicitLayerStackOptions {
  /** One factory per layer. */
  readonly factoryList: readonly ((args: LayerFactoryArguments) => Layer)[];
}

/** Layers of different kinds in order, without a norm behind them. Names: `layers.0` …. */
export class ExplicitLayerStack extends Module implements Layer {
  readonly layers: readonly Layer[];

  constructor({ factoryList }: ExplicitLayerStackOptions) {
    super();
    this.layers = factoryList.map((factory, layerIdx) => factory({ layerIdx }));
  }

  forward(x: Tensor, context?: LayerContext): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h, context), x);
  }
}
