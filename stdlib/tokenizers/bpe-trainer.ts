/**
 * @file Learning BPE merges: count the words once, then merge the most frequent pair until the vocabulary is full.
 *
 * Counts are kept up to date as pairs merge, so a merge costs only the words that hold the pair. A heap gives the next pair; its
 * entries may be too high, since counts of old pairs only fall: one that is is put back with its true count. Ties go to the smaller
 * pair of ids, which makes training repeatable and equal to the reference library.
 */
import type { BPE } from "./bpe.ts";
import { byteToChar } from "./byte-level.ts";

export interface BpeTrainerOptions {
  /** Size of the finished vocabulary, special tokens and alphabet included. */
  vocabSize?: number;
  /** Pairs seen less often are not merged. */
  minFrequency?: number;
  /** Tokens that come first, in this order. */
  specialTokens?: readonly string[];
  /** Characters that are in the vocabulary whether seen or not. Default: the 256 of the byte alphabet. */
  initialAlphabet?: readonly string[];
  /** Longest token, in characters. */
  maxTokenLength?: number | null;
  /** Report progress while training. */
  showProgress?: boolean;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Words that hold, or once held, the pair. */
  readonly words: number[];
}

interface HeapEntry {
  readonly pair: Pair;
  readonly count: number;
}

/** Learns the merges of a BPE vocabulary: the most frequent pair first, the same on every machine. */
export class BpeTrainer {
  readonly vocabSize: number;
  readonly minFrequency: number;
  readonly specialTokens: readonly string[];
  readonly initialAlphabet: readonly string[];
  readonly maxTokenLength: number;
  readonly showProgress: boolean;

  constructor(options: BpeTrainerOptions = {}) {
    this.vocabSize = options.vocabSize ?? 30_000;
    this.minFrequency = options.minFrequency ?? 0;
    this.specialTokens = options.specialTokens ?? [];
    this.initialAlphabet = options.initialAlphabet ?? byteLevelAlphabet();
    this.maxTokenLength = options.maxTokenLength ?? Number.POSITIVE_INFINITY;
    this.showProgress = options.showProgress ?? false;
  }

  /** Learn a vocabulary from words (in the model's alphabet) and how often each occurs. */
  train(model: BPE, wordCounts: ReadonlyMap<string, number>): BPE {
    const tokens: string[] = [];
    const ids = new Map<string, number>();
    const add = (token: string): number => {
      const known = ids.get(token);
      if (known !== undefined) return known;
      ids.set(token, tokens.push(token) - 1);
      return tokens.length - 1;
    };
    for (const token of this.specialTokens) add(token);
    for (const char of this.#alphabet(wordCounts)) add(char);

    const words: number[][] = [];
    const counts: number[] = [];
    for (const [word, count] of wordCounts) {
      words.push(Array.from(word, (char) => ids.get(char)!));
      counts.push(count);
    }
    const merges = this.#learn(words, counts, tokens, add);
    return model.withVocab(ids, merges);
  }

  /** Characters by code point, so that their ids do not depend on the order of the text. */
  #alphabet(wordCounts: ReadonlyMap<string, number>): string[] {
    const alphabet = new Set(this.initialAlphabet);
    for (const word of wordCounts.keys()) for (const char of word) alphabet.add(char);
    return [...alphabet].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  }

  #learn(
    words: number[][],
    counts: readonly number[],
    tokens: string[],
    add: (token: string) => number,
  ): [string, string][] {
    const stride = Math.max(this.vocabSize, tokens.length) + 1;
    const pairs = new Map<number, Pair>();
    const pairOf = (left: number, right: number): Pair => {
      const key = left * stride + right;
      let pair = pairs.get(key);
      if (pair === undefined) {
        pair = { left, right, count: 0, words: [] };
        pairs.set(key, pair);
      }
      return pair;
    };
    for (const [w, word] of words.entries()) {
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = pairOf(word[i]!, word[i + 1]!);
        pair.count += counts[w]!;
        if (pair.words.at(-1) !== w) pair.words.push(w);
      }
    }
    const heap = new PairHeap();
    for (const pair of pairs.values()) heap.push({ pair, count: pair.count });

    const merges: [string, string][] = [];
    while (tokens.length < this.vocabSize) {
      const top = heap.pop();
      if (top === undefined) break;
      const { pair } = top;
      if (pair.count !== top.count) {
        if (pair.count > 0) heap.push({ pair, count: pair.count });
        continue;
      }
      if (pair.count < 1 || pair.count < this.minFrequency) break;
      const [left, right] = [tokens[pair.left]!, tokens[pair.right]!];
      if (left.length + right.length > this.maxTokenLength) continue;
      // Two ways may lead to one string ("a"+"bc", "ab"+"c"): it is one token then.
      const merged = add(left + right);
      merges.push([left, right]);

      const grown = new Set<Pair>();
      for (const w of pair.words) mergeWord(words[w]!, pair, merged, counts[w]!, w, pairOf, grown);
      pair.count = 0;
      pair.words.length = 0;
      for (const other of grown) if (other.count > 0) heap.push({ pair: other, count: other.count });
    }
    return merges;
  }
}

/** Replace the pair in one word, left to right, and move the counts of the pairs around each place. */
function mergeWord(
  word: number[],
  { left, right }: Pair,
  merged: number,
  count: number,
  index: number,
  pairOf: (left: number, right: number) => Pair,
  grown: Set<Pair>,
): void {
  const grow = (l: number, r: number) => {
    const pair = pairOf(l, r);
    pair.count += count;
    if (pair.words.at(-1) !== index) pair.words.push(index);
    grown.add(pair);
  };
  let length = 0; // the word is rewritten in place: `length` symbols are final
  for (let i = 0; i < word.length; i++) {
    if (word[i] !== left || word[i + 1] !== right || i + 1 >= word.length) {
      word[length++] = word[i]!;
      continue;
    }
    if (length > 0) {
      pairOf(word[length - 1]!, left).count -= count;
      grow(word[length - 1]!, merged);
    }
    if (i + 2 < word.length) {
      pairOf(right, word[i + 2]!).count -= count;
      grow(merged, word[i + 2]!);
    }
    word[length++] = merged;
    i++;
  }
  word.length = length;
}

/** A max-heap by count; the smaller pair first among equals. */
class PairHeap {
  readonly #items: HeapEntry[] = [];

  push(item: HeapEntry): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!comesBefore(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): HeapEntry | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && comesBefore(items[child + 1]!, items[child]!)) child++;
      if (!comesBefore(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

function comesBefore(a: HeapEntry, b: HeapEntry): boolean {
  if (a.count !== b.count) return a.count > b.count;
  if (a.pair.left !== b.pair.left) return a.pair.left < b.pair.left;
  return a.pair.right < b.pair.right;
}

/** The 256 characters of the byte alphabet, for `initialAlphabet`. */
export function byteLevelAlphabet(): string[] {
  return [...byteToChar];
}
