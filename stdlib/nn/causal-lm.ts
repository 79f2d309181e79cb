/** @file CausalLM: token ids to hidden states, the part of a language model below its output head. */
import { arange, type Tensor } from "fgc/runtime";
import type { LayerContext } from "./attention/context.ts";
import type { CacheSlot, CacheView } from "./attention/kv-cache.ts";
import { type AttentionMaskFunction, causalMask } from "./attention/mask.ts";
import type { InputEncoder } from "./input-encoder.ts";
import type { Layer } from "./layers.ts";
import { Module } from "./module.ts";

/** What `CausalLM` reads of a model's config. */
export interface CausalLMConfig {
  /** Width of the sliding window of attention, in tokens. */
  readonly windowSize?: number | null | undefined;
  /** The name that model configs use for the same; `windowSize` wins. */
  readonly slidingWindow?: number | null | undefined;
}

/** Options of `CausalLM`. */
export interface CausalLMOptions {
  /** Token ids → residual stream. */
  readonly inputEncoder: InputEncoder;
  /** The layers, with the norm behind them if any. */
  readonly layerStack: Layer;
  /** Chooses how weights start; called once with this module. Default: each part's own. */
  readonly initWeights?: ((module: Module) => void) | null | undefined;
  /** Says which keys a query sees. Default `causalMask`. */
  readonly attnMaskFn?: AttentionMaskFunction | null | undefined;
  /** The model's config. */
  readonly config?: CausalLMConfig | null | undefined;
}

/** What a causal model is run on. */
export interface CausalLMInputs {
  /** i32 [B, T]. */
  readonly inputIds: Tensor;
  /** i32 [B or 1, T]: restart where a packed document begins. Default 0 … T−1, or counted on from the cache. */
  readonly positionIds?: Tensor | undefined;
  /** [B, T]: 0 marks padding; or [B, T, T′]: nonzero where a query may attend. */
  readonly attentionMask?: Tensor | undefined;
  /** Keys and values of earlier tokens. */
  readonly cache?: CacheView | undefined;
}

/** Returns the hidden states behind the last layer, f32 [B, T, C]. Upstream's name is `CasualLM`. */
export class CausalLM extends Module {
  readonly inputEncoder: InputEncoder;
  readonly layerStack: Layer;
  readonly #attnMaskFn: AttentionMaskFunction;
  readonly #window: number | undefined;

  constructor({ inputEncoder, layerStack, initWeights, attnMaskFn, config }: CausalLMOptions) {
    super();
    this.inputEncoder = inputEncoder;
    this.layerStack = layerStack;
    this.#attnMaskFn = attnMaskFn ?? causalMask;
    this.#window = config?.windowSize ?? config?.slidingWindow ?? undefined;
    this.assignNames();
    initWeights?.(this);
  }

  forward({ inputIds, positionIds, attentionMask, cache }: CausalLMInputs): Tensor {
    const positions = positionIds ?? (cache && countOn(cache, inputIds.shape[1] ?? 1));
    const masking = this.#attnMaskFn({ positionIds, attentionMask, cache, window: this.#window });
    const context: LayerContext = { positionIds: positions, masking, cache };
    return this.layerStack.forward(this.inputEncoder.forward(inputIds, positions), context);
  }

  /** What each attention layer keeps in a cache. A layer of a user's own takes part by having a `cacheSlot`. */
  cacheSlots(): CacheSlot[] {
    return [...this.namedModules()].flatMap(([, module]) => {
      const slot: unknown = Reflect.get(module, "cacheSlot");
      return slot === undefined ? [] : [slot as CacheSlot];
    });
  }
}

/** i32 [1, T]: the positions behind those in the cache. */
function countOn(cache: CacheView, length: number): Tensor {
  return arange(length).add(cache.start).unsqueeze(0);
}
