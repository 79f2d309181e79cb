/** @file `fgc/data`: texts from files and packages, blocks of tokens, batches. */
export { BlockTokenizer, type BlockTokenizerOptions, blockTokenizer } from "./block-tokenizer.ts";
export {
  type CausalBatch,
  type DataCollator,
  DataCollatorForCausalLM,
  type DataCollatorOptions,
  type IntMatrix,
  positionsFromStarts,
  positionsFromToken,
} from "./collator.ts";
export { concatDatasets, Dataset, inMemory, type Row, type SplitShares, splitDataset } from "./dataset.ts";
export type { FileSelection } from "./files.ts";
export { type BlockSource, DataLoader, type DataLoaderOptions, type DataPosition } from "./loader.ts";
export {
  defaultTokenizer,
  type MapFunction,
  type PreprocessOptions,
  preprocessDataset,
  type TokenizedBatch,
} from "./preprocess.ts";
export { OrderRandom } from "./random.ts";
export type { SelectRange } from "./select-range.ts";
export { jsonLines, type TextFilesOptions, textFiles } from "./sources.ts";
export { type FillReport, type TokenBlock, TokenBlocks, TokenBlocksBuilder } from "./token-blocks.ts";
