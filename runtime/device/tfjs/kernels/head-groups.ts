/**
 * @file Grouped heads as batches of matrices: [B, H, T, d] becomes [B·K, G·T, d], so that the G query heads of a key head meet it in one
 * product, and the gradients of keys and values add up over the group inside of it.
 */
import type { AttentionDims } from "../../../program/kernel.ts";
import type { Ops } from "../ops.ts";
import type { Value } from "../values.ts";

export class HeadGroups {
  private readonly ops: Ops;
  private readonly dims: AttentionDims;
  /** Whether every key head has the same number of query heads. Where not, each query head gets a copy of its key head. */
  private readonly isEven: boolean;
  private readonly kvHeads: number;

  constructor(ops: Ops, dims: AttentionDims) {
    this.ops = ops;
    this.dims = dims;
    this.isEven = dims.heads % dims.kvHeads === 0;
    this.kvHeads = this.isEven ? dims.kvHeads : dims.heads;
  }

  private get rows(): number {
    return (this.dims.heads / this.kvHeads) * this.dims.queries;
  }

  foldQueries(x: Value): Value {
    return this.ops.reshape(x, [this.dims.batch * this.kvHeads, this.rows, this.dims.headDim]);
  }

  unfoldQueries(x: Value): Value {
    const { batch, heads, queries, headDim } = this.dims;
    return this.ops.reshape(x, [batch, heads, queries, headDim]);
  }

  foldScores(x: Value): Value {
    return this.ops.reshape(x, [this.dims.batch * this.kvHeads, this.rows, this.dims.keys]);
  }

  unfoldScores(x: Value): Value {
    const { batch, heads, queries, keys } = this.dims;
    return this.ops.reshape(x, [batch, heads, queries, keys]);
  }

  foldKeys(x: Value): Value {
    const { batch, heads, keys, headDim } = this.dims;
    const spread = this.isEven
      ? x
      : this.ops.concat(
          Array.from({ length: heads }, (_, head) => this.headOf(x, this.keyHeadOf(head))),
          1,
        );
    return this.ops.reshape(spread, [batch * this.kvHeads, keys, headDim]);
  }

  unfoldKeys(x: Value): Value {
    const { batch, heads, kvHeads, keys, headDim } = this.dims;
    const spread = this.ops.reshape(x, [batch, this.kvHeads, keys, headDim]);
    if (this.isEven) return spread;
    const sums = Array.from({ length: kvHeads }, (_, kvHead) => {
      const own = Array.from({ length: heads }, (__, head) => head).filter((head) => this.keyHeadOf(head) === kvHead);
      const parts = own.map((head) => this.headOf(spread, head));
      return parts.length === 0
        ? this.ops.mul(this.headOf(spread, 0), this.ops.f32(0)) // fewer query heads than key heads: this one is never seen
        : parts.reduce((sum, part) => this.ops.add(sum, part));
    });
    return this.ops.concat(sums, 1);
  }

  private keyHeadOf(head: number): number {
    return Math.floor((head * this.dims.kvHeads) / this.dims.heads);
  }

  private headOf(x: Value, head: number): Value {
    const { batch, keys, headDim } = this.dims;
    return this.ops.slice(x, [0, head, 0, 0], [batch, 1, keys, headDim]);
  }
}
