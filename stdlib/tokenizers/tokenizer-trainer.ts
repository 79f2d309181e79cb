/** @file Training a tokenizer from rows of text, and saving it: the recipe of a tokenizer project. */
import { UserError } from "../faults.ts";
import type { AddedToken } from "./added-tokens.ts";
import { BPE } from "./bpe.ts";
import { BpeTrainer } from "./bpe-trainer.ts";
import { ByteLevelDecoder, type Decoder } from "./decoders.ts";
import { NFC, type Normalizer } from "./normalizers.ts";
import { type PostProcessor, TemplateProcessing } from "./post-processors.ts";
import { ByteLevel, type PreTokenizer } from "./pre-tokenizers.ts";
import { Tokenizer, type TokenizerConfig } from "./tokenizer.ts";

/** Rows to train on: any iterable of mappings or of plain texts. */
export type TextRows = Iterable<string | Readonly<Record<string, unknown>>>;

export interface TokenizerTrainerOptions {
  /** Folder for the finished files. Without one the result is only returned: a build rule saves it itself. */
  outputDir?: string;
  /** Rows of text. */
  dataset: TextRows & { select?(range: SelectRange): TextRows };
  /** Settings of the finished tokenizer; names in snake_case or camelCase. */
  args?: Readonly<Record<string, unknown>>;
  /** Untrained model: its options are kept. */
  model?: BPE;
  normalizer?: Normalizer | null;
  preTokenizer?: PreTokenizer | null;
  decoder?: Decoder | null;
  /** Default: the BOS token before the text, where `args` names one. */
  postProcessor?: PostProcessor | null;
  trainer?: BpeTrainer;
  /** Column of the rows that holds the text. */
  feature?: string;
  /** Rows to use: all, the first n, a share, or `[from, to]`. */
  selectRange?: SelectRange | null;
  /** Where the summary goes. Default stderr: standard output is for results. */
  report?: (line: string) => void;
}

/** See `selectRange` of fgc/data, which does the selecting. */
export type SelectRange = number | readonly number[];

const rowsPerBatch = 1000;

/** Trains a tokenizer on a dataset: its parts, special tokens and trainer in, a folder with `tokenizer.json` out. */
export class TokenizerTrainer {
  readonly #options: TokenizerTrainerOptions;
  constructor(options: TokenizerTrainerOptions) {
    this.#options = options;
  }

  /** Train, save, and give back the tokenizer. */
  train(): Tokenizer {
    const {
      dataset,
      feature = "text",
      selectRange = null,
      report = (line) => process.stderr.write(`${line}\n`),
    } = this.#options;
    const {
      normalizer = new NFC(),
      preTokenizer = new ByteLevel({ addPrefixSpace: false }),
      decoder = new ByteLevelDecoder(),
    } = this.#options;
    const { trainer = new BpeTrainer(), model = new BPE() } = this.#options;

    const started = performance.now();
    const { counts, rows } = countWords(selectRows(dataset, selectRange), feature, normalizer, preTokenizer);
    if (counts.size === 0) {
      throw new UserError(
        "tokenizer/no-text",
        `no text to train a tokenizer on: column "${feature}" of ${rows} rows is empty`,
      );
    }
    const trained = trainer.train(model, counts);
    const seconds = (performance.now() - started) / 1000;
    const steps = Math.ceil(rows / rowsPerBatch);
    report(
      `total_samples: ${rows}, batch_size: ${rowsPerBatch}, steps: ${steps}, time: ${seconds.toFixed(2)} s, samples/s: ${(rows / seconds).toFixed(1)}, vocab_size: ${trained.vocabSize}`,
    );

    const config = tokenizerConfig(this.#options.args ?? {});
    const special = [...new Set([...trainer.specialTokens, ...namedTokens(config)])];
    let nextId = trained.vocabSize;
    const addedTokens = special.map((content): AddedToken => {
      const id = trained.tokenToId(content) ?? nextId++;
      return { id, content, singleWord: false, lstrip: false, rstrip: false, normalized: false, special: true };
    });
    const { postProcessor = bosFirst(config, addedTokens) } = this.#options;
    const tokenizer = new Tokenizer(
      {
        model: trained,
        normalizer: normalizer ?? undefined,
        preTokenizer: preTokenizer ?? undefined,
        decoder: decoder ?? undefined,
        postProcessor: postProcessor ?? undefined,
        addedTokens,
      },
      config,
    );
    if (this.#options.outputDir !== undefined) tokenizer.save(this.#options.outputDir);
    return tokenizer;
  }
}

/** Train a tokenizer and save it: `TokenizerTrainer` as one call, for recipes. */
export function trainTokenizer(options: TokenizerTrainerOptions): Tokenizer {
  return new TokenizerTrainer(options).train();
}

function selectRows(dataset: TokenizerTrainerOptions["dataset"], range: SelectRange | null): TextRows {
  if (range === null) return dataset;
  if (dataset.select === undefined) {
    throw new UserError("tokenizer/cannot-select", "selectRange needs a dataset that can select rows", {
      hint: "use a dataset of fgc/data",
    });
  }
  return dataset.select(range);
}

function countWords(rows: TextRows, feature: string, normalizer: Normalizer | null, preTokenizer: PreTokenizer | null) {
  const raw = new Map<string, number>();
  let total = 0;
  for (const row of rows) {
    const text = typeof row === "string" ? row : row[feature];
    if (typeof text !== "string") {
      const columns = typeof row === "string" ? "" : Object.keys(row).join(", ");
      throw new UserError("tokenizer/no-feature", `row ${total} has no text in column "${feature}"`, {
        hint: `its columns: ${columns}`,
      });
    }
    total++;
    const source = normalizer?.normalize(text) ?? text;
    for (const word of preTokenizer?.split(source, true) ?? [source]) raw.set(word, (raw.get(word) ?? 0) + 1);
  }
  // Words are counted as they stand in the text and written in the model's alphabet once each.
  const counts = new Map<string, number>();
  for (const [word, count] of raw) {
    const key = preTokenizer?.transform(word) ?? word;
    if (key !== "") counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return { counts, rows: total };
}

function tokenizerConfig(args: Readonly<Record<string, unknown>>): TokenizerConfig {
  const get = (name: string) => {
    const value = args[name] ?? args[name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)];
    return value === null ? undefined : value;
  };
  const text = (name: string) => get(name) as string | undefined;
  return {
    bosToken: text("bosToken"),
    eosToken: text("eosToken"),
    padToken: text("padToken"),
    unkToken: text("unkToken"),
    modelMaxLength: get("modelMaxLength") as number | undefined,
    paddingSide: text("paddingSide") === "left" ? "left" : "right",
    truncationSide: text("truncationSide") === "left" ? "left" : "right",
    chatTemplate: text("chatTemplate"),
  };
}

const namedTokens = (c: TokenizerConfig): string[] =>
  [c.bosToken, c.padToken, c.eosToken, c.unkToken].filter((t): t is string => t !== undefined);

function bosFirst({ bosToken }: TokenizerConfig, added: readonly AddedToken[]): PostProcessor | null {
  const bos = added.find((t) => t.content === bosToken);
  if (bos === undefined) return null;
  return new TemplateProcessing({ single: `${bos.content} $A`, specialTokens: [[bos.content, bos.id]] });
}
