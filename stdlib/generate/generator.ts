/**
 * @file TextGenerator: continue a sequence of tokens.
 *
 * Two Programs: one takes the prompt in one go, one takes a token at a time; both write keys and values into one cache of fixed capacity.
 * Prompts are padded to a few lengths, so that a new prompt rarely needs a new Program: what padding writes into the cache lies behind
 * the valid length and is overwritten by the tokens that follow.
 */
import type { HostInput, HostTensor, Session, Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import type { CausalLMModel, ModelConfig } from "../models/index.ts";
import type { KVCache } from "../nn/attention/kv-cache.ts";
import { namedStream } from "../random.ts";
import { GenerationConfig, type GenerationConfigInput } from "./config.ts";
import { argmax, drawToken, filterLogits } from "./filters.ts";

/** Options of `TextGenerator`. */
export interface TextGeneratorOptions {
  /** The longest sequence, prompt and continuation, in tokens. Default: the model's `maxPositionEmbeddings`, else 2048. */
  readonly maxLength?: number | undefined;
}

/** What may be watched or stopped while a text grows. */
export interface GenerateHooks {
  /** Called with each new token; the next one is computed when it has returned, or what it returns has settled. */
  readonly onToken?: (token: number) => void | Promise<void>;
  /** Called with the model's logits [V] for the next token, before any filter. */
  readonly onLogits?: (logits: Float32Array) => void;
  /** Stops after the current token. */
  readonly signal?: AbortSignal | undefined;
}

type NextLogits = (inputs: Record<string, HostInput>) => Promise<Record<"logits", HostTensor>>;

/** The Programs of one capacity. */
interface Decoder {
  readonly capacity: number;
  readonly prefill: NextLogits;
  /** Absent where the model has no cache: then the whole sequence is computed for each token. */
  readonly decode: NextLogits | undefined;
}

/** Generates text with a causal language model: prompts in, samples or greedy continuations out, keys and values cached. */
export class TextGenerator {
  readonly #model: CausalLMModel<ModelConfig>;
  readonly #session: Session;
  readonly #maxLength: number;
  #decoder: Decoder | undefined;

  constructor(model: CausalLMModel<ModelConfig>, session: Session, options: TextGeneratorOptions = {}) {
    this.#model = model;
    this.#session = session;
    const known = options.maxLength ?? model.config?.maxPositionEmbeddings ?? defaultMaxLength;
    this.#maxLength = Math.min(known, longestCache); // a tokenizer without a limit says infinity
  }

  /**
   * Continue `prompt`. The text ends at a token of `eosTokenId` (which is not returned), after `maxNewTokens`, or at the longest length that
   * the model takes.
   *
   * @returns the new tokens
   * @throws UserError `generate/prompt-length`  for an empty prompt, or one that leaves no room
   */
  async generate(
    prompt: readonly number[],
    config: GenerationConfigInput = {},
    hooks: GenerateHooks = {},
  ): Promise<number[]> {
    const settings = GenerationConfig.from(config);
    if (prompt.length === 0) {
      throw new UserError("generate/prompt-length", "there is no token to continue", {
        hint: "give a prompt of at least one token",
      });
    }
    if (prompt.length >= this.#maxLength) {
      throw new UserError(
        "generate/prompt-length",
        `the prompt has ${prompt.length} tokens, the model takes ${this.#maxLength}`,
      );
    }
    const wasTraining = this.#model.training;
    this.#model.eval();
    try {
      return await this.#run(prompt, settings, hooks);
    } finally {
      this.#model.train(wasTraining);
    }
  }

  async #run(
    prompt: readonly number[],
    settings: GenerationConfig,
    { onToken, onLogits, signal }: GenerateHooks,
  ): Promise<number[]> {
    const length = Math.min(this.#maxLength, prompt.length + settings.maxNewTokens);
    const decoder = this.#decoderFor(length);
    const random = namedStream(settings.seed, "sample");
    const tokens = [...prompt];
    while (tokens.length < length && signal?.aborted !== true) {
      const { logits } = await this.#next(decoder, tokens, prompt.length);
      const row = Float32Array.from(logits.data);
      onLogits?.(row.slice());
      filterLogits(row, tokens, settings);
      const token = settings.doSample ? drawToken(row, random.uniform()) : argmax(row);
      if (settings.eosTokenIds.has(token)) break;
      tokens.push(token);
      await onToken?.(token);
    }
    return tokens.slice(prompt.length);
  }

  #next(decoder: Decoder, tokens: readonly number[], promptLength: number): Promise<Record<"logits", HostTensor>> {
    if (decoder.decode !== undefined && tokens.length > promptLength) {
      return decoder.decode({ tokens: int32([tokens.at(-1)!], [1, 1]), start: int32([tokens.length - 1], []) });
    }
    const padded = Math.min(decoder.capacity, nextPowerOfTwo(Math.max(shortestPrefill, tokens.length)));
    const ids = new Int32Array(padded);
    ids.set(tokens);
    return decoder.prefill({
      tokens: { data: ids, shape: [1, padded], dtype: "i32" },
      start: int32([0], []),
      last: int32([tokens.length - 1], [1]),
    });
  }

  #decoderFor(length: number): Decoder {
    if (this.#decoder !== undefined && this.#decoder.capacity >= length) return this.#decoder;
    const capacity = Math.min(this.#maxLength, nextPowerOfTwo(Math.max(shortestCache, length)));
    const model = this.#model;
    const hasCache = model.causalLm.cacheSlots().length > 0;
    const cache = hasCache ? model.newCache({ capacity }) : undefined;
    const prefill = this.#session.compile(
      ({ tokens, start, last }: Record<"tokens" | "start" | "last", Tensor>) => {
        const { hiddenStates } = model.forward({ inputIds: tokens, cache: viewOf(cache, start) });
        return { logits: model.lmHead.forward(hiddenStates.indexSelect(1, last)) };
      },
      { name: "prefill" },
    );
    const decode = this.#session.compile(
      ({ tokens, start }: Record<"tokens" | "start", Tensor>) => ({
        logits: model.forward({ inputIds: tokens, cache: viewOf(cache, start) }).logits,
      }),
      { name: "decode" },
    );
    this.#decoder = { capacity, prefill: prefill as NextLogits, decode: hasCache ? (decode as NextLogits) : undefined };
    return this.#decoder;
  }
}

const defaultMaxLength = 2048;
const longestCache = 1 << 17;
const shortestCache = 64;
const shortestPrefill = 16;

function viewOf(cache: KVCache | undefined, start: Tensor): ReturnType<KVCache["at"]> | undefined {
  return cache?.at(start);
}

function int32(data: readonly number[], shape: readonly number[]): HostTensor {
  return { data: Int32Array.from(data), shape, dtype: "i32" };
}

function nextPowerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(n));
}
