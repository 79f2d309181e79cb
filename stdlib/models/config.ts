/** @file ModelConfig: the numbers that define a model, as `config.json` holds them. */

import { camelCaseKeys } from "../camel-case.ts";
import { UserError } from "../faults.ts";

/** What the library reads of any model's config. An emitted `model.ts` has an interface of its own with the model's further fields. */
export interface ModelConfig {
  /** Rows V of the embedding and of the output head. */
  readonly vocabSize: number;
  /** Width C of the residual stream. */
  readonly hiddenSize: number;
  /** Whether the output head is the embedding table. Default false. */
  readonly tieWordEmbeddings?: boolean | undefined;
  /** The longest sequence, in tokens. Bounds generation. */
  readonly maxPositionEmbeddings?: number | null | undefined;
  /** Width of the sliding window of attention, in tokens. */
  readonly windowSize?: number | null | undefined;
  /** Another name of `windowSize`, which wins. */
  readonly slidingWindow?: number | null | undefined;
  /** Ids of special tokens. */
  readonly padTokenId?: number | null | undefined;
  readonly bosTokenId?: number | null | undefined;
  /** One or several tokens that end a text. */
  readonly eosTokenId?: number | readonly number[] | null | undefined;
}

/**
 * A config from JSON in Hugging Face's spelling (`vocab_size`). Nested objects stay as they are.
 *
 * @throws UserError `model/config`  when a required number is missing
 */
export function readModelConfig<C extends ModelConfig>(json: Readonly<Record<string, unknown>>): C {
  const config = camelCaseKeys(json);
  for (const key of ["vocabSize", "hiddenSize"]) {
    if (typeof config[key] !== "number") {
      throw new UserError("model/config", `the model's config has no number ${key}`, {
        hint: "is this the config.json of a language model?",
      });
    }
  }
  return config as unknown as C;
}

/** The config as `config.json` holds it: keys in snake_case, in order. */
export function writeModelConfig(config: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase(), value]),
  );
}
