/** @file A tokenizer's files, in Hugging Face's layout: tokenizer.json, tokenizer_config.json, special_tokens_map.json. */
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeFileWhole } from "../data/write-file.ts";
import { UserError } from "../faults.ts";
import { type AddedToken, readAddedToken, writeAddedToken } from "./added-tokens.ts";
import { readBpe } from "./bpe.ts";
import { readDecoder } from "./decoders.ts";
import { type JsonPart, readNormalizer } from "./normalizers.ts";
import { readPostProcessor } from "./post-processors.ts";
import { readPreTokenizer } from "./pre-tokenizers.ts";
import type { Side, Tokenizer, TokenizerConfig, TokenizerParts } from "./tokenizer.ts";

/** What the files of a tokenizer hold. */
export interface TokenizerContents {
  readonly parts: TokenizerParts;
  readonly config: TokenizerConfig;
}

/** Read a folder or its `tokenizer.json`; settings come from the files beside it. */
export function readTokenizerFiles(path: string): TokenizerContents {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const file = isFolder ? join(path, "tokenizer.json") : path;
  const folder = isFolder ? path : dirname(path);
  if (!existsSync(file)) {
    throw new UserError("tokenizer/not-found", `no tokenizer at ${file}`, {
      hint: "a tokenizer is a folder with tokenizer.json",
      kind: "outside",
    });
  }
  const optional = (name: string) => (existsSync(join(folder, name)) ? readJson(join(folder, name)) : {});
  return readTokenizerJson(readJson(file), {
    ...optional("special_tokens_map.json"),
    ...optional("tokenizer_config.json"),
  });
}

/** The parts of a tokenizer from the parsed contents of its files. */
export function readTokenizerJson(
  json: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>> = {},
): TokenizerContents {
  const part = <T>(key: string, read: (json: JsonPart) => T): T | undefined =>
    json[key] == null ? undefined : read(json[key] as JsonPart);
  const model = json["model"] as JsonPart | undefined;
  if (model === undefined) throw new UserError("tokenizer/bad-file", "tokenizer.json has no model");
  return {
    parts: {
      model: readBpe(model),
      normalizer: part("normalizer", readNormalizer),
      preTokenizer: part("pre_tokenizer", readPreTokenizer),
      postProcessor: part("post_processor", readPostProcessor),
      decoder: part("decoder", readDecoder),
      addedTokens: ((json["added_tokens"] as Record<string, unknown>[] | undefined) ?? []).map(readAddedToken),
    },
    config: readConfig(config),
  };
}

/** Write the three files into a folder, each by a temporary name. */
export function saveTokenizer(tokenizer: Tokenizer, folder: string): void {
  const { parts } = tokenizer;
  const special = specialTokensMap(tokenizer);
  mkdirSync(folder, { recursive: true });
  // tokenizer.json last: it is the file that a build rule looks for.
  writeJson(join(folder, "special_tokens_map.json"), special);
  writeJson(join(folder, "tokenizer_config.json"), writeConfig(tokenizer));
  writeJson(join(folder, "tokenizer.json"), {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: tokenizer.addedTokens.map(writeAddedToken),
    normalizer: parts.normalizer ?? null,
    pre_tokenizer: parts.preTokenizer ?? null,
    post_processor: parts.postProcessor ?? null,
    decoder: parts.decoder ?? null,
    model: parts.model,
  });
}

function readConfig(json: Readonly<Record<string, unknown>>): TokenizerConfig {
  const token = (key: string): string | undefined => {
    const value = json[key];
    // Hugging Face writes a token as its text or as an object.
    if (typeof value === "object" && value !== null) return String((value as AddedToken).content);
    return typeof value === "string" ? value : undefined;
  };
  const limit = json["model_max_length"];
  return {
    bosToken: token("bos_token"),
    eosToken: token("eos_token"),
    padToken: token("pad_token"),
    unkToken: token("unk_token"),
    // "No limit" is written as 1e30 there.
    modelMaxLength: typeof limit === "number" && limit < 1e15 ? limit : undefined,
    paddingSide: json["padding_side"] === "left" ? "left" : ("right" as Side),
    truncationSide: json["truncation_side"] === "left" ? "left" : ("right" as Side),
    chatTemplate: typeof json["chat_template"] === "string" ? json["chat_template"] : undefined,
  };
}

function specialTokensMap(t: Tokenizer): Record<string, string> {
  const entries = { bos_token: t.bosToken, eos_token: t.eosToken, pad_token: t.padToken, unk_token: t.unkToken };
  return Object.fromEntries(Object.entries(entries).filter((e): e is [string, string] => e[1] !== undefined));
}

function writeConfig(t: Tokenizer): Record<string, unknown> {
  return {
    added_tokens_decoder: Object.fromEntries(
      t.addedTokens.map((token) => {
        const { id, ...rest } = writeAddedToken(token);
        return [String(id), rest];
      }),
    ),
    ...specialTokensMap(t),
    clean_up_tokenization_spaces: false,
    model_max_length: Number.isFinite(t.modelMaxLength) ? t.modelMaxLength : 1e30,
    padding_side: t.paddingSide,
    truncation_side: t.truncationSide,
    ...(t.chatTemplate === undefined ? {} : { chat_template: t.chatTemplate }),
    tokenizer_class: "PreTrainedTokenizerFast",
  };
}

function readJson(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw new UserError("tokenizer/bad-file", `${file} is not valid JSON`, {
      hint: cause instanceof Error ? cause.message : undefined,
      cause,
    });
  }
}

function writeJson(file: string, value: unknown): void {
  writeFileWhole(file, [`${JSON.stringify(value, null, 2)}\n`]);
}
