/**
 * @file A tokenizer: text → ids → text, as one pipeline of parts.
 *
 *     added tokens → normalizer → pre-tokenizer → model → post-processor        and back: decoder
 */
import { UserError } from "../faults.ts";
import { type AddedToken, AddedTokenFinder } from "./added-tokens.ts";
import type { BPE } from "./bpe.ts";
import type { Decoder } from "./decoders.ts";
import type { Normalizer } from "./normalizers.ts";
import type { PostProcessor } from "./post-processors.ts";
import type { PreTokenizer } from "./pre-tokenizers.ts";
import { StreamDecoder } from "./stream-decoder.ts";
import { readTokenizerFiles, readTokenizerJson, saveTokenizer } from "./tokenizer-files.ts";

/** Settings of a finished tokenizer: the content of `tokenizer_config.json`. */
export interface TokenizerConfig {
  bosToken?: string | undefined;
  eosToken?: string | undefined;
  padToken?: string | undefined;
  unkToken?: string | undefined;
  /** Longest input of the model, in tokens. Unset: no limit. */
  modelMaxLength?: number | undefined;
  paddingSide?: Side;
  truncationSide?: Side;
  /** Jinja text that writes a conversation as one string. */
  chatTemplate?: string | undefined;
}

export type Side = "left" | "right";

export interface TokenizerParts {
  model: BPE;
  normalizer?: Normalizer | undefined;
  preTokenizer?: PreTokenizer | undefined;
  postProcessor?: PostProcessor | undefined;
  decoder?: Decoder | undefined;
  addedTokens?: readonly AddedToken[];
}

export interface EncodeOptions {
  /** A second text, for templates with `$B`. */
  pair?: string;
  /** Let the post-processor add its tokens. Default true. */
  addSpecialTokens?: boolean;
  /** Cut to `maxLength` (default: the model's limit), special tokens included. */
  truncation?: boolean;
  maxLength?: number;
}

export interface DecodeOptions {
  skipSpecialTokens?: boolean;
}

/** Text to token ids and back, as a `tokenizer.json` describes it. */
export class Tokenizer {
  readonly parts: Readonly<TokenizerParts>;
  readonly config: Readonly<TokenizerConfig>;
  readonly addedTokens: readonly AddedToken[];
  readonly #addedById: ReadonlyMap<number, AddedToken>;
  readonly #addedByContent: ReadonlyMap<string, AddedToken>;
  readonly #inRawText: AddedTokenFinder;
  readonly #inNormalizedText: AddedTokenFinder;

  constructor(parts: TokenizerParts, config: TokenizerConfig = {}) {
    this.parts = parts;
    this.config = config;
    this.addedTokens = parts.addedTokens ?? [];
    this.#addedById = new Map(this.addedTokens.map((t) => [t.id, t]));
    this.#addedByContent = new Map(this.addedTokens.map((t) => [t.content, t]));
    this.#inRawText = new AddedTokenFinder(this.addedTokens.filter((t) => !t.normalized));
    this.#inNormalizedText = new AddedTokenFinder(this.addedTokens.filter((t) => t.normalized));
  }

  /** Load a tokenizer from a folder or from its `tokenizer.json`. */
  static load(path: string): Tokenizer {
    const { parts, config } = readTokenizerFiles(path);
    return new Tokenizer(parts, config);
  }
  /** A tokenizer from the parsed contents of `tokenizer.json` and `tokenizer_config.json`. */
  static fromJson(json: Readonly<Record<string, unknown>>, config?: Readonly<Record<string, unknown>>): Tokenizer {
    const contents = readTokenizerJson(json, config);
    return new Tokenizer(contents.parts, contents.config);
  }
  /** Write tokenizer.json and the settings beside it into a folder. */
  save(folder: string): void {
    saveTokenizer(this, folder);
  }

  /** Size of the model's vocabulary, added tokens not counted unless they are part of it. */
  get vocabSize(): number {
    return this.parts.model.vocabSize;
  }
  /** Number of ids, added tokens included: what an embedding table needs. */
  get length(): number {
    const { model } = this.parts;
    return model.vocabSize + this.addedTokens.filter((t) => model.tokenToId(t.content) === undefined).length;
  }
  get modelMaxLength(): number {
    return this.config.modelMaxLength ?? Number.POSITIVE_INFINITY;
  }
  get paddingSide(): Side {
    return this.config.paddingSide ?? "right";
  }
  get truncationSide(): Side {
    return this.config.truncationSide ?? "right";
  }
  get chatTemplate(): string | undefined {
    return this.config.chatTemplate;
  }
  get bosToken(): string | undefined {
    return this.config.bosToken;
  }
  get eosToken(): string | undefined {
    return this.config.eosToken;
  }
  get padToken(): string | undefined {
    return this.config.padToken;
  }
  get unkToken(): string | undefined {
    return this.config.unkToken ?? this.parts.model.unkToken;
  }
  get bosTokenId(): number | undefined {
    return this.#idOf(this.bosToken);
  }
  get eosTokenId(): number | undefined {
    return this.#idOf(this.eosToken);
  }
  get padTokenId(): number | undefined {
    return this.#idOf(this.padToken);
  }
  get unkTokenId(): number | undefined {
    return this.#idOf(this.unkToken);
  }

