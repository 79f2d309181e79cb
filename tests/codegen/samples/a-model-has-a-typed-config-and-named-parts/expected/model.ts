/**
 * Tiny Stack: A stack of blocks.
 *
 * Emitted by fgc from configs/input.yaml. Yours to edit: nothing here needs fgc to run.
 */
import { Block, Norm, Stack } from "fgc/nn";

/** What a model is made of. Each line says where its default came from. */
export interface ModelConfig {
  /** width of what is normalized. input.yaml:5 */
  hiddenSize: number;
  /** input.yaml:5 */
  numLayers: number;
  /** Added under the root. input.yaml:5 */
  eps: number;
  /** Which way round. input.yaml:5 */
  order: "pre" | "post";
  /** input.yaml:5 */
  window: number | null;
}

export const defaults: ModelConfig = { hiddenSize: 256, numLayers: 4, eps: 1e-6, order: "post", window: null };

/** Makes the model, with fresh weights. */
export function constructModel(config: ModelConfig = defaults) {
  // input.yaml:1
  const normFactory = () => new Norm(config.hiddenSize, { eps: config.eps });

  // input.yaml:2
  const layerFactory = ({ layerIdx }: { layerIdx: number }) =>
    new Block({ normFactory, order: config.order, window: config.window, layerIdx });

  return new Stack({ layerFactory, numLayers: config.numLayers, norm: new Norm(config.hiddenSize) });
}
