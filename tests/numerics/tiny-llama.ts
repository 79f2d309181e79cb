/**
 * @file The llama workloads, made of the standard library as `examples/models/llama` makes its models: SwiGLU, untied head; weights and
 * tokens from seeds, so that losses compare with those of other implementations. Tests and benchmarks share them.
 */
import {
  type CompiledFunction,
  type ComputeType,
  type HostTensor,
  linearCrossEntropy,
  type Session,
  type Tensor,
  withPrecision,
} from "fgc/runtime";
import { CausalLMModel } from "../../stdlib/models/index.ts";
import * as nn from "../../stdlib/nn/index.ts";
import { AdamW, type AnyOptimizer, type Gradients, globalNorm, gradientsOf } from "../../stdlib/optim/index.ts";
import { LossScaler } from "../../stdlib/train/loss-scaler.ts";

export interface LlamaSize {
  readonly name: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHeads: number;
  readonly numLayers: number;
  readonly vocabSize: number;
}

/** 4 434 176 parameters: the workload of `../shared/perf/README.md`. */
export const llama4M: LlamaSize = {
  name: "4M",
  hiddenSize: 256,
  intermediateSize: 768,
  numHeads: 4,
  numLayers: 4,
  vocabSize: 2000,
};

/** 119 162 880 parameters with its vocabulary. */
export const llama117M: LlamaSize = {
  name: "117M",
  hiddenSize: 1024,
  intermediateSize: 2816,
  numHeads: 8,
  numLayers: 8,
  vocabSize: 8000,
};

/** The losses of the first steps, from PyTorch, by `BxT`. Stay within 2e-4. */
export const expectedLosses: Readonly<Record<string, readonly number[]>> = {
  "2x32": [7.66117, 7.70727, 7.64809],
  "4x128": [7.66641, 7.66254, 7.6451, 7.64031, 7.61401],
  "8x256": [7.64688, 7.62116, 7.61377, 7.57645, 7.55696],
  "32x512": [7.65085],
};

/** Greedy continuation of the single token 1, with fresh weights. */
export const expectedTokens: readonly number[] = [1059, 1493, 1493, 1977, 329, 329, 329, 1589, 1589, 1589, 1589, 1589];

/** Floating-point operations of training per token: three times the products of the forward pass, and the attention over T positions. */
export function flopsPerToken(length: number, size: LlamaSize = llama4M): number {
  const { hiddenSize, intermediateSize, numLayers, vocabSize } = size;
  const weights = numLayers * (4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize) + hiddenSize * vocabSize;
  return 3 * (2 * weights + numLayers * 4 * length * hiddenSize);
}

/** The 4M model with the workload's weights (seed 1234). */
export const makeTinyLlama = (maxPositionEmbeddings = 1024): CausalLMModel => makeLlama(llama4M, maxPositionEmbeddings);

export function makeLlama(size: LlamaSize, maxPositionEmbeddings = 1024): CausalLMModel {
  const { hiddenSize, intermediateSize, numHeads, numLayers, vocabSize } = size;
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
  fillWeights(model, size);
  return model;
}

/** The workload's tokens (seed 5678): three of four follow from the one before, so that there is something to learn. */
export function makeTokens(count = 1_048_576, { vocabSize }: LlamaSize = llama4M): Int32Array {
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

type StepBatch = Record<"inputIds" | "targets", HostTensor>;

export interface TrainStep {
  readonly optimizer: AnyOptimizer;
  /** One step, and its loss. */
  readonly step: (batch: StepBatch) => Promise<number>;
  /** Starts a step; the loss is read later, or never. */
  readonly start: (batch: StepBatch) => ReturnType<CompiledFunction<string, "loss">["start"]>;
}

/**
 * One training step as one Program: forward, mean cross-entropy of all positions, backward, PyTorch's AdamW with its defaults. In f16 the
 * loss is scaled, and a step whose gradients are not finite changes nothing.
 */
export function compileTrainStep(session: Session, model: CausalLMModel, compute: ComputeType = "f32"): TrainStep {
  const optimizer = new AdamW(model.namedParameters(), { lr: 1e-3, weightDecay: 0.01 });
  const scaler = compute === "f16" ? new LossScaler() : undefined;
  const hiddenSize = model.lmHead.weight.shape[1] as number;
  const compiled = session.compile(
    (inputs: Record<string, Tensor>) => {
      const { inputIds, targets } = inputs as Record<"inputIds" | "targets", Tensor>;
      const loss = withPrecision({ compute }, () => {
        const { hiddenStates } = model.forward({ inputIds });
        return linearCrossEntropy(hiddenStates.reshape([-1, hiddenSize]), model.lmHead.weight, targets.reshape([-1]));
      });
      const update = (gradients: Gradients): void => optimizer.trace(gradients, inputs);
      if (scaler === undefined) update(gradientsOf(loss, optimizer.parameters()));
      else {
        const gradients = scaler.unscale(gradientsOf(scaler.scaleLoss(loss), optimizer.parameters()));
        scaler.guard(globalNorm(gradients), () => update(gradients));
      }
      return { loss };
    },
    { name: "tiny_llama_train" },
  );
  const start: TrainStep["start"] = async (batch) => {
    const run = await compiled.start({ ...batch, ...optimizer.scalars() });
    optimizer.advance();
    return run;
  };
  return { optimizer, start, step: async (batch) => (await (await start(batch)).read()).loss.data[0]! };
}

/** Weights in the workload's order: embed; per layer attn_norm, q, k, v, o, mlp_norm, gate, up, down; final norm; head. */
export function weightNames({ numLayers }: LlamaSize): readonly string[] {
  const layerParts = [
    "norm1",
    "attention.query_linear",
    "attention.key_linear",
    "attention.value_linear",
    "attention.output_linear",
    "norm2",
    "feedforward.gate_proj",
    "feedforward.up_proj",
    "feedforward.down_proj",
  ];
  return [
    "causal_lm.input_encoder.embedding.weight",
    ...Array.from({ length: numLayers }, (_, i) =>
      layerParts.map((part) => `causal_lm.layer_stack.layers.${i}.${part}.weight`),
    ).flat(),
    "causal_lm.layer_stack.layer_norm.weight",
    "lm_head.weight",
  ];
}

/** Seed 1234; norms are 1 and draw nothing. */
function fillWeights(model: CausalLMModel, size: LlamaSize): void {
  const random = mulberry32(1234);
  const parameters = new Map(model.namedParameters());
  for (const name of weightNames(size)) {
    if (name.includes("norm")) continue;
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