  tokenToId(token: string): number | undefined {
    return this.#addedByContent.get(token)?.id ?? this.parts.model.tokenToId(token);
  }
  idToToken(id: number): string | undefined {
    return this.#addedById.get(id)?.content ?? this.parts.model.idToToken(id);
  }
  isSpecial(id: number): boolean {
    return this.#addedById.get(id)?.special === true;
  }

  /** Ids of a text. */
  encode(text: string, { pair, addSpecialTokens = true, truncation = false, maxLength }: EncodeOptions = {}): number[] {
    const { postProcessor } = this.parts;
    const processor = addSpecialTokens ? postProcessor : undefined;
    let ids = this.#tokenize(text);
    const pairIds = pair === undefined ? undefined : this.#tokenize(pair);
    if (truncation || maxLength !== undefined) {
      const added = processor?.addedTokens(pairIds !== undefined) ?? 0;
      const room = Math.max(0, (maxLength ?? this.modelMaxLength) - added - (pairIds?.length ?? 0));
      if (ids.length > room) ids = this.truncationSide === "right" ? ids.slice(0, room) : ids.slice(ids.length - room);
    }
    return processor?.process(ids, pairIds) ?? (pairIds === undefined ? ids : [...ids, ...pairIds]);
  }

  encodeBatch(texts: readonly string[], options: EncodeOptions = {}): number[][] {
    return texts.map((text) => this.encode(text, options));
  }

  /** Token strings of a text. */
  tokenize(text: string, options: EncodeOptions = {}): string[] {
    return this.encode(text, options).map((id) => this.idToToken(id)!);
  }

  /** Text of ids. */
  decode(ids: Iterable<number>, { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const tokens: string[] = [];
    for (const id of ids) {
      if (skipSpecialTokens && this.isSpecial(id)) continue;
      const token = this.idToToken(id);
      if (token === undefined) {
        throw new UserError("tokenizer/unknown-id", `id ${id} is not in the vocabulary of ${this.length} tokens`);
      }
      tokens.push(token);
    }
    return this.parts.decoder?.decode(tokens).join("") ?? tokens.join(" ");
  }

  /** A decoder for ids that come one by one: text is held back until it is whole characters. */
  streamDecoder(options: DecodeOptions = {}): StreamDecoder {
    return new StreamDecoder((ids) => this.decode(ids, options));
  }

  #tokenize(text: string): number[] {
    const { model, normalizer, preTokenizer } = this.parts;
    const transform = (word: string) => preTokenizer?.transform(word) ?? word;
    const ids: number[] = [];
    let isFirst = true;
    for (const raw of this.#inRawText.split(text)) {
      if (typeof raw !== "string") {
        ids.push(raw.id);
        isFirst = false;
        continue;
      }
      for (const segment of this.#inNormalizedText.split(normalizer?.normalize(raw) ?? raw)) {
        if (typeof segment !== "string") ids.push(segment.id);
        else {
          for (const word of preTokenizer?.split(segment, isFirst) ?? [segment]) {
            for (const id of model.encodeWord(word, transform)) ids.push(id);
          }
        }
        isFirst = false;
      }
    }
    return ids;
  }

  #idOf(token: string | undefined): number | undefined {
    return token === undefined ? undefined : this.tokenToId(token);
  }
}

/** Facts of a tokenizer on disk that a compiler writes into emitted code as literals. */
export function tokenizerFacts(path: string) {
  const tokenizer = Tokenizer.load(path);
  const { length, vocabSize, modelMaxLength, bosTokenId, eosTokenId, padTokenId, unkTokenId } = tokenizer;
  return { length, vocabSize, modelMaxLength, bosTokenId, eosTokenId, padTokenId, unkTokenId };
}

/** `len(tokenizer)`: how many ids there are. */
export function sizeOf(tokenizer: Tokenizer): number {
  return tokenizer.length;
}
