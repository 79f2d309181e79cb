/** @file SinusoidalPE: the absolute positions of the first transformer. */
import { StateTensor, type Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import { Module } from "./module.ts";
import type { AbsolutePositionEncoder } from "./position-encoder.ts";

/** Options of `SinusoidalPE`. */
export interface SinusoidalPEOptions {
  /** Width of the embeddings; even. */
  readonly dModel: number;
  /** Rows of the table: the longest sequence, in tokens. */
  readonly maxSequenceLength: number;
}

/**
 * Adds `weight[p, 2i] = sin(p·ω_i)`, `weight[p, 2i+1] = cos(p·ω_i)` with `ω_i = exp(−2i·ln(10000)/C)`, f32 [B, T, C].
 * The table is a buffer: saved in checkpoints, never trained.
 *
 * @source Vaswani et al. 2017, "Attention Is All You Need", section 3.5
 */
export class SinusoidalPE extends Module implements AbsolutePositionEncoder {
  /** f32 [maxSequenceLength, C]. */
  readonly weight: StateTensor;
  readonly maxSequenceLength: number;

  constructor({ dModel, maxSequenceLength }: SinusoidalPEOptions) {
    super();
    if (dModel % 2 !== 0)
      throw new UserError("nn/sinusoidal-width", `sinusoidal positions need an even width, not ${dModel}`);
    if (!(maxSequenceLength <= 2 ** 22)) {
      throw new UserError("nn/sinusoidal-length", `a table of ${maxSequenceLength} positions is too long`, {
        hint: "give max_position_embeddings (model_max_length of the tokenizer) a number",
      });
    }
    this.maxSequenceLength = maxSequenceLength;
    this.weight = new StateTensor([maxSequenceLength, dModel], () => sinusoidalTable(maxSequenceLength, dModel), {
      label: "weight",
    });
  }

  forward(x: Tensor, positionIds?: Tensor): Tensor {
    if (positionIds !== undefined) return x.add(this.weight.indexSelect(0, positionIds));
    const length = x.shape[1] ?? 1;
    if (length > this.maxSequenceLength) {
      throw new UserError(
        "nn/sequence-too-long",
        `the sequence has ${length} tokens, the table of positions ${this.maxSequenceLength}`,
        { hint: "raise max_sequence_length (max_position_embeddings)" },
      );
    }
    return x.add(this.weight.slice([{ stop: length }, null]));
  }

  protected override describe(): string {
    return `${this.weight.shape.join(", ")}`;
  }
}

function sinusoidalTable(length: number, width: number): Float32Array {
  const table = new Float32Array(length * width);
  for (let i = 0; i < width; i += 2) {
    const frequency = Math.fround(Math.exp((-i * Math.log(10_000)) / width));
    for (let position = 0; position < length; position++) {
      const angle = Math.fround(position * frequency);
      table[position * width + i] = Math.sin(angle);
      table[position * width + i + 1] = Math.cos(angle);
    }
  }
  return table;
}
