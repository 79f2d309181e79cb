/** @file The collator of causal models: blocks → one batch of equal rows, with labels and positions. */
import { UserError } from "../faults.ts";
import type { Tokenizer } from "../tokenizers/index.ts";
import type { TokenBlock } from "./token-blocks.ts";

/** i32 [B, T] on the host; what `session.compile`d functions take. */
export interface IntMatrix {
  readonly data: Int32Array;
  readonly shape: readonly [batch: number, time: number];
  readonly dtype: "i32";
}

export interface CausalBatch {
  readonly inputIds: IntMatrix;
  /** The tokens again, padding as `ignoreIndex`. The model shifts them. */
  readonly labels: IntMatrix;
  /** Position within the document, where documents share a row. */
  readonly positionIds?: IntMatrix;
}

/** A collator: any function of blocks to a batch. */
export interface DataCollator {
  collate(blocks: readonly TokenBlock[]): CausalBatch;
}

export interface DataCollatorOptions {
  tokenizer: Tokenizer;
  /** Cut (at the right) to `maxLength`, or to the tokenizer's limit. */
  truncation?: boolean;
  /** Label of positions that do not count. */
  ignoreIndex?: number;
  /** Accepted for configs written for upstream: batches carry these names. */
  inputName?: "input_ids";
  labelsName?: "labels" | null;
  returnTensors?: string;
  /** Position ids per document: true always, false never, null where blocks say where documents start. */
  packedSequences?: boolean | null;
  /** Pad to the `longest` row, or to `max_length`. */
  padding?: boolean | "longest" | "max_length";
  maxLength?: number | null;
  padToMultipleOf?: number | null;
  /** Where the warning about a missing PAD token goes. */
  warn?: (line: string) => void;
}

/** Rows of token ids to one batch for language modelling: padded or cut to one length, labels beside them. */
export class DataCollatorForCausalLM implements DataCollator {
  readonly #options: DataCollatorOptions;
  readonly #padId: number;
  readonly #eosId: number | undefined;

  constructor(options: DataCollatorOptions) {
    const { tokenizer, maxLength = null, warn = (line) => process.stderr.write(`${line}\n`) } = options;
    this.#options = options;
    this.#eosId = tokenizer.eosTokenId;
    if (maxLength !== null && maxLength > tokenizer.modelMaxLength) {
      throw new UserError(
        "data/max-length",
        `the collator's max_length ${maxLength} is beyond the tokenizer's limit ${tokenizer.modelMaxLength}`,
        {
          hint: "lower max_length, or raise the tokenizer's model_max_length",
        },
      );
    }
    const padId = tokenizer.padTokenId ?? tokenizer.eosTokenId;
    if (padId === undefined) {
      throw new UserError("data/no-pad-token", "the tokenizer has neither a PAD nor an EOS token to pad with", {
        hint: "add pad_token to its arguments",
      });
    }
    if (tokenizer.padTokenId === undefined) warn("warning: the tokenizer has no PAD token; rows are padded with EOS");
    this.#padId = padId;
  }

  collate(blocks: readonly TokenBlock[]): CausalBatch {
    const { ignoreIndex = -100, packedSequences = null } = this.#options;
    const rows = blocks.map((block) => this.#truncate(block));
    const [B, T] = [rows.length, this.#width(rows)];
    const inputIds = new Int32Array(B * T).fill(this.#padId);
    // Padding is masked by length, not by token value: where PAD and EOS are one, real ends still count.
    const labels = new Int32Array(B * T).fill(ignoreIndex);
    for (const [b, { inputIds: ids }] of rows.entries()) {
      inputIds.set(ids, b * T);
      labels.set(ids, b * T);
    }
    const matrix = (data: Int32Array): IntMatrix => ({ data, shape: [B, T], dtype: "i32" });
    const batch = { inputIds: matrix(inputIds), labels: matrix(labels) };
    const packed = packedSequences ?? rows.some((row) => row.documentStarts.length > 0);
    return packed ? { ...batch, positionIds: matrix(this.#positions(rows, T)) } : batch;
  }

  #truncate(block: TokenBlock): TokenBlock {
    const { truncation = false, maxLength, tokenizer } = this.#options;
    const limit = maxLength ?? tokenizer.modelMaxLength;
    if (!truncation || block.inputIds.length <= limit) return block;
    return {
      inputIds: block.inputIds.subarray(0, limit),
      documentStarts: block.documentStarts.filter((s) => s < limit),
    };
  }

  #width(rows: readonly TokenBlock[]): number {
    const { padding = "longest", maxLength, padToMultipleOf, tokenizer } = this.#options;
    let width = rows.reduce((longest, row) => Math.max(longest, row.inputIds.length), 1);
    if (padding === "max_length") {
      const limit = maxLength ?? tokenizer.modelMaxLength;
      if (!Number.isFinite(limit))
        throw new UserError(
          "data/max-length",
          "padding: max_length needs a max_length, and the tokenizer has no limit",
        );
      if (width > limit) {
        throw new UserError("data/max-length", `a row of ${width} tokens does not fit into max_length ${limit}`, {
          hint: "set truncation: true",
        });
      }
      width = limit;
    } else if (padding === false && rows.some((row) => row.inputIds.length !== width)) {
      throw new UserError("data/unequal-rows", "rows of unequal length and padding: false", {
        hint: "leave padding out",
      });
    }
    return padToMultipleOf ? Math.ceil(width / padToMultipleOf) * padToMultipleOf : width;
  }

  #positions(rows: readonly TokenBlock[], T: number): Int32Array {
    const out = new Int32Array(rows.length * T);
    for (const [b, { inputIds, documentStarts }] of rows.entries()) {
      const row = out.subarray(b * T, (b + 1) * T);
      const eos = this.#eosId;
      if (documentStarts.length > 0 || eos === undefined) positionsFromStarts(documentStarts, row);
      else positionsFromToken(inputIds, eos, "ends", row);
    }
    return out;
  }
}

/**
 * Positions that count from 0 at each start. Before the first start they are 0; a row without starts counts through.
 */
export function positionsFromStarts(starts: ArrayLike<number>, out: Int32Array): void {
  if (starts.length === 0) {
    for (let t = 0; t < out.length; t++) out[t] = t;
    return;
  }
  out.fill(0, 0, starts[0]!);
  for (let s = 0; s < starts.length; s++) {
    const end = Math.min(out.length, starts[s + 1] ?? out.length);
    for (let t = starts[s]!; t < end; t++) out[t] = t - starts[s]!;
  }
}

/** Positions that count from 0 at each token that begins a document, or after each that ends one. */
export function positionsFromToken(
  ids: ArrayLike<number>,
  token: number,
  role: "begins" | "ends",
  out: Int32Array,
): void {
  let position = 0;
  for (let t = 0; t < out.length; t++) {
    if (role === "begins" && ids[t] === token) position = 0;
    out[t] = position++;
    if (role === "ends" && ids[t] === token) position = 0;
  }
}
