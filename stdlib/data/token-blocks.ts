/**
 * @file Tokenized blocks: one flat array of tokens and where each block begins, so that millions of blocks cost no objects.
 *
 * On disk: one safetensors file with `offsets` [blocks + 1], `document_starts`, `document_offsets` [blocks + 1], and the tokens: `tokens`,
 * or, where no id needs more than 16 bits, `tokens_16`, two to an element, the first in the lower half.
 */
import { readFileSync } from "node:fs";
import { encodeSafetensors, parseSafetensors } from "fgc/runtime";
import { UserError } from "../faults.ts";
import { writeFileWhole } from "./write-file.ts";

/** One block, ready for a collator. */
export interface TokenBlock {
  readonly inputIds: Int32Array;
  /** Positions in the block where documents begin; empty where packing does not apply. */
  readonly documentStarts: Int32Array;
}

/** What became of the tokens. */
export interface FillReport {
  readonly blocks: number;
  readonly tokens: number;
  /** Share of the room in the blocks that is used. */
  readonly fillRate: number;
  readonly documentsPerBlock: number;
  readonly droppedTokens: number;
}

/** Blocks of token ids in a few flat arrays, with the starts of the documents in each; saved to and read from a folder. */
export class TokenBlocks {
  readonly #tokens: Int32Array;
  readonly #offsets: Int32Array;
  readonly #starts: Int32Array;
  readonly #startOffsets: Int32Array;
  readonly report: FillReport | undefined;

  constructor(parts: {
    tokens: Int32Array;
    offsets: Int32Array;
    documentStarts: Int32Array;
    documentOffsets: Int32Array;
    report?: FillReport | undefined;
  }) {
    this.#tokens = parts.tokens;
    this.#offsets = parts.offsets;
    this.#starts = parts.documentStarts;
    this.#startOffsets = parts.documentOffsets;
    this.report = parts.report;
  }

  /** Number of blocks. */
  get length(): number {
    return this.#offsets.length - 1;
  }
  /** Number of tokens in all blocks. */
  get tokenCount(): number {
    return this.#tokens.length;
  }

  /** The block at `index`: views, not copies. */
  row(index: number): TokenBlock {
    if (!(index >= 0 && index < this.length)) throw new RangeError(`block ${index} of ${this.length}`);
    return {
      inputIds: this.#tokens.subarray(this.#offsets[index]!, this.#offsets[index + 1]!),
      documentStarts: this.#starts.subarray(this.#startOffsets[index]!, this.#startOffsets[index + 1]!),
    };
  }
  *[Symbol.iterator](): Generator<TokenBlock> {
    for (let i = 0; i < this.length; i++) yield this.row(i);
  }

  /** Write the one file that `load` reads. */
  save(path: string): void {
    const i32 = (data: Int32Array) => ({ data, shape: [data.length], dtype: "i32" as const });
    const isNarrow = this.#tokens.every((id) => id >= 0 && id < 65_536);
    const tensors = new Map([
      isNarrow ? ["tokens_16", i32(pack16(this.#tokens))] : ["tokens", i32(this.#tokens)],
      ["offsets", i32(this.#offsets)],
      ["document_starts", i32(this.#starts)],
      ["document_offsets", i32(this.#startOffsets)],
    ]);
    const metadata = { format: "fgc-token-blocks-1", ...(this.report ? { report: JSON.stringify(this.report) } : {}) };
    writeFileWhole(path, encodeSafetensors(tensors, metadata));
  }

  static load(path: string): TokenBlocks {
    const file = readDataset(path);
    const get = (name: string): Int32Array => {
      const tensor = file.get(name);
      if (tensor !== undefined) return tensor.toInt32();
      throw new UserError("data/bad-dataset", `${path} is not a tokenized dataset: it has no "${name}"`, {
        hint: "build it again",
      });
    };
    const offsets = get("offsets");
    const tokens = file.has("tokens_16") ? unpack16(get("tokens_16"), offsets.at(-1) ?? 0) : get("tokens");
    const report = file.metadata?.["report"];
    return new TokenBlocks({
      tokens,
      offsets,
      documentStarts: get("document_starts"),
      documentOffsets: get("document_offsets"),
      report: report === undefined ? undefined : (JSON.parse(report) as FillReport),
    });
  }
}

function readDataset(path: string): ReturnType<typeof parseSafetensors> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new UserError("data/dataset-not-found", `cannot read the dataset ${path}`, { kind: "outside", cause });
  }
  try {
    return parseSafetensors(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError("data/bad-dataset", `the dataset ${path} is damaged: ${reason}`, {
      hint: "build it again",
      cause,
    });
  }
}

function pack16(tokens: Int32Array): Int32Array {
  return Int32Array.from(
    { length: Math.ceil(tokens.length / 2) },
    (_, i) => tokens[2 * i]! | ((tokens[2 * i + 1] ?? 0) << 16),
  );
}

function unpack16(packed: Int32Array, length: number): Int32Array {
  const tokens = new Int32Array(length);
  for (let i = 0; i < length; i++) tokens[i] = (packed[i >> 1]! >>> (16 * (i & 1))) & 0xffff;
  return tokens;
}

/** Collects blocks; arrays grow by doubling. */
export class TokenBlocksBuilder {
  #tokens = new Int32Array(1 << 12);
  #size = 0;
  readonly #offsets: number[] = [0];
  readonly #starts: number[] = [];
  readonly #startOffsets: number[] = [0];
  #dropped = 0;
  #room = 0;

  add(ids: ArrayLike<number>, documentStarts: Iterable<number>, room = ids.length): void {
    if (this.#size + ids.length > this.#tokens.length) {
      const grown = new Int32Array(Math.max(this.#tokens.length * 2, this.#size + ids.length));
      grown.set(this.#tokens);
      this.#tokens = grown;
    }
    this.#tokens.set(ids, this.#size);
    this.#size += ids.length;
    this.#offsets.push(this.#size);
    for (const start of documentStarts) this.#starts.push(start);
    this.#startOffsets.push(this.#starts.length);
    this.#room += room;
  }
  drop(tokens: number): void {
    this.#dropped += tokens;
  }

  finish(): TokenBlocks {
    const blocks = this.#offsets.length - 1;
    return new TokenBlocks({
      tokens: this.#tokens.slice(0, this.#size),
      offsets: Int32Array.from(this.#offsets),
      documentStarts: Int32Array.from(this.#starts),
      documentOffsets: Int32Array.from(this.#startOffsets),
      report: {
        blocks,
        tokens: this.#size,
        fillRate: this.#room === 0 ? 0 : this.#size / this.#room,
        documentsPerBlock: blocks === 0 ? 0 : this.#starts.length / blocks,
        droppedTokens: this.#dropped,
      },
    });
  }
}
