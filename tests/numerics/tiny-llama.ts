/**
 * @file The tiny-llama-4M workload, made of the standard library: hidden 256, SwiGLU 768, 4 heads, 4 layers, vocabulary 2000, untied head;
 * weights and tokens from seeds, so that losses compare with those of other implementations. Tests and benchmarks share it.
 */
import { type HostTensor, linearCrossEntropy, type Session, type Tensor } from "fgc/runtime";
import { CausalLMModel } from "../../stdlib/models/index.ts";
import * as nn from "../../stdlib/nn/index.ts";
import { AdamW, type AnyOptimizer, gradientsOf } from "../../stdlib/optim/index.ts";

const hiddenSize = 256;
const intermediateSize = 768;
const numHeads = 4;
const numLayers = 4;
export const vocabSize = 2000;

/** The losses of the first steps, from PyTorch, by `BxT`. Stay within 2e-4. */
export const expectedLosses: Readonly<Record<string, readonly number[]>> = {
  "4x128": [7.66641, 7.66254, 7.6451, 7.64031, 7.61401],
  "8x256": [7.64688, 7.62116, 7.61377, 7.57645, 7.55696],
  "32x512": [7.65085],
};

/** Greedy continuation of the single token 1, with fresh weights. */
export const expectedTokens: readonly number[] = [1059, 1493, 1493, 1977, 329, 329, 329, 1589, 1589, 1589, 1589, 1589];

/** Floating-point operations of training per token: three times the products of the forward pass, and the attention over T positions. */
export function flopsPerToken(length: number): number {
  const weights = numLayers * (4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize) + hiddenSize * vocabSize;
  return 3 * (2 * weights + numLayers * 4 * length * hiddenSize);
}

/** The model with the workload's weights (seed 1234). */
export function makeTinyLlama(maxPositionEmbeddings = 1024): CausalLMModel {
  const norm = (): nn.RMSNorm => new nn.RMSNorm(hiddenSize, { eps: 1e-5 });
  const posEncoder = new nn.RotaryPE({
    hiddenSize,
    numAttentionHeads: numHeads,
    maxSequenceLength: maxPositionEmbeddings,
  });
  const model = new CausalLMModel({
    causalLm: new nn.CausalLM({
      inputEncoder: new nn.InputEncoder({ dModel: hiddenSize, vocabSize, dropout: 0, scaleSqrtDModel: false }),
      layerStack: new nn.LayerStack({
        numHiddenLayers: numLayers,
        postNormFactory: norm,
        layerFactory: ({ layerIdx }) =>
          new nn.PreLNLayer({
            layerIdx,
            normFactory: norm,
            dropout: 0,
            attentionFactory: (args) =>
              new nn.CausalMultiheadAttn({ dModel: hiddenSize, numHeads, posEncoder, ...args }),
            feedforwardFactory: () =>
              new nn.GLUFeedforwardLayer({ dModel: hiddenSize, dFeedforward: intermediateSize, dropout: 0 }),
          }),
      }),
    }),
    lmHead: new nn.Linear(hiddenSize, vocabSize, { bias: false }),
    config: { vocabSize, hiddenSize, maxPositionEmbeddings },
  });
  fillWeights(model);
  return model;
}

/** The workload's tokens (seed 5678): three of four follow from the one before, so that there is something to learn. */
export function makeTokens(count = 1_048_576): Int32Array {
  const random = mulberry32(5678);
  const tokens = new Int32Array(count);
  for (let i = 1; i < count; i++) {
    tokens[i] = random() < 0.75 ? (tokens[i - 1]! * 7 + 11) % vocabSize : Math.floor(random() * vocabSize);
  }
  return tokens;
}

/** Inputs and targets of step `step`: rows are consecutive stretches of T + 1 tokens. */
export function batchOf(
  tokens: Int32Array,
  step: number,
  batch: number,
  length: number,
): Record<"inputIds" | "targets", HostTensor> {
  const rows = Math.floor(tokens.length / (length + 1));
  const inputIds = new Int32Array(batch * length);
  const targets = new Int32Array(batch * length);
  for (let b = 0; b < batch; b++) {
    const start = ((step * batch + b) % rows) * (length + 1);
    inputIds.set(tokens.subarray(start, start + length), b * length);
    targets.set(tokens.subarray(start + 1, start + length + 1), b * length);
  }
  const shape = [batch, length];
  return { inputIds: { data: inputIds, shape, dtype: "i32" }, targets: { data: targets, shape, dtype: "i32" } };
}

/** One training step as one Program: forward, mean cross-entropy of all positions, backward, PyTorch's AdamW with its defaults. */
export function compileTrainStep(
  session: Session,
  model: CausalLMModel,
): {
  readonly optimizer: AnyOptimizer;
  readonly step: (batch: Record<"inputIds" | "targets", HostTensor>) => Promise<number>;
} {
  const optimizer = new AdamW(model.namedParameters(), { lr: 1e-3, weightDecay: 0.01 });
  const compiled = session.compile(
    (inputs: Record<string, Tensor>) => {
      const { inputIds, targets } = inputs as Record<"inputIds" | "targets", Tensor>;
      const { hiddenStates } = model.forward({ inputIds });
      const loss = linearCrossEntropy(
        hiddenStates.reshape([-1, hiddenSize]),
        model.lmHead.weight,
        targets.reshape([-1]),
      );
      optimizer.trace(gradientsOf(loss, optimizer.parameters()), inputs);
      return { loss };
    },
    { name: "tiny_llama_train" },
  );
  const step = async (batch: Record<"inputIds" | "targets", HostTensor>): Promise<number> => {
    const { loss } = await compiled({ ...batch, ...optimizer.scalars() });
    optimizer.advance();
    return loss.data[0]!;
  };
  return { optimizer, step };
}

/** Weights in the workload's order: embed; per layer attn_norm, q, k, v, o, mlp_norm, gate, up, down; final norm; head. */
function fillWeights(model: CausalLMModel): void {
  const random = mulberry32(1234);
  const parameters = new Map(model.namedParameters());
  const layerParts = [
    "attention.query_linear",
    "attention.key_linear",
    "attention.value_linear",
    "attention.output_linear",
  ];
  const feedforwardParts = ["feedforward.gate_proj", "feedforward.up_proj", "feedforward.down_proj"];
  const order = [
    "causal_lm.input_encoder.embedding.weight",
    ...Array.from({ length: numLayers }, (_, i) =>
      [...layerParts, ...feedforwardParts].map((part) => `causal_lm.layer_stack.layers.${i}.${part}.weight`),
    ).flat(),
    "lm_head.weight", // norms are 1 and draw nothing
  ];
  for (const name of order) {
    const parameter = parameters.get(name)!;
    const values = new Float32Array(parameter.size);
    for (let i = 0; i < values.length; i++) {
      values[i] = 0.02 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    }
    parameter.initial = values;
  }
}

/** @source Tommy Ettinger's mulberry32 */
function mulberry32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
