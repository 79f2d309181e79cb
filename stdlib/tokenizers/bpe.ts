/**
 * @file The BPE model: a word's symbols are merged pair by pair, the earliest learned pair first.
 *
 * @source Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
 */
import { UserError } from "../faults.ts";
import type { JsonPart } from "./normalizers.ts";

export interface BpeOptions {
  /** Token → id. */
  vocab?: Readonly<Record<string, number>> | ReadonlyMap<string, number>;
  /** Pairs of tokens in the order learned. */
  merges?: readonly (readonly [string, string])[];
  /** Words to keep the merged form of. 0 turns the cache off. */
  cacheCapacity?: number;
  /** Token for symbols that are not in the vocabulary. */
  unkToken?: string | null;
  /** One unknown token for a run of unknown symbols. */
  fuseUnk?: boolean;
  /** Spell unknown symbols as `<0xXX>` tokens where the vocabulary has them. */
  byteFallback?: boolean;
  /** Take a word that is a token as it is, without merging. */
  ignoreMerges?: boolean;
}

/** A word longer than this is merged with a heap: the plain scan is quadratic. */
const scanLimit = 48;

/** How many words the cache keeps at least. Text has tens of thousands of distinct words; a smaller cache thrashes. */
const minCache = 1 << 16;

/** Byte pair encoding: merges the pair of neighbours with the lowest rank until none is left. */
export class BPE {
  readonly unkToken: string | undefined;
  readonly fuseUnk: boolean;
  readonly byteFallback: boolean;
  readonly ignoreMerges: boolean;
  readonly merges: readonly (readonly [string, string])[];
  readonly #ids: Map<string, number>;
  readonly #tokens: (string | undefined)[] = [];
  readonly #byteIds: Int32Array | undefined;
  /** left · stride + right → rank. */
  readonly #ranks = new Map<number, number>();
  readonly #merged: Int32Array;
  readonly #stride: number;
  readonly #cache = new Map<string, readonly number[]>();
  readonly #cacheCapacity: number;

