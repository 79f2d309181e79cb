/**
 * @file From rows to blocks of tokens: select → (to a stream) → shuffle → shard → map.
 */
import { UserError } from "../faults.ts";
import type { Tokenizer } from "../tokenizers/index.ts";
import { BlockTokenizer } from "./block-tokenizer.ts";
import type { Dataset, Row } from "./dataset.ts";
import { OrderRandom } from "./random.ts";
import type { SelectRange } from "./select-range.ts";
import { type TokenBlocks, TokenBlocksBuilder } from "./token-blocks.ts";

/** What a mapping function of a config gives back for a batch of texts. */
export interface TokenizedBatch {
  readonly inputIds: readonly ArrayLike<number>[];
  readonly documentStarts?: readonly ArrayLike<number>[];
}

/** A function of the user's: texts → sequences of ids. Gets the tokenizer, the feature's name and `fnKwargs`. */
export type MapFunction = (
  texts: readonly string[],
  options: { tokenizer: Tokenizer; feature: string } & Readonly<Record<string, unknown>>,
) => TokenizedBatch;

export interface PreprocessOptions {
  /** Rows to use, see `SelectRange`. */
  selectRange?: SelectRange;
  /** Shuffle as a stream does: shards in a random order, rows through a buffer. */
  toIterable?: boolean;
  numShards?: number;
  shuffleBufferSize?: number;
  /** Column with the text. */
  feature?: string;
  shuffle?: boolean;
  seed?: number;
  /** Keep this rank's share of the rows only. */
  distributedEnvironment?: { readonly rank: number; readonly worldSize: number } | null;
  /** What to call the work in the report. */
  desc?: string | null;
  /** A block tokenizer or a function; default: one sequence per row. */
  mapFn?: BlockTokenizer | MapFunction | null;
  mapKwargs?: { readonly batchSize?: number } | null;
  /** Further arguments of `mapFn`; of the default: `truncation`, `maxLength`, `addSpecialTokens`. */
  fnKwargs?: Readonly<Record<string, unknown>> | null;
  /** Where the report goes. Default stderr. */
  report?: (line: string) => void;
}

/** A dataset of texts as blocks of token ids: selected, shuffled, tokenized and cut as the options say. */
export function preprocessDataset(
  dataset: Dataset,
  tokenizer: Tokenizer,
  options: PreprocessOptions = {},
): TokenBlocks {
  const {
    feature = "text",
    desc,
    mapFn,
    mapKwargs,
    fnKwargs,
    report = (line) => process.stderr.write(`${line}\n`),
  } = options;
  const started = performance.now();
  const rows = orderRows(dataset, options);
  const sink = new TokenBlocksBuilder();
  const batchSize = mapKwargs?.batchSize ?? 1000;
  for (let from = 0; from < rows.length; from += batchSize) {
    const texts = [...rows.select([from, from + batchSize]).texts(feature)];
    if (mapFn instanceof BlockTokenizer) mapFn.map(texts, tokenizer, sink);
    else collect((mapFn ?? defaultTokenizer)(texts, { ...fnKwargs, tokenizer, feature }), sink);
  }
  if (mapFn instanceof BlockTokenizer) mapFn.end(sink);
  const blocks = sink.finish();
  if (blocks.length === 0) {
    throw new UserError("data/no-blocks", `${dataset.name}: no block of tokens is left of ${rows.length} rows`, {
      hint: "see select_range, min_len and max_len",
    });
  }
  if (desc)
    report(`${desc}: ${summary(rows.length, blocks)} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return blocks;
}

function summary(rows: number, blocks: TokenBlocks): string {
  const n = (x: number) => x.toLocaleString("en-US");
  const { fillRate, documentsPerBlock, droppedTokens } = blocks.report!;
  const fill = `${(100 * fillRate).toFixed(1)} % filled, ${documentsPerBlock.toFixed(2)} documents each, ${n(droppedTokens)} tokens dropped`;
  return `${n(rows)} rows → ${n(blocks.length)} blocks, ${n(blocks.tokenCount)} tokens (${fill})`;
}

function orderRows(dataset: Dataset, options: PreprocessOptions): Dataset {
  const { selectRange = null, toIterable = false, shuffle = false, seed = 42, distributedEnvironment: ranks } = options;
  let rows = dataset.select(selectRange);
  if (shuffle) rows = toIterable ? rows.take(streamOrder(rows.length, seed, options)) : rows.shuffle(seed);
  if (ranks && ranks.worldSize > 1) rows = rows.filter((_: Row, i) => i % ranks.worldSize === ranks.rank);
  return rows;
}

/** The order in which a stream gives its rows: contiguous shards shuffled, then a buffer from which a random row is taken each time. */
function streamOrder(
  length: number,
  seed: number,
  { numShards = 256, shuffleBufferSize = 10_000 }: PreprocessOptions,
): number[] {
  const random = new OrderRandom(seed);
  const shards = Math.max(1, Math.min(numShards, length));
  const bound = (shard: number) => Math.floor((shard * length) / shards);
  const buffer: number[] = [];
  const order: number[] = [];
  const take = () => {
    const at = random.int(buffer.length);
    order.push(buffer[at]!);
    buffer[at] = buffer.at(-1)!;
    buffer.pop();
  };
  for (const shard of random.permutation(shards)) {
    for (let row = bound(shard); row < bound(shard + 1); row++) {
      if (buffer.length >= Math.max(1, shuffleBufferSize)) take();
      buffer.push(row);
    }
  }
  while (buffer.length > 0) take();
  return order;
}

/** One sequence per row: the default `mapFn`. */
export const defaultTokenizer: MapFunction = (texts, { tokenizer, feature: _, ...options }) => ({
  inputIds: tokenizer.encodeBatch(texts, options),
});

function collect({ inputIds, documentStarts }: TokenizedBatch, sink: TokenBlocksBuilder): void {
  for (const [i, ids] of inputIds.entries()) sink.add(ids, Array.from(documentStarts?.[i] ?? []));
}
