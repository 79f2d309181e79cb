/** @file The tokens that a generation starts from. */
import type { Tokenizer } from "../tokenizers/index.ts";

/** The prompt's tokens, without the end token that a post-processor may add; an empty prompt starts from the begin token. */
export function promptIds(tokenizer: Tokenizer, prompt: string): number[] {
  const ids = tokenizer.encode(prompt);
  while (ids.length > 0 && ids.at(-1) === tokenizer.eosTokenId && tokenizer.eosTokenId !== tokenizer.bosTokenId)
    ids.pop();
  if (ids.length > 0) return ids;
  const start = tokenizer.bosTokenId ?? tokenizer.eosTokenId;
  return start === undefined ? [] : [start];
}