  constructor(options: BpeOptions = {}) {
    const { vocab = {}, merges = [], cacheCapacity = minCache } = options;
    this.unkToken = options.unkToken ?? undefined;
    this.fuseUnk = options.fuseUnk ?? false;
    this.byteFallback = options.byteFallback ?? false;
    this.ignoreMerges = options.ignoreMerges ?? false;
    this.merges = merges;
    this.#cacheCapacity = cacheCapacity === 0 ? 0 : Math.max(cacheCapacity, minCache);
    this.#ids = new Map(vocab instanceof Map ? vocab : Object.entries(vocab as Readonly<Record<string, number>>));
    for (const [token, id] of this.#ids) this.#tokens[id] = token;
    this.#stride = this.#tokens.length;
    this.#merged = new Int32Array(merges.length);
    for (const [rank, [left, right]] of merges.entries()) {
      const [l, r, m] = [this.#ids.get(left), this.#ids.get(right), this.#ids.get(left + right)];
      if (l === undefined || r === undefined || m === undefined) {
        throw new UserError(
          "tokenizer/bad-merge",
          `merge ${rank} (${JSON.stringify(left)}, ${JSON.stringify(right)}) has a token that the vocabulary lacks`,
        );
      }
      const key = l * this.#stride + r;
      if (!this.#ranks.has(key)) this.#ranks.set(key, rank);
      this.#merged[rank] = m;
    }
    this.#byteIds = this.byteFallback ? this.#findByteTokens() : undefined;
  }

  get vocab(): ReadonlyMap<string, number> {
    return this.#ids;
  }
  get vocabSize(): number {
    return this.#ids.size;
  }
  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }
  idToToken(id: number): string | undefined {
    return this.#tokens[id];
  }

  /** Ids of one word; `transform` writes it in the model's alphabet, and is only called for words not seen lately. */
  encodeWord(word: string, transform: (word: string) => string): readonly number[] {
    const cached = this.#cache.get(word);
    if (cached !== undefined) return cached;
    const ids = this.#merge(transform(word));
    if (this.#cacheCapacity > 0 && word.length <= 256) {
      if (this.#cache.size >= this.#cacheCapacity) this.#cache.clear(); // cheap, and refills with the words of the day
      this.#cache.set(word, ids);
    }
    return ids;
  }

  /** A model like this one with another vocabulary: what a trainer returns. */
  withVocab(vocab: ReadonlyMap<string, number>, merges: readonly (readonly [string, string])[]): BPE {
    return new BPE({
      vocab,
      merges,
      cacheCapacity: this.#cacheCapacity,
      unkToken: this.unkToken ?? null,
      fuseUnk: this.fuseUnk,
      byteFallback: this.byteFallback,
      ignoreMerges: this.ignoreMerges,
    });
  }

  toJSON(): JsonPart {
    return {
      type: "BPE",
      dropout: null,
      unk_token: this.unkToken ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: this.fuseUnk,
      byte_fallback: this.byteFallback,
      ignore_merges: this.ignoreMerges,
      vocab: Object.fromEntries([...this.#ids].sort((a, b) => a[1] - b[1])),
      merges: this.merges,
    };
  }

  #findByteTokens(): Int32Array | undefined {
    const ids = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const id = this.#ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
      if (id === undefined) return undefined;
      ids[byte] = id;
    }
    return ids;
  }

  #merge(word: string): readonly number[] {
    if (this.ignoreMerges) {
      const whole = this.#ids.get(word);
      if (whole !== undefined) return [whole];
    }
    const symbols = this.#symbols(word);
    return symbols.length <= scanLimit ? this.#mergeByScan(symbols) : this.#mergeByHeap(symbols);
  }

  /** The word's characters as ids. */
  #symbols(word: string): number[] {
    const out: number[] = [];
    let afterUnknown = false;
    for (const char of word) {
      const id = this.#ids.get(char);
      if (id !== undefined) {
        out.push(id);
        afterUnknown = false;
      } else if (this.#byteIds !== undefined) {
        for (const byte of new TextEncoder().encode(char)) out.push(this.#byteIds[byte]!);
        afterUnknown = false;
      } else if (this.unkToken !== undefined) {
        if (!(this.fuseUnk && afterUnknown)) out.push(this.#unkId());
        afterUnknown = true;
      }
    }
    return out;
  }

  #unkId(): number {
    const id = this.unkToken === undefined ? undefined : this.#ids.get(this.unkToken);
    if (id !== undefined) return id;
    throw new UserError(
      "tokenizer/unknown-token-missing",
      `the unknown token "${this.unkToken}" is not in the vocabulary`,
    );
  }

  #mergeByScan(symbols: number[]): number[] {
    for (;;) {
      let bestRank = Number.POSITIVE_INFINITY;
      let bestAt = -1;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const rank = this.#ranks.get(symbols[i]! * this.#stride + symbols[i + 1]!);
        if (rank !== undefined && rank < bestRank) [bestRank, bestAt] = [rank, i];
      }
      if (bestAt < 0) return symbols;
      symbols.splice(bestAt, 2, this.#merged[bestRank]!);
    }
  }

  /** The same result in n log n: a linked list of symbols, a heap of candidate pairs by rank, then by place. */
  #mergeByHeap(symbols: number[]): number[] {
    const n = symbols.length;
    const next = Int32Array.from({ length: n }, (_, i) => (i + 1 < n ? i + 1 : -1));
    const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
    const heap = new NumberHeap();
    const push = (left: number) => {
      const right = next[left]!;
      if (right < 0) return;
      const rank = this.#ranks.get(symbols[left]! * this.#stride + symbols[right]!);
      if (rank !== undefined) heap.push(rank * n + left); // one number orders by rank, then by place
    };
    for (let i = 0; i + 1 < n; i++) push(i);
    for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
      const left = entry % n;
      const rank = (entry - left) / n;
      const right = next[left]!;
      // An entry is stale if either symbol has changed since it was pushed.
      if (symbols[left]! < 0 || right < 0) continue;
      if (this.#ranks.get(symbols[left]! * this.#stride + symbols[right]!) !== rank) continue;
      symbols[left] = this.#merged[rank]!;
      symbols[right] = -1;
      next[left] = next[right]!;
      if (next[right]! >= 0) previous[next[right]!] = left;
      if (previous[left]! >= 0) push(previous[left]!);
      push(left);
    }
    return symbols.filter((id) => id >= 0);
  }
}

/** A binary min-heap of numbers. */
class NumberHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

/** Read the model part of `tokenizer.json`; merges as pairs or, in older files, as `"left right"`. */
export function readBpe(json: JsonPart): BPE {
  if (json.type !== "BPE" && !(json.type === undefined && "merges" in json)) {
    throw new UserError("tokenizer/unsupported-part", `model of type "${json.type}" is not supported`, {
      hint: "supported: BPE",
    });
  }
  for (const affix of ["continuing_subword_prefix", "end_of_word_suffix"]) {
    if (json[affix])
      throw new UserError("tokenizer/unsupported-part", `BPE with ${affix} "${json[affix]}" is not supported`);
  }
  const merges = (json["merges"] as (string | readonly [string, string])[]).map((merge) => {
    if (typeof merge !== "string") return merge;
    const space = merge.indexOf(" ");
    return [merge.slice(0, space), merge.slice(space + 1)] as const;
  });
  return new BPE({
    vocab: json["vocab"] as Record<string, number>,
    merges,
    unkToken: (json["unk_token"] as string | null | undefined) ?? null,
    fuseUnk: json["fuse_unk"] === true,
    byteFallback: json["byte_fallback"] === true,
    ignoreMerges: json["ignore_merges"] === true,
  });
}
