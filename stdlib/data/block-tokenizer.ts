/**
 * @file Texts → blocks of at most `maxLength` tokens.
 *
 * A document is BOS + text + EOS. It fills blocks of its own, or (packed) shares them with others. Rules that hold everywhere: position 0
 * of a block is a document start; text that goes on in another block opens it with BOS and the last `stride` tokens; no block is BOS or
 * overlap alone.
 */
import { UserError } from "../faults.ts";
import type { Tokenizer } from "../tokenizers/index.ts";
import { OrderRandom } from "./random.ts";
import type { TokenBlocksBuilder } from "./token-blocks.ts";

export interface BlockTokenizerOptions {
  /** Tokens per block. */
  maxLength?: number;
  /** Long documents continue in further blocks; false cuts them. */
  overflow?: boolean;
  /** Several documents per block. */
  packed?: boolean;
  /** `greedy` keeps the order; the others sort by length, longest first, and use the room better. */
  packingStrategy?: "greedy" | "best_fit" | "first_fit";
  /** Shuffle the finished blocks of the last two strategies. */
  shuffleOutput?: boolean;
  /** Seed of that; null is not repeatable. */
  seed?: number | null;
  /** Tokens of overlap between blocks of one document. */
  stride?: number;
  /** Shorter documents and blocks are dropped. */
  minLen?: number;
  /** Longer documents are dropped. */
  maxLen?: number | null;
  /** Put BOS before, EOS after a document; off when the tokenizer has none. */
  addBos?: boolean;
  addEos?: boolean;
  /** Cut a text at the first match of this regular expression. */
  truncateAt?: string | null;
  /** Carry the open block of greedy packing from batch to batch. False: a batch ends with a short block, as upstream. */
  carry?: boolean;
}

interface Block {
  readonly ids: number[];
  readonly starts: number[];
}

/** Turns batches of texts into blocks. One instance handles one dataset at a time: `map` for each batch, then `end`. */
export class BlockTokenizer {
  readonly options: Required<BlockTokenizerOptions>;
  readonly #truncateAt: RegExp | undefined;
  #open: Block = { ids: [], starts: [] };

  constructor(options: BlockTokenizerOptions = {}) {
    this.options = { ...defaults, ...options };
    const { maxLength, stride, packed, packingStrategy } = this.options;
    const lead = this.options.addBos ? 1 : 0;
    if (!Number.isInteger(maxLength) || maxLength <= lead) throw badOption(`max_length is ${maxLength}`, "at least 2");
    if (!(stride >= 0 && stride + lead < maxLength)) {
      throw badOption(
        `stride is ${stride}, which leaves no room for new tokens in a block of ${maxLength}`,
        "use less",
      );
    }
    if (packingStrategy !== "greedy" && !packed) {
      throw badOption(`packing_strategy is ${packingStrategy} without packed`, "set packed: true");
    }
    this.#truncateAt = this.options.truncateAt === null ? undefined : new RegExp(this.options.truncateAt, "u");
  }

  /** Tokenize one batch of texts. */
  map(texts: Iterable<string>, tokenizer: Tokenizer, sink: TokenBlocksBuilder): void {
    const marks = this.#marks(tokenizer);
    const documents: number[][] = [];
    for (const text of texts) {
      const document = this.#document(text, tokenizer, marks, sink);
      if (document !== undefined) documents.push(document);
    }
    const { packed, packingStrategy, carry } = this.options;
    if (!packed)
      for (const document of documents) for (const piece of this.#pieces(document, marks)) this.#emit(piece, sink);
    else if (packingStrategy !== "greedy") this.#packByLength(documents, marks, sink);
    else {
      for (const document of documents) this.#append(document, marks, sink);
      if (!carry) this.end(sink);
    }
  }

  /** Finish the block that greedy packing has open. */
  end(sink: TokenBlocksBuilder): void {
    this.#emit(this.#open, sink);
    this.#open = { ids: [], starts: [] };
  }

  #marks(tokenizer: Tokenizer): Marks {
    const { addBos, addEos } = this.options;
    return { bos: addBos ? tokenizer.bosTokenId : undefined, eos: addEos ? tokenizer.eosTokenId : undefined };
  }

