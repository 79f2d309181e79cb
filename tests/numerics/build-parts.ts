/** @file Modules from a golden's arguments, which are in upstream's spelling: a nested object with a `type` is a part to make first. */

import { camelCaseKeys } from "../../stdlib/camel-case.ts";
import * as loss from "../../stdlib/loss/index.ts";
import { CausalLMModel } from "../../stdlib/models/index.ts";
import * as nn from "../../stdlib/nn/index.ts";
import { type Golden, type Json, tensorsBelow } from "./golden.ts";

const activations: Readonly<Record<string, () => nn.Activation>> = {
  relu: () => new nn.ReLU(),
  silu: () => new nn.SiLU(),
  gelu: () => new nn.GELU(),
  gelu_tanh: () => new nn.GELU({ approximate: "tanh" }),
};

/** A module of any kind, as tests call it. */
export type Part = nn.Module & { forward(...args: unknown[]): unknown };

/** What a model's wiring gives to each attention beside the golden's arguments. */
interface Wiring {
  readonly posEncoder?: nn.RotaryPE | undefined;
}

export function buildPart(type: string, args: Json, wiring: Wiring = {}, layerIdx = 0): Part {
  const options = { ...resolveArguments(args, wiring), layerIdx } as never;
  const { normalizedShape, eps } = options as { normalizedShape: number; eps?: number };
  const norm = eps === undefined ? {} : { eps };
  const makers: Readonly<Record<string, () => nn.Module>> = {
    RMSNorm: () => new nn.RMSNorm(normalizedShape, norm),
    LayerNorm: () => new nn.LayerNorm(normalizedShape, norm),
    CausalMultiheadAttn: () => new nn.CausalMultiheadAttn({ ...wiring, ...(options as object) } as never),
    CausalAlibiAttn: () => new nn.CausalAlibiAttn(options),
    SingleHeadAttn: () => new nn.SingleHeadAttn(options),
    SingleHeadAlibiAttn: () => new nn.SingleHeadAlibiAttn(options),
    FeedforwardLayer: () => new nn.FeedforwardLayer(options),
    GLUFeedforwardLayer: () => new nn.GLUFeedforwardLayer(options),
    PreLNLayer: () => new nn.PreLNLayer(options),
    PostLNLayer: () => new nn.PostLNLayer(options),
    DeepnetLayer: () => new nn.DeepnetLayer(options),
    LayerStack: () => new nn.LayerStack(options),
    CheckpointLayerStack: () => new nn.CheckpointLayerStack(options),
    ExplicitLayerStack: () => new nn.ExplicitLayerStack(options),
    InputEncoder: () => new nn.InputEncoder(options),
    SinusoidalPE: () => new nn.SinusoidalPE(options),
    NullPE: () => new nn.NullPE(),
  };
  const make = makers[type];
  if (make === undefined) throw new Error(`no part is called ${type}`);
  return make() as Part;
}

/** Arguments in our spelling, factories and nested parts made. */
function resolveArguments(args: Json, wiring: Wiring): Record<string, unknown> {
  const entries = Object.entries(args).map(([key, value]): [string, unknown] => {
    if (key === "activation_factory") return [key, activations[value as string]];
    if (key === "qk_norm_factory") {
      return [key, (headDim: number) => buildPart("RMSNorm", { ...(value as Json), normalized_shape: headDim })];
    }
    if (key === "pos_encoder") return [key, new nn.RotaryPE(camelCaseKeys(value as Json) as never)];
    if (key === "positional_encoder") return [key, buildPart((value as Json)["type"] as string, value as Json)];
    if (key === "factory_list") return [key, (value as Json[]).map((part) => factoryOf(part, wiring))];
    if (key.endsWith("_factory")) return [key, value === null ? null : factoryOf(value as Json, wiring)];
    return [key, value];
  });
  return camelCaseKeys(Object.fromEntries(entries.filter(([key]) => key !== "type" && key !== "sdpa_function")));
}

function factoryOf(part: Json, wiring: Wiring): (args?: { layerIdx: number }) => Part {
  return (args) => buildPart(part["type"] as string, part, wiring, args?.layerIdx);
}

/** A whole model from the `config`, `layer` and `final_norm` of a golden. */
export function buildModel(args: Json): CausalLMModel {
  const config = camelCaseKeys(args["config"] as Json) as unknown as nn.CausalLMConfig & {
    arch: string;
    hiddenSize: number;
    vocabSize: number;
    numHiddenLayers: number;
    numAttentionHeads: number;
    maxPositionEmbeddings: number;
  };
  const { arch, hiddenSize, vocabSize, numHiddenLayers, maxPositionEmbeddings } = config;
  const isLlama = arch === "llama";
  const isPlain = arch === "causal_transformer" || arch === "pre_ln_gelu";
  const posEncoder = isLlama
    ? new nn.RotaryPE({ ...(config as object), maxSequenceLength: maxPositionEmbeddings } as never)
    : undefined;
  const finalNorm = args["final_norm"] as Json | null;
  return new CausalLMModel({
    causalLm: new nn.CausalLM({
      inputEncoder: new nn.InputEncoder({
        dModel: hiddenSize,
        vocabSize,
        dropout: 0,
        scaleSqrtDModel: isPlain,
        positionalEncoder: isPlain
          ? new nn.SinusoidalPE({ dModel: hiddenSize, maxSequenceLength: maxPositionEmbeddings })
          : null,
      }),
      layerStack: new nn.LayerStack({
        layerFactory: factoryOf(args["layer"] as Json, { posEncoder }) as never,
        numHiddenLayers,
        postNormFactory: finalNorm === null ? null : (factoryOf(finalNorm, {}) as never),
      }),
      config,
    }),
    lmHead: new nn.Linear(hiddenSize, vocabSize, { bias: false }),
    lossFn: new loss.CausalLoss(),
    config,
  });
}

/** Give a model the golden's weights: all parameters, and the buffers that it has. */
export function loadWeights(model: CausalLMModel, golden: Golden, prefix = "param."): CausalLMModel {
  const values = new Map([...tensorsBelow(golden, prefix), ...tensorsBelow(golden, "buffer.")]);
  const { missing, unexpected } = model.loadStateDict(values, { strict: false });
  const buffers = new Set(model.namedBuffers().map(([name]) => name));
  const absent = missing.filter((name) => !buffers.has(name));
  if (absent.length + unexpected.length > 0)
    throw new Error(`${golden.name}: missing ${absent}, unexpected ${unexpected}`);
  return model;
}
