/** @file A bigram model on made-up blocks: small, and every part of a step acts on it. */
import type { Tensor } from "fgc/runtime";
import type { CausalBatch, TokenBlock } from "../../stdlib/data/index.ts";
import { CausalLoss } from "../../stdlib/loss/index.ts";
import { Dropout, Embedding, Linear, Module } from "../../stdlib/nn/index.ts";

export const vocab = 11;
export const length = 6;

export class Bigram extends Module {
  readonly embedding = new Embedding(vocab, 8);
  readonly dropout = new Dropout(0.2);
  readonly head = new Linear(8, vocab, { bias: false });
  readonly lossFn = new CausalLoss();
  constructor() {
    super();
    this.assignNames();
  }
  forward({ inputIds, labels }: { inputIds: Tensor; labels?: Tensor | undefined }) {
    const logits = this.head.forward(this.dropout.forward(this.embedding.forward(inputIds)));
    return { logits, loss: labels === undefined ? undefined : this.lossFn.forward(logits, labels) };
  }
}

/** Blocks in which the next token is a function of the last. */
export const blocks = (count: number) => ({
  length: count,
  row: (index: number): TokenBlock => ({
    inputIds: Int32Array.from({ length }, (_, t) => (index * 3 + t * (1 + (index % 2))) % vocab),
    documentStarts: new Int32Array(0),
  }),
});
export const collator = {
  collate(rows: readonly TokenBlock[]): CausalBatch {
    const data = Int32Array.from(rows.flatMap((row) => [...row.inputIds]));
    const matrix = { data, shape: [rows.length, length] as const, dtype: "i32" as const };
    return { inputIds: matrix, labels: matrix };
  },
};
