/** @file RotaryPE: rotary position embeddings, in the half-split form of Hugging Face's Llama. */
import { fromData, StateTensor, type Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import type { RelativePositionEncoder } from "./position-encoder.ts";

/** Llama 3's stretching of low frequencies, for contexts longer than those of pre-training. */
export interface Llama3RopeScaling {
  /** "llama3" stretches; "default" (or none) leaves the frequencies as they are. */
  readonly ropeType: "llama3" | "default";
  /** Low frequencies are divided by this. */
  readonly factor: number;
  /** Wavelengths beyond `originalMaxPositionEmbeddings / lowFreqFactor` are stretched fully. */
  readonly lowFreqFactor: number;
  /** Wavelengths below `originalMaxPositionEmbeddings / highFreqFactor` are left alone. */
  readonly highFreqFactor: number;
  /** The context of pre-training, in tokens. */
  readonly originalMaxPositionEmbeddings: number;
}

/** The same in a config's own spelling, as `config.json` files have it. */
export type RopeScaling = Llama3RopeScaling | Readonly<Record<string, unknown>>;

/** Options of `RotaryPE`. */
export interface RotaryPEOptions {
  /** Width of the residual stream; the head size is `hiddenSize / numAttentionHeads` and must be even. */
  readonly hiddenSize: number;
  /** Number of query heads. */
  readonly numAttentionHeads: number;
  /** Rows of the table: the longest sequence, in tokens. Default 2048. */
  readonly maxSequenceLength?: number;
  /** Base θ of the frequencies. Default 10000. */
  readonly ropeTheta?: number;
  /** Stretching of low frequencies. Default none. */
  readonly ropeScaling?: RopeScaling | null | undefined;
  /** Keep a table; without one the angles are computed at each call and positions have no maximum. Default true. */
  readonly cacheEmbeddings?: boolean;
  /** Accepted for upstream's configs: a GPU kernel there, the same numbers. */
  readonly useLiger?: boolean;
  /** Accepted for upstream's configs: the same numbers. */
  readonly compileOnDemand?: boolean;
}

/** Positions; a longer table is computed as it is needed instead. */
const longestTable = 2 ** 18;

/**
 * Turns each pair (x_i, x_{i+d/2}) of a query's or key's head by the angle `p · f_i` of its position p, with `f_i = θ^(−2i/d)`:
 *
 *     x′ = x ⊙ cos a + (−x[d/2:], x[:d/2]) ⊙ sin a
 *
 * Not a module: it has no parameters and nothing to save. Tables come from the host in double precision of float32 angles, so
 * that all devices agree; they are held once per session and serve every layer.
 *
 * @source Su et al. 2021, "RoFormer" (arXiv 2104.09864); Llama 3's scaling as in Hugging Face's modeling_rope_utils
 */
export class RotaryPE implements RelativePositionEncoder {
  readonly headDim: number;
  readonly maxSequenceLength: number;
  /** f_i as float32, d/2 of them. */
  readonly inverseFrequencies: Float32Array;
  readonly #tables: { readonly cos: StateTensor; readonly sin: StateTensor } | undefined;

  constructor(options: RotaryPEOptions) {
    const {
      hiddenSize,
      numAttentionHeads,
      maxSequenceLength = 2048,
      ropeTheta = 10_000,
      cacheEmbeddings = true,
    } = options;
    const headDim = hiddenSize / numAttentionHeads;
    if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
      throw new UserError(
        "nn/rotary-head-size",
        `rotary positions need an even head size: hidden_size ${hiddenSize} over ${numAttentionHeads} heads gives ${headDim}`,
      );
    }
    this.headDim = headDim;
    this.maxSequenceLength = maxSequenceLength;
    this.inverseFrequencies = scaledFrequencies(headDim, ropeTheta, readScaling(options.ropeScaling));
    const half = headDim / 2;
    // A tokenizer without a limit gives a length of infinity (or 1e30): no table is that long.
    this.#tables =
      cacheEmbeddings && maxSequenceLength <= longestTable
        ? {
            cos: new StateTensor([maxSequenceLength, 1, half], () => this.table(rows(maxSequenceLength)).cos, {
              label: "rotary.cos",
            }),
            sin: new StateTensor(
              [maxSequenceLength, 2, half],
              () => signed(this.table(rows(maxSequenceLength)).sin, half),
              {
                label: "rotary.sin",
              },
            ),
          }
        : undefined;
  }

  /** Cosines and sines [positions.length, d/2]: the angle is a float32 product, its cosine that of the exact double. */
  table(positions: ArrayLike<number>): { cos: Float32Array; sin: Float32Array } {
    const half = this.inverseFrequencies.length;
    const cos = new Float32Array(positions.length * half);
    const sin = new Float32Array(positions.length * half);
    for (let row = 0; row < positions.length; row++) {
      for (let i = 0; i < half; i++) {
        const angle = Math.fround(positions[row]! * this.inverseFrequencies[i]!);
        cos[row * half + i] = Math.cos(angle);
        sin[row * half + i] = Math.sin(angle);
      }
    }
    return { cos, sin };
  }

  encode(q: Tensor, k: Tensor, positionIds?: Tensor): readonly [q: Tensor, k: Tensor] {
    const { cos, sin } = this.#rowsFor(q.shape[1] ?? 1, positionIds);
    return [rotate(q, cos, sin), rotate(k, cos, sin)];
  }

  /** cos [B or 1, T, 1, 1, d/2] and sin with the signs of the rotation [B or 1, T, 1, 2, d/2]. */
  #rowsFor(length: number, positionIds: Tensor | undefined): { cos: Tensor; sin: Tensor } {
    if (this.#tables === undefined) return this.#computeRows(length, positionIds);
    const { cos, sin } = this.#tables;
    if (length > this.maxSequenceLength) {
      throw new UserError(
        "nn/sequence-too-long",
        `the sequence has ${length} tokens, the rotary table ${this.maxSequenceLength} positions`,
        { hint: "raise max_sequence_length (max_position_embeddings), or set cache_embeddings: false" },
      );
    }
    if (positionIds === undefined) {
      const first = [{ stop: length }, null, null];
      return { cos: cos.slice(first).unsqueeze(1).unsqueeze(0), sin: sin.slice(first).unsqueeze(1).unsqueeze(0) };
    }
    return { cos: cos.indexSelect(0, positionIds).unsqueeze(2), sin: sin.indexSelect(0, positionIds).unsqueeze(2) };
  }

  #computeRows(length: number, positionIds: Tensor | undefined): { cos: Tensor; sin: Tensor } {
    const half = this.inverseFrequencies.length;
    const frequencies = fromData(this.inverseFrequencies, [1, 1, 1, 1, half]);
    const positions = positionIds ?? fromData(Int32Array.from(rows(length)), [1, length]);
    const angles = positions.cast("f32").reshape([positions.shape[0]!, length, 1, 1, 1]).mul(frequencies);
    return { cos: angles.cos(), sin: angles.sin().mul(fromData(Float32Array.of(-1, 1), [2, 1])) };
  }
}

