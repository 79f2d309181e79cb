/** @file Datasets: rows with named columns, in memory, selected and ordered without copying the rows. */
import { UserError } from "../faults.ts";
import { OrderRandom } from "./random.ts";
import { type SelectRange, selectedIndices } from "./select-range.ts";

/** One row; text datasets have the column `text`. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows with named columns, read when they are asked for: map, filter, select, shuffle and split give views, not copies. */
export class Dataset implements Iterable<Row> {
  readonly #rows: readonly Row[];
  /** What the rows are called in messages: a file, a folder, a package. */
  readonly name: string;

  constructor(rows: readonly Row[], { name = "dataset" }: { name?: string } = {}) {
    this.#rows = rows;
    this.name = name;
  }

  get length(): number {
    return this.#rows.length;
  }
  [Symbol.iterator](): Iterator<Row> {
    return this.#rows[Symbol.iterator]();
  }
  row(index: number): Row {
    const row = this.#rows.at(index);
    if (row === undefined) throw new RangeError(`row ${index} of ${this.length}`);
    return row;
  }

  /** The rows of a range, see `SelectRange`. */
  select(range: SelectRange): Dataset {
    const { start, stop, step } = selectedIndices(range, this.length);
    const rows = this.#rows.slice(start, stop);
    return new Dataset(step === 1 ? rows : rows.filter((_, i) => i % step === 0), { name: this.name });
  }
  /** All rows in a random order, the same for equal seeds. */
  shuffle(seed: number): Dataset {
    return this.take(new OrderRandom(seed).permutation(this.length));
  }
  /** The rows at `indices`, in that order. */
  take(indices: Iterable<number>): Dataset {
    return new Dataset(
      Array.from(indices, (i) => this.row(i)),
      { name: this.name },
    );
  }
  filter(keep: (row: Row, index: number) => boolean): Dataset {
    return new Dataset(this.#rows.filter(keep), { name: this.name });
  }
  map(fn: (row: Row, index: number) => Row): Dataset {
    return new Dataset(this.#rows.map(fn), { name: this.name });
  }

  /** The texts of a column. */
  *texts(feature = "text"): Generator<string> {
    for (const [index, row] of this.#rows.entries()) {
      const text = row[feature];
      if (typeof text !== "string") {
        throw new UserError("data/no-feature", `row ${index} of ${this.name} has no text in column "${feature}"`, {
          hint: `its columns: ${Object.keys(row).join(", ")}`,
        });
      }
      yield text;
    }
  }
}

/** A dataset of texts or rows that are at hand. */
export function inMemory(rows: Iterable<string | Row>, { name = "in memory" }: { name?: string } = {}): Dataset {
  return new Dataset(
    Array.from(rows, (row) => (typeof row === "string" ? { text: row } : row)),
    { name },
  );
}

/** Rows of several datasets, one after the other. */
export function concatDatasets(datasets: readonly Dataset[]): Dataset {
  return new Dataset(
    datasets.flatMap((d) => [...d]),
    { name: datasets.map((d) => d.name).join(" + ") },
  );
}

/** Shares of `splitDataset`; the rest of the keys names the splits. */
export type SplitShares = Readonly<Record<string, number>>;

/**
 * Deal the rows to named splits at random: `splitDataset(dataset, { train: 0.95, validation: 0.05, seed: 42 })`.
 * Numbers below 1 are shares, others counts of rows; rows keep their order within a split. A split that should have rows gets at
 * least one.
 */
export function splitDataset(dataset: Dataset, { seed = 42, ...shares }: SplitShares): Record<string, Dataset> {
  const names = Object.keys(shares);
  const wanted = names.map((name) => countOf(name, shares[name]!, dataset.length));
  // Shares that add up to 1 take every row: rounding goes to the first split, which is the training one.
  const shareSum = names.reduce((sum, name) => sum + (shares[name]! <= 1 ? shares[name]! : Number.NaN), 0);
  const total = () => wanted.reduce((a, b) => a + b, 0);
  if (Math.abs(shareSum - 1) < 1e-9) wanted[0]! += dataset.length - total();
  if (total() > dataset.length || wanted.some((n) => n < 1)) {
    throw new UserError(
      "data/bad-split",
      `${dataset.name} has ${dataset.length} rows, too few for the splits ${JSON.stringify(shares)}`,
      {
        hint: "use smaller shares, or more data",
      },
    );
  }
  const order = new OrderRandom(seed).permutation(dataset.length);
  let from = 0;
  return Object.fromEntries(
    names.map((name, i) => {
      const part = order.subarray(from, from + wanted[i]!);
      from += wanted[i]!;
      return [name, dataset.take(part.slice().sort())];
    }),
  );
}

function countOf(name: string, share: number, length: number): number {
  if (!(share > 0))
    throw new UserError("data/bad-split", `split "${name}" has the size ${share}`, {
      hint: "a share such as 0.95, or a count",
    });
  return share <= 1 ? Math.max(1, Math.round(share * length)) : Math.floor(share);
}
