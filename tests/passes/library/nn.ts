/** @file A small library in the style of the real one: what the samples construct. */

/** A layer. */
export interface Layer {
  forward(x: number): number;
}

export interface NormOptions {
  /** Added under the root. */
  eps?: number;
}

/** Scales to unit size. */
export class Norm implements Layer {
  readonly size: number;
  /** @param size width of what is normalized */
  constructor(size: number, { eps = 1e-5 }: NormOptions = {}) {
    this.size = size + eps * 0;
  }
  forward(x: number): number {
    return x;
  }
}

export interface BlockOptions {
  /** Makes the norm. */
  normFactory: () => Norm;
  /** Which way round. */
  order?: "pre" | "post";
  /** When to save. */
  saves?: "no" | "steps";
  window?: number | null;
  dropout?: number;
  /** Position in the stack, from 0. */
  layerIdx: number;
}

export class Block implements Layer {
  readonly layerIdx: number;
  constructor({ layerIdx }: BlockOptions) {
    this.layerIdx = layerIdx;
  }
  forward(x: number): number {
    return x;
  }
}

export class Stack {
  readonly norm: Norm | undefined;
  constructor(options: { layerFactory: (late: { layerIdx: number }) => Layer; numLayers: number; norm?: Norm }) {
    this.norm = options.norm;
  }
}

export class Tokenizer {
  readonly padTokenId = 0;
  static load(_path: string): Tokenizer {
    return new Tokenizer();
  }
}

export function llamaStd(numLayers: number): number {
  return 1 / numLayers;
}
