/** @file A training step with everything in it that trainers use: dropout, grouped heads, rotary positions, a tied head, clipping, AdamW; small enough for the reference. */
import { type Precision, type Session, StateTensor, type Tensor, withPrecision } from "fgc/runtime";
import { CausalLoss } from "../../stdlib/loss/index.ts";
import { CausalLMModel } from "../../stdlib/models/index.ts";
import * as nn from "../../stdlib/nn/index.ts";
import { AdamW, clipGradNorm, gradientsOf } from "../../stdlib/optim/index.ts";

const dModel = 32;
const vocabSize = 50;

export interface MiniTrainingOptions {
  /** What products and attention compute in; f32 where absent. */
  readonly compute?: Precision["compute"];
  /** Activations are recomputed in the backward pass. */
  readonly checkpoint?: boolean;
}

export interface MiniTraining {
  readonly losses: readonly number[];
  /** Before clipping. */
  readonly gradientNorms: readonly number[];
}

export async function makeMiniTraining(
  session: Session,
  steps = 1,
  { compute = "f32", checkpoint = false }: MiniTrainingOptions = {},
): Promise<MiniTraining> {
  const norm = () => new nn.RMSNorm(dModel, { eps: 1e-5 });
  const posEncoder = new nn.RotaryPE({ hiddenSize: dModel, numAttentionHeads: 4, maxSequenceLength: 32 });
  const model = new CausalLMModel({
    causalLm: new nn.CausalLM({
      inputEncoder: new nn.InputEncoder({ dModel, vocabSize, dropout: 0.1 }),
      layerStack: new nn.LayerStack({
        numHiddenLayers: 2,
        postNormFactory: norm,
        enableCheckpoint: checkpoint,
        layerFactory: ({ layerIdx }) =>
          new nn.PreLNLayer({
            layerIdx,
            normFactory: norm,
            dropout: 0.1,
            attentionFactory: (args) =>
              new nn.CausalMultiheadAttn({ dModel, numHeads: 4, numKvHeads: 2, posEncoder, ...args }),
            feedforwardFactory: () => new nn.GLUFeedforwardLayer({ dModel, dFeedforward: 48, dropout: 0 }),
          }),
      }),
    }),
    lmHead: new nn.Linear(dModel, vocabSize, { bias: false }),
    lossFn: new CausalLoss(),
  });
  nn.seedWeights(model, 3);
  model.train();
  const optimizer = new AdamW(model.namedParameters(), { lr: 1e-2 });
  const counter = new StateTensor([], new Int32Array(1), { dtype: "i32", label: "counter" });
  const step = session.compile(
    (inputs: Record<string, Tensor>) =>
      nn.withDropoutStream({ seed: 1, counter }, () => {
        const ids = inputs["inputIds"] as Tensor;
        const { loss } = withPrecision(
          { compute },
          () => model.forward({ inputIds: ids, labels: ids }) as { loss: Tensor },
        );
        const { gradients, norm: gradNorm } = clipGradNorm(gradientsOf(loss, optimizer.parameters()), 1);
        optimizer.trace(gradients, inputs);
        return { loss, gradNorm };
      }),
    { name: "mini_training" },
  );
  const losses: number[] = [];
  const gradientNorms: number[] = [];
  for (let s = 0; s < steps; s++) {
    const inputIds = Int32Array.from({ length: 3 * 20 }, (_, i) => (i * 7 + s) % vocabSize);
    const { loss, gradNorm } = await step({
      inputIds: { data: inputIds, shape: [3, 20], dtype: "i32" },
      ...optimizer.scalars(),
    });
    optimizer.advance();
    losses.push(loss?.data[0] as number);
    gradientNorms.push(gradNorm?.data[0] as number);
  }
  return { losses, gradientNorms };
}