/**
 * x [B, T, heads, d]. The halves become an axis of their own, so that "the other half" is that axis reversed: one element-wise
 * kernel with two reads of x, forward and backward, and no concatenation.
 */
function rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const [batch, length, heads, headDim] = x.shape as [number, number, number, number];
  const halves = x.reshape([batch, length, heads, 2, headDim / 2]);
  return halves.mul(cos).add(halves.flip(3).mul(sin)).reshape([batch, length, heads, headDim]);
}

/** [T, d/2] → [T, 2, d/2]: −sin for the first half, +sin for the second. */
function signed(sin: Float32Array, half: number): Float32Array {
  const out = new Float32Array(sin.length * 2);
  for (let i = 0; i < sin.length; i++) {
    const at = Math.floor(i / half) * 2 * half + (i % half);
    out[at] = -sin[i]!;
    out[at + half] = sin[i]!;
  }
  return out;
}

function rows(count: number): number[] {
  return Array.from({ length: count }, (_, row) => row);
}

function scaledFrequencies(headDim: number, theta: number, scaling: Llama3RopeScaling | undefined): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = theta ** ((-2 * i) / headDim);
    if (scaling === undefined) return frequency;
    const { factor, lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings: context } = scaling;
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < context / highFreqFactor) return frequency;
    if (wavelength > context / lowFreqFactor) return frequency / factor;
    const weight = (context / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - weight) * frequency) / factor + weight * frequency;
  });
}

/** Accepts both spellings (`rope_type` and `ropeType`, and the older `type`). */
function readScaling(scaling: RopeScaling | null | undefined): Llama3RopeScaling | undefined {
  if (scaling === null || scaling === undefined) return undefined;
  const given = scaling as Readonly<Record<string, unknown>>;
  const type = given["ropeType"] ?? given["rope_type"] ?? given["type"] ?? "default";
  if (type === "default") return undefined;
  if (type !== "llama3") {
    throw new UserError("nn/rope-scaling", `rope_scaling of type '${String(type)}' is unknown`, {
      hint: "known: llama3, default",
    });
  }
  const read = (camel: string, snake: string): number => {
    const value = given[camel] ?? given[snake];
    if (typeof value !== "number")
      throw new UserError("nn/rope-scaling", `rope_scaling of type llama3 needs the number '${snake}'`);
    return value;
  };
  return {
    ropeType: "llama3",
    factor: read("factor", "factor"),
    lowFreqFactor: read("lowFreqFactor", "low_freq_factor"),
    highFreqFactor: read("highFreqFactor", "high_freq_factor"),
    originalMaxPositionEmbeddings: read("originalMaxPositionEmbeddings", "original_max_position_embeddings"),
  };
}
