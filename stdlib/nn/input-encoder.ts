/** @file InputEncoder: from token ids to the residual stream. */
import type { Tensor } from "fgc/runtime";
import { Dropout } from "./dropout.ts";
import { Embedding } from "./embedding.ts";
import { Module } from "./module.ts";
import type { AbsolutePositionEncoder } from "./position-encoder.ts";

/** Options of `InputEncoder`. */
export interface InputEncoderOptions {
  /** Width C of the residual stream. */
  readonly dModel: number;
  /** Rows V of the table. */
  readonly vocabSize: number;
  /** Probability of dropping a value of the result. Default 0.1. */
  readonly dropout?: number;
  /** Adds positions. Default none. */
  readonly positionalEncoder?: AbsolutePositionEncoder | null | undefined;
  /** The table. Default: a new one of [V, C] without a padding row. */
  readonly embedding?: Embedding | null | undefined;
  /** Multiplies the rows where `scaleSqrtDModel` is false. Default 1. */
  readonly scale?: number;
  /** Multiply the rows by √C. Default true. */
  readonly scaleSqrtDModel?: boolean;
}

/** Token ids to the vectors that the layers begin with: `y = drop(pos(scale · E[ids]))`, i32 [B, T] → f32 [B, T, C]. */
export class InputEncoder extends Module {
  readonly embedding: Embedding;
  readonly positionalEncoder: AbsolutePositionEncoder | undefined;
  readonly dropout: Dropout;
  readonly scale: number;

  constructor(options: InputEncoderOptions) {
    super();
    const {
      dModel,
      vocabSize,
      dropout = 0.1,
      positionalEncoder,
      embedding,
      scale = 1,
      scaleSqrtDModel = true,
    } = options;
    this.embedding = embedding ?? new Embedding(vocabSize, dModel);
    this.positionalEncoder = positionalEncoder ?? undefined;
    this.dropout = new Dropout(dropout);
    this.scale = scaleSqrtDModel ? Math.sqrt(dModel) : scale;
  }

  forward(inputIds: Tensor, positionIds?: Tensor): Tensor {
    const rows = this.embedding.forward(inputIds);
    const scaled = this.scale === 1 ? rows : rows.mul(this.scale);
    return this.dropout.forward(this.positionalEncoder?.forward(scaled, positionIds) ?? scaled);
  }

  protected override describe(): string {
    return `scale=${this.scale}`;
  }
}
