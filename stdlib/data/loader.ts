/**
 * @file Batches in an order that is a pure function of (seed, epoch), so that a resumed run seeks instead of replaying.
 */
import { UserError } from "../faults.ts";
import type { CausalBatch, DataCollator } from "./collator.ts";
import { OrderRandom } from "./random.ts";
import type { TokenBlock } from "./token-blocks.ts";

/** What a loader reads: rows by number. */
export interface BlockSource {
  readonly length: number;
  row(index: number): TokenBlock;
}

export interface DataLoaderOptions {
  batchSize: number;
  collator: DataCollator;
  /** A new order in each epoch. */
  shuffle?: boolean;
  seed?: number;
  /** Leave out a last batch that is not full. */
  dropLast?: boolean;
}

/** A place in the data: the next batch to read. Plain data, stored in checkpoints. */
export interface DataPosition {
  readonly epoch: number;
  readonly batch: number;
  readonly seed: number;
}

/** Batches of a dataset, in an order that is a function of seed and epoch alone, so that a run resumes where it stopped. */
export class DataLoader {
  readonly dataset: BlockSource;
  readonly batchSize: number;
  readonly #options: Required<DataLoaderOptions>;

  constructor(dataset: BlockSource, options: DataLoaderOptions) {
    if (!(Number.isInteger(options.batchSize) && options.batchSize > 0)) {
      throw new UserError("data/bad-batch-size", `a batch of ${options.batchSize} rows`);
    }
    this.dataset = dataset;
    this.batchSize = options.batchSize;
    this.#options = { shuffle: false, seed: 0, dropLast: false, ...options };
  }

  /** Batches per epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.#options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }
  get seed(): number {
    return this.#options.seed;
  }

  /** The batches of one epoch, from number `from` on. */
  *batches(epoch = 0, from = 0): Generator<CausalBatch> {
    const order = this.#options.shuffle
      ? new OrderRandom(this.seed, epoch).permutation(this.dataset.length)
      : undefined;
    for (let batch = from; batch < this.length; batch++) {
      const first = batch * this.batchSize;
      const last = Math.min(first + this.batchSize, this.dataset.length);
      const blocks: TokenBlock[] = [];
      for (let i = first; i < last; i++) blocks.push(this.dataset.row(order?.[i] ?? i));
      yield this.#options.collator.collate(blocks);
    }
  }
}