  /** BOS + text + EOS, or nothing where the length limits drop it. */
  #document(text: string, tokenizer: Tokenizer, { bos, eos }: Marks, sink: TokenBlocksBuilder): number[] | undefined {
    const { minLen, maxLen, maxLength, overflow } = this.options;
    const end = this.#truncateAt?.exec(text)?.index ?? text.length;
    const ids = tokenizer.encode(text.slice(0, end), { addSpecialTokens: false });
    if (bos !== undefined) ids.unshift(bos);
    const isEmpty = ids.length === (bos === undefined ? 0 : 1);
    if (isEmpty || ids.length < minLen || (maxLen !== null && ids.length > maxLen)) {
      sink.drop(ids.length);
      return undefined;
    }
    if (eos !== undefined) ids.push(eos);
    if (!overflow && ids.length > maxLength) {
      sink.drop(ids.length - maxLength);
      ids.length = maxLength;
      if (eos !== undefined) ids[maxLength - 1] = eos;
    }
    return ids;
  }

  /** A document as blocks of its own. */
  #pieces(document: readonly number[], { bos }: Marks): Block[] {
    const { maxLength, stride } = this.options;
    const pieces: Block[] = [{ ids: document.slice(0, maxLength), starts: [0] }];
    for (let at = maxLength; at < document.length; ) {
      const ids = bos === undefined ? [] : [bos];
      for (const id of document.slice(at - stride, at)) ids.push(id);
      const fresh = document.slice(at, at + maxLength - ids.length);
      pieces.push({ ids: ids.concat(fresh), starts: [0] });
      at += fresh.length;
    }
    return pieces;
  }

  /** Greedy: into the open block, the rest into the next. */
  #append(document: readonly number[], { bos }: Marks, sink: TokenBlocksBuilder): void {
    const { maxLength, stride, overflow } = this.options;
    const lead = bos === undefined ? 0 : 1;
    const room = maxLength - this.#open.ids.length;
    // A BOS alone at the end of a block would teach nothing, so such a block is closed as well.
    if (overflow ? room <= lead : room < document.length) this.end(sink);
    this.#open.starts.push(this.#open.ids.length);
    let at = 0;
    for (;;) {
      const fresh = document.slice(at, at + maxLength - this.#open.ids.length);
      for (const id of fresh) this.#open.ids.push(id);
      at += fresh.length;
      if (at >= document.length) break;
      this.end(sink);
      this.#open.starts.push(0);
      if (bos !== undefined) this.#open.ids.push(bos);
      for (const id of document.slice(Math.max(0, at - stride), at)) this.#open.ids.push(id);
    }
    if (this.#open.ids.length >= maxLength) this.end(sink);
  }

  /** Longest first, each piece into the fullest (best fit) or the first (first fit) block that has room. */
  #packByLength(documents: readonly number[][], marks: Marks, sink: TokenBlocksBuilder): void {
    const { maxLength, packingStrategy, shuffleOutput, seed } = this.options;
    const pieces = documents.flatMap((d) => this.#pieces(d, marks));
    pieces.sort((a, b) => b.ids.length - a.ids.length); // stable: equal lengths keep their order
    const blocks: Block[] = [];
    const byRoom: Block[][] = Array.from({ length: maxLength + 1 }, () => []); // best fit: open blocks by room left
    for (const piece of pieces) {
      const need = piece.ids.length;
      let target: Block | undefined;
      if (packingStrategy === "first_fit") target = blocks.find((b) => maxLength - b.ids.length >= need);
      else for (let room = need; room <= maxLength && target === undefined; room++) target = byRoom[room]!.shift();
      if (target === undefined) {
        target = { ids: [], starts: [] };
        blocks.push(target);
      }
      target.starts.push(target.ids.length);
      for (const id of piece.ids) target.ids.push(id);
      byRoom[maxLength - target.ids.length]!.push(target);
    }
    const order = shuffleOutput
      ? new OrderRandom(seed ?? Math.floor(Math.random() * 2 ** 31)).permutation(blocks.length)
      : blocks.keys();
    for (const i of order) this.#emit(blocks[i]!, sink);
  }

  #emit(block: Block, sink: TokenBlocksBuilder): void {
    if (block.ids.length === 0) return;
    if (block.ids.length < this.options.minLen) sink.drop(block.ids.length);
    else sink.add(block.ids, block.starts, this.options.maxLength);
  }
}

/** Ids of the marks around a document; undefined where there is none. */
interface Marks {
  readonly bos: number | undefined;
  readonly eos: number | undefined;
}

const defaults: Required<BlockTokenizerOptions> = {
  maxLength: 512,
  overflow: true,
  packed: false,
  packingStrategy: "greedy",
  shuffleOutput: false,
  seed: 42,
  stride: 0,
  minLen: 1,
  maxLen: null,
  addBos: true,
  addEos: true,
  truncateAt: null,
  carry: true,
};

const badOption = (message: string, hint: string) => new UserError("data/bad-block-option", message, { hint });

/** `new BlockTokenizer(options)`, as a function for configs. */
export function blockTokenizer(options: BlockTokenizerOptions = {}): BlockTokenizer {
  return new BlockTokenizer(options);
}
