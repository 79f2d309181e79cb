/**
 * @file The filters between logits and the choice of a token. Each changes one row of logits in place; a token that is out has −∞.
 *
 * They run in the order in which `filterLogits` calls them, which is part of their meaning: top-p counts probabilities after the
 * temperature, among what top-k left.
 *
 * @source Hugging Face's documented rules for generation
 */
import type { GenerationConfig } from "./config.ts";

/**
 * Make tokens that occurred less likely: positive logits are divided by the penalty, negative ones multiplied; once per token, however
 * often it occurred.
 *
 * @source Keskar et al. 2019, "CTRL" (arXiv 1909.05858), section 4.1
 */
export function penalizeRepetition(logits: Float32Array, tokens: Iterable<number>, penalty: number): void {
  for (const token of new Set(tokens)) {
    const logit = logits[token];
    if (logit !== undefined) logits[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
}

/** Divide by the temperature. */
export function applyTemperature(logits: Float32Array, temperature: number): void {
  for (let i = 0; i < logits.length; i++) logits[i] = logits[i]! / temperature;
}

/** Keep what is not smaller than the k-th largest; ties stay. */
export function keepTopK(logits: Float32Array, k: number): void {
  if (k >= logits.length) return;
  const threshold = logits.toSorted()[logits.length - k]!;
  for (let i = 0; i < logits.length; i++) if (logits[i]! < threshold) logits[i] = Number.NEGATIVE_INFINITY;
}

/**
 * Keep the likeliest tokens that together reach probability p: in ascending order, remove while the running sum is at most 1 − p, never
 * the last.
 *
 * @source Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration" (arXiv 1904.09751)
 */
export function keepTopP(logits: Float32Array, p: number): void {
  // Removing in ascending order stops early nowhere, but what is out already adds nothing to the sum.
  const ascending = Array.from(logits.keys()).sort((a, b) => logits[a]! - logits[b]!);
  const probabilities = softmax(logits);
  let sum = 0;
  for (const token of ascending.slice(0, -1)) {
    sum += probabilities[token]!;
    if (sum > 1 - p) return;
    logits[token] = Number.NEGATIVE_INFINITY;
  }
}

/** Remove what is less likely than `p` times the likeliest. @source Nguyen et al. 2024, "Min-p Sampling" (arXiv 2407.01082) */
export function keepMinP(logits: Float32Array, p: number): void {
  const probabilities = softmax(logits);
  const threshold = p * probabilities.reduce((a, b) => Math.max(a, b), 0);
  for (let i = 0; i < logits.length; i++) if (probabilities[i]! < threshold) logits[i] = Number.NEGATIVE_INFINITY;
}

/** All filters that the config switches on, in order: repetition, temperature, top-k, top-p, min-p. */
export function filterLogits(logits: Float32Array, tokens: readonly number[], config: GenerationConfig): void {
  if (config.repetitionPenalty !== 1) penalizeRepetition(logits, tokens, config.repetitionPenalty);
  if (!config.doSample) return;
  if (config.temperature !== 1) applyTemperature(logits, config.temperature);
  if (config.topK > 0) keepTopK(logits, config.topK);
  if (config.topP < 1) keepTopP(logits, config.topP);
  if (config.minP > 0) keepMinP(logits, config.minP);
}

/** Probabilities, in double precision. */
export function softmax(logits: Float32Array): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const out = Float64Array.from(logits, (logit) => Math.exp(logit - max));
  const sum = out.reduce((a, b) => a + b, 0);
  for (let i = 0; i < out.length; i++) out[i] = out[i]! / sum;
  return out;
}

/** The largest logit's token; the lowest index among equals. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

/** The token on which `u` in [0, 1) falls when probabilities are laid end to end in order of tokens. */
export function drawToken(logits: Float32Array, u: number): number {
  const probabilities = softmax(logits);
  let sum = 0;
  let last = 0;
  for (let token = 0; token < probabilities.length; token++) {
    const probability = probabilities[token]!;
    if (probability === 0) continue;
    sum += probability;
    last = token;
    if (u < sum) return token;
  }
  return last; // rounding left the sum a hair below u
}
