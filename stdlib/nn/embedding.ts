/** @file Embedding: a table of learned rows. */
import { embedding, type Parameter, type Tensor, where } from "fgc/runtime";
import { initializedParameter } from "./init/rule.ts";
import { initEmbeddings } from "./init/rules.ts";
import { Module } from "./module.ts";

/** Options of `Embedding`. */
export interface EmbeddingOptions {
  /** The row of the padding token: starts at zero and is never trained. Default none. */
  readonly paddingIdx?: number | null | undefined;
}

/**
 * A table of vectors, one per id: `y[..., :] = weight[ids[...], :]`, i32 [...] → f32 [..., C]. The table [V, C] starts normal with standard deviation 1.
 *
 * @source torch.nn.Embedding
 */
export class Embedding extends Module {
  readonly weight: Parameter;
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | undefined;

  constructor(numEmbeddings: number, embeddingDim: number, { paddingIdx }: EmbeddingOptions = {}) {
    super();
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx ?? undefined;
    this.weight = initializedParameter(
      [numEmbeddings, embeddingDim],
      (tensor) => initEmbeddings(tensor, { std: 1, scaleRsqrtDModel: false, paddingIndex: paddingIdx }),
      { label: "weight" },
    );
  }

  forward(ids: Tensor): Tensor {
    const rows = embedding(this.weight, ids);
    return this.paddingIdx === undefined ? rows : where(ids.eq(this.paddingIdx).unsqueeze(-1), rows.detach(), rows);
  }

  protected override describe(): string {
    return `${this.numEmbeddings}, ${this.embeddingDim}`;
  }
}
