/** @file GenerationConfig: how a text is continued. One set of names for callbacks, `model.mjs` and `generation_config.json`. */
import { camelCaseKeys } from "../camel-case.ts";
import { nearestName, UserError } from "../faults.ts";

/** How to choose the next tokens. */
export interface GenerationOptions {
  /** The most tokens to add. Default 100. */
  readonly maxNewTokens?: number;
  /** Draw at random from the filtered probabilities; otherwise the likeliest token is taken. Default: on, unless the temperature is 0. */
  readonly doSample?: boolean;
  /** Logits are divided by it: below 1 bolder, above 1 wilder; 0 is greedy. Default 1. */
  readonly temperature?: number;
  /** Draw only from the k likeliest tokens; 0 is off. Default 0. */
  readonly topK?: number;
  /** Draw only from the likeliest tokens that together have this probability; 1 is off. Default 1. */
  readonly topP?: number;
  /** Draw only from tokens at least so likely relative to the likeliest; 0 is off. Default 0. */
  readonly minP?: number;
  /** Makes tokens that occurred less likely: positive logits are divided by it, negative multiplied; 1 is off. Default 1. */
  readonly repetitionPenalty?: number;
  /** The seed of the draws: the same seed and weights give the same text. Default 0. */
  readonly seed?: number;
  /** One or several tokens that end the text. Default none. */
  readonly eosTokenId?: number | readonly number[] | null | undefined;
  /** Accepted for upstream's configs: a cache is used wherever the model has one. */
  readonly useCache?: boolean;
}

/** What `GenerationConfig.from` reads: a config, options, or the content of `generation_config.json`. */
export type GenerationConfigInput = GenerationConfig | GenerationOptions | Readonly<Record<string, unknown>>;

/** How to generate: `GenerationOptions` with every choice made and checked. */
export class GenerationConfig {
  readonly maxNewTokens: number;
  readonly doSample: boolean;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
  readonly eosTokenIds: ReadonlySet<number>;

  /** @throws UserError `generate/option`  for a value out of range */
  constructor(options: GenerationOptions = {}) {
    const {
      maxNewTokens = 100,
      temperature = 1,
      topK = 0,
      topP = 1,
      minP = 0,
      repetitionPenalty = 1,
      seed = 0,
    } = options;
    const isCount = (x: number): boolean => Number.isInteger(x) && x >= 0;
    this.maxNewTokens = check("max_new_tokens", maxNewTokens, isCount, "a whole number from 0");
    this.temperature = check("temperature", temperature, (x) => x >= 0, "a number from 0");
    this.topK = check("top_k", topK, isCount, "a whole number from 0");
    this.topP = check("top_p", topP, (x) => x > 0 && x <= 1, "a number in (0, 1]");
    this.minP = check("min_p", minP, (x) => x >= 0 && x <= 1, "a number in [0, 1]");
    this.repetitionPenalty = check("repetition_penalty", repetitionPenalty, (x) => x > 0, "a positive number");
    this.seed = check("seed", seed, Number.isInteger, "a whole number");
    this.doSample = (options.doSample ?? true) && temperature > 0;
    const { eosTokenId } = options;
    this.eosTokenIds = new Set(eosTokenId === undefined || eosTokenId === null ? [] : [eosTokenId].flat());
  }

  /**
   * A config from options in either spelling (`top_k`, `topK`).
   *
   * @throws UserError `generate/option`  for an unknown name too
   */
  static from(input: GenerationConfigInput = {}): GenerationConfig {
    if (input instanceof GenerationConfig) return input;
    const given = camelCaseKeys(input as Readonly<Record<string, unknown>>);
    for (const name of Object.keys(given)) {
      if (knownOptions.has(name)) continue;
      const nearest = nearestName(name, knownOptions);
      throw new UserError("generate/option", `generation has no option '${name}'`, {
        hint: nearest === undefined ? `known: ${[...knownOptions].join(", ")}` : `did you mean '${nearest}'?`,
      });
    }
    const set = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
    return new GenerationConfig(Object.fromEntries(set) as GenerationOptions);
  }
}

const knownOptions: ReadonlySet<string> = new Set([
  ...[
    "maxNewTokens",
    "doSample",
    "temperature",
    "topK",
    "topP",
    "minP",
    "repetitionPenalty",
    "seed",
    "eosTokenId",
    "useCache",
  ],
  // In Hugging Face's generation_config.json, and without a meaning for the continuation itself.
  ...["bosTokenId", "padTokenId", "transformersVersion"],
]);

function check(name: string, value: unknown, holds: (value: number) => boolean, expected: string): number {
  if (typeof value === "number" && holds(value)) return value;
  throw new UserError("generate/option", `${name} must be ${expected}, not ${String(value)}`, { kind: "usage" });
}
