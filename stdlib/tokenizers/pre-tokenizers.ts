/**
 * @file Pre-tokenizers: text → words, the borders that merges never cross.
 *
 * Two steps, so that the model may cache by the word as it stands in the text: `split` cuts, `transform` writes one word in the model's
 * alphabet.
 */
import { gpt2Pattern, textToByteChars } from "./byte-level.ts";
import { compilePattern, type JsonPart, type JsonPattern, readPart } from "./normalizers.ts";

export interface PreTokenizer {
  /** Words of `text`, in order. `isFirst` tells whether the text opens the input (for prefix spaces). */
  split(text: string, isFirst: boolean): string[];
  transform(word: string): string;
  toJSON(): JsonPart;
}

export interface ByteLevelOptions {
  /** Put a space before a text that has none. Default true, as in the reference library. */
  addPrefixSpace?: boolean;
  /** Stored only: offsets are not computed here. */
  trimOffsets?: boolean;
  /** Split by GPT-2's word pattern. */
  useRegex?: boolean;
}

/** GPT-2's words, each as its UTF-8 bytes in the byte alphabet. */
export class ByteLevel implements PreTokenizer {
  readonly addPrefixSpace: boolean;
  readonly trimOffsets: boolean;
  readonly useRegex: boolean;

  constructor({ addPrefixSpace = true, trimOffsets = true, useRegex = true }: ByteLevelOptions = {}) {
    this.addPrefixSpace = addPrefixSpace;
    this.trimOffsets = trimOffsets;
    this.useRegex = useRegex;
  }

  split(text: string): string[] {
    const source = this.addPrefixSpace && !text.startsWith(" ") ? ` ${text}` : text;
    return this.useRegex ? (source.match(gpt2Pattern) ?? []) : [source];
  }
  transform(word: string): string {
    return textToByteChars(word);
  }
  toJSON(): JsonPart {
    return {
      type: "ByteLevel",
      add_prefix_space: this.addPrefixSpace,
      trim_offsets: this.trimOffsets,
      use_regex: this.useRegex,
    };
  }
}

export type SplitBehavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

/** Cut at (or, inverted, between) the matches of a pattern. */
export class Split implements PreTokenizer {
  readonly pattern: JsonPattern;
  readonly behavior: SplitBehavior;
  readonly invert: boolean;
  readonly #expression: RegExp;

  constructor({
    pattern,
    behavior,
    invert = false,
  }: { pattern: JsonPattern; behavior: SplitBehavior; invert?: boolean }) {
    this.pattern = pattern;
    this.behavior = behavior;
    this.invert = invert;
    this.#expression = compilePattern(pattern);
  }

  split(text: string): string[] {
    const parts: { text: string; isDelimiter: boolean }[] = [];
    let end = 0;
    for (const match of text.matchAll(this.#expression)) {
      if (match[0] === "") continue;
      if (match.index > end) parts.push({ text: text.slice(end, match.index), isDelimiter: this.invert });
      parts.push({ text: match[0], isDelimiter: !this.invert });
      end = match.index + match[0].length;
    }
    if (end < text.length) parts.push({ text: text.slice(end), isDelimiter: this.invert });
    return joinParts(parts, this.behavior);
  }
  transform(word: string): string {
    return word;
  }
  toJSON(): JsonPart {
    return { type: "Split", pattern: this.pattern, behavior: this.behavior, invert: this.invert };
  }
}

function joinParts(parts: readonly { text: string; isDelimiter: boolean }[], behavior: SplitBehavior): string[] {
  const words: string[] = [];
  let pending = ""; // MergedWithNext: a delimiter that waits for its word
  let previousWasDelimiter = false;
  for (const { text, isDelimiter } of parts) {
    const append =
      (behavior === "MergedWithPrevious" && isDelimiter && !previousWasDelimiter && words.length > 0) ||
      (behavior === "Contiguous" && words.length > 0 && isDelimiter === previousWasDelimiter);
    if (append) words[words.length - 1] += text;
    else if (isDelimiter && behavior === "MergedWithNext") {
      if (pending !== "") words.push(pending);
      pending = text;
    } else if (!(isDelimiter && behavior === "Removed")) {
      words.push(pending + text);
      pending = "";
    }
    previousWasDelimiter = isDelimiter;
  }
  if (pending !== "") words.push(pending);
  return words;
}

/** Spaces as `▁`, as SentencePiece writes them. */
export class Metaspace implements PreTokenizer {
  readonly replacement: string;
  readonly prependScheme: "always" | "first" | "never";
  readonly doSplit: boolean;

  constructor({
    replacement = "▁",
    prependScheme = "always",
    split = true,
  }: { replacement?: string; prependScheme?: "always" | "first" | "never"; split?: boolean } = {}) {
    this.replacement = replacement;
    this.prependScheme = prependScheme;
    this.doSplit = split;
  }

  split(text: string, isFirst: boolean): string[] {
    let source = text.replaceAll(" ", this.replacement);
    const prepends = this.prependScheme === "always" || (this.prependScheme === "first" && isFirst);
    if (prepends && !source.startsWith(this.replacement)) source = this.replacement + source;
    if (!this.doSplit) return [source];
    const words: string[] = [];
    for (let start = 0; start < source.length; ) {
      const next = source.indexOf(this.replacement, start + 1);
      const end = next < 0 ? source.length : next;
      words.push(source.slice(start, end));
      start = end;
    }
    return words;
  }
  transform(word: string): string {
    return word;
  }
  toJSON(): JsonPart {
    return {
      type: "Metaspace",
      replacement: this.replacement,
      prepend_scheme: this.prependScheme,
      split: this.doSplit,
    };
  }
}

/** Pre-tokenizers one after the other, each on the words of the one before. */
export class PreTokenizerSequence implements PreTokenizer {
  readonly pretokenizers: readonly PreTokenizer[];
  constructor(pretokenizers: readonly PreTokenizer[]) {
    this.pretokenizers = pretokenizers;
  }
  split(text: string, isFirst: boolean): string[] {
    let words = [text];
    for (const part of this.pretokenizers) words = words.flatMap((w, i) => part.split(w, isFirst && i === 0));
    return words;
  }
  transform(word: string): string {
    return this.pretokenizers.reduce((w, p) => p.transform(w), word);
  }
  toJSON(): JsonPart {
    return { type: "Sequence", pretokenizers: this.pretokenizers.map((p) => p.toJSON()) };
  }
}

const readers: Record<string, (json: JsonPart) => PreTokenizer> = {
  ByteLevel: (json) =>
    new ByteLevel({
      addPrefixSpace: json["add_prefix_space"] !== false,
      trimOffsets: json["trim_offsets"] !== false,
      useRegex: json["use_regex"] !== false,
    }),
  Split: (json) =>
    new Split({
      pattern: json["pattern"] as JsonPattern,
      behavior: json["behavior"] as SplitBehavior,
      invert: json["invert"] === true,
    }),
  Metaspace: (json) =>
    new Metaspace({
      replacement: String(json["replacement"] ?? "▁"),
      prependScheme:
        (json["prepend_scheme"] as "always" | "first" | "never" | undefined) ??
        (json["add_prefix_space"] === false ? "never" : "always"),
      split: json["split"] !== false,
    }),
  Sequence: (json) => new PreTokenizerSequence((json["pretokenizers"] as JsonPart[]).map(readPreTokenizer)),
};

/** Read a pre-tokenizer from `tokenizer.json`. */
export function readPreTokenizer(json: JsonPart): PreTokenizer {
  return readPart("pre-tokenizer", readers, json);
}
