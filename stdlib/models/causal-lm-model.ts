/** @file CausalLMModel: a language model with its output head and loss. */
import type { Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import type { LossFunction } from "../loss/causal.ts";
import { KVCache } from "../nn/attention/kv-cache.ts";
import type { CausalLM, CausalLMInputs } from "../nn/causal-lm.ts";
import { LayerStack } from "../nn/layer-stack.ts";
import type { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import type { ModelConfig } from "./config.ts";

/** Options of `CausalLMModel`. */
export interface CausalLMModelOptions<C extends ModelConfig = ModelConfig> {
  /** Token ids → hidden states. */
  readonly causalLm: CausalLM;
  /** Hidden states → logits, a map C → V. */
  readonly lmHead: Linear;
  /** The loss that `forward` computes where labels are given. Default none. */
  readonly lossFn?: LossFunction | null | undefined;
  /** Let the output head be the embedding table. Default: what `config` says, else false. */
  readonly tieWordEmbeddings?: boolean | null | undefined;
  /** The model's numbers. */
  readonly config?: C | null | undefined;
}

/** What `CausalLMModel.forward` takes. */
export interface CausalLMModelInputs extends CausalLMInputs {
  /** i32 [B, T]: the token at t + 1 is what position t predicts; −100 does not count. Usually the input ids. */
  readonly labels?: Tensor | undefined;
  /** Compute logits for the last so many positions only. Default 0: all. */
  readonly logitsToKeep?: number;
}

/** What `CausalLMModel.forward` gives. Tensors are lazy: what the caller leaves unused is not computed. */
export interface CausalLMOutput {
  /** f32 [B, T or logitsToKeep, V]. */
  readonly logits: Tensor;
  /** f32 [B, T, C], behind the last norm: what a fused loss starts from. */
  readonly hiddenStates: Tensor;
  /** f32 [], where labels were given and the model has a loss. */
  readonly loss: Tensor | undefined;
}

/**
 * A causal language model with its head, logits = hidden W_headᵀ. With `tieWordEmbeddings` the head's weight is the embedding table, one tensor with two names.
 *
 * Parameter names: `causal_lm.input_encoder.embedding.weight`, `causal_lm.layer_stack.layers.I.…`, `lm_head.weight`.
 */
export class CausalLMModel<C extends ModelConfig = ModelConfig> extends Module {
  readonly causalLm: CausalLM;
  readonly lmHead: Linear;
  readonly config: C | undefined;
  readonly lossFn: LossFunction | undefined;

  constructor({ causalLm, lmHead, lossFn, tieWordEmbeddings, config }: CausalLMModelOptions<C>) {
    super();
    this.causalLm = causalLm;
    this.lmHead = lmHead;
    this.lossFn = lossFn ?? undefined;
    this.config = config ?? undefined;
    if (tieWordEmbeddings ?? config?.tieWordEmbeddings) tieEmbeddings(lmHead, causalLm);
    this.assignNames();
  }

  forward({ labels, logitsToKeep = 0, ...inputs }: CausalLMModelInputs): CausalLMOutput {
    const hiddenStates = this.causalLm.forward(inputs);
    const kept = logitsToKeep === 0 ? hiddenStates : hiddenStates.slice([null, { start: -logitsToKeep }, null]);
    const logits = this.lmHead.forward(kept);
    if (labels === undefined || this.lossFn === undefined) return { logits, hiddenStates, loss: undefined };
    if (this.lossFn.forwardHidden !== undefined) {
      return { logits, hiddenStates, loss: this.lossFn.forwardHidden(hiddenStates, this.lmHead, labels) };
    }
    const all = logitsToKeep === 0 ? logits : this.lmHead.forward(hiddenStates);
    return { logits, hiddenStates, loss: this.lossFn.forward(all, labels) };
  }

  /** A cache for decoding `batchSize` sequences of up to `capacity` tokens, prompt included. */
  newCache({ batchSize = 1, capacity }: { readonly batchSize?: number; readonly capacity: number }): KVCache {
    const slots = this.causalLm.cacheSlots();
    if (slots.length === 0) {
      throw new UserError("model/no-cache", "no attention layer of this model keeps keys and values", {
        hint: "generate without a cache, or give the attention a cacheSlot",
      });
    }
    return new KVCache({ slots, batchSize, capacity });
  }

  /**
   * Recompute activations in the backward pass instead of keeping them (`gradient_checkpointing`).
   *
   * @returns whether the model has a stack that can
   */
  enableGradientCheckpointing(enable = true): boolean {
    const stacks = [...this.namedModules()].flatMap(([, module]) => (module instanceof LayerStack ? [module] : []));
    for (const stack of stacks) stack.enableCheckpoint = enable;
    return stacks.length > 0;
  }
}

function tieEmbeddings(lmHead: Linear, causalLm: CausalLM): void {
  const table = causalLm.inputEncoder.embedding.weight;
  const [rows, width] = lmHead.weight.shape;
  if (rows !== table.shape[0] || width !== table.shape[1]) {
    throw new UserError(
      "model/tied-shapes",
      `the output head [${lmHead.weight.shape}] cannot share the embedding's table [${table.shape}]`,
      { hint: "set tie_word_embeddings: false, or make the two shapes equal" },
    );
  }
  lmHead.weight = table;
}
