/** @file Normalizers: text → text, before anything is split. Named and stored as in Hugging Face's `tokenizer.json`. */
import { UserError } from "../faults.ts";

export interface Normalizer {
  normalize(text: string): string;
  toJSON(): JsonPart;
}

/** A part as `tokenizer.json` stores it. */
export type JsonPart = { readonly type: string; readonly [key: string]: unknown };

type UnicodeForm = "NFC" | "NFD" | "NFKC" | "NFKD";

class UnicodeNormalizer implements Normalizer {
  readonly form: UnicodeForm;
  constructor(form: UnicodeForm) {
    this.form = form;
  }
  normalize(text: string): string {
    return text.normalize(this.form);
  }
  toJSON(): JsonPart {
    return { type: this.form };
  }
}

/** Canonical composition: one form for letters with accents. */
export class NFC extends UnicodeNormalizer {
  constructor() {
    super("NFC");
  }
}
/** Canonical decomposition. */
export class NFD extends UnicodeNormalizer {
  constructor() {
    super("NFD");
  }
}
/** Compatibility composition: also folds ligatures and widths. */
export class NFKC extends UnicodeNormalizer {
  constructor() {
    super("NFKC");
  }
}
/** Compatibility decomposition. */
export class NFKD extends UnicodeNormalizer {
  constructor() {
    super("NFKD");
  }
}

/** Lower case, by the rules of Unicode. */
export class Lowercase implements Normalizer {
  normalize(text: string): string {
    return text.toLowerCase();
  }
  toJSON(): JsonPart {
    return { type: "Lowercase" };
  }
}

/** Put `prepend` before a text that is not empty. */
export class Prepend implements Normalizer {
  readonly prepend: string;
  constructor(prepend: string) {
    this.prepend = prepend;
  }
  normalize(text: string): string {
    return text === "" ? text : this.prepend + text;
  }
  toJSON(): JsonPart {
    return { type: "Prepend", prepend: this.prepend };
  }
}

/** A pattern as `tokenizer.json` stores it. */
export type JsonPattern = { readonly String: string } | { readonly Regex: string };

/** A global regular expression for a stored pattern. */
export function compilePattern(pattern: JsonPattern): RegExp {
  if ("String" in pattern) return new RegExp(escapeRegExp(pattern.String), "gu");
  // The reference's engine spells a case-insensitive group `(?i:…)`, which JavaScript engines of our floor lack; the only
  // published use of it (GPT-4 and Llama 3) is the list of English contractions, which expands.
  const source = pattern.Regex.replaceAll(/\(\?i:([^()]*)\)/g, (_, body: string) => `(?:${anyCase(body)})`);
  try {
    return new RegExp(source, "gu");
  } catch (cause) {
    throw new UserError(
      "tokenizer/unsupported-pattern",
      `the tokenizer's pattern ${JSON.stringify(pattern.Regex)} cannot be used`,
      {
        hint: cause instanceof Error ? cause.message : undefined,
      },
    );
  }
}

const anyCase = (text: string) => text.replaceAll(/[a-z]/gi, (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`);
export const escapeRegExp = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** Replace every match of a pattern. */
export class Replace implements Normalizer {
  readonly pattern: JsonPattern;
  readonly content: string;
  readonly #expression: RegExp;
  constructor(pattern: JsonPattern | string, content: string) {
    this.pattern = typeof pattern === "string" ? { String: pattern } : pattern;
    this.content = content;
    this.#expression = compilePattern(this.pattern);
  }
  normalize(text: string): string {
    return text.replace(this.#expression, () => this.content);
  }
  toJSON(): JsonPart {
    return { type: "Replace", pattern: this.pattern, content: this.content };
  }
}

/** Normalizers one after the other. */
export class NormalizerSequence implements Normalizer {
  readonly normalizers: readonly Normalizer[];
  constructor(normalizers: readonly Normalizer[]) {
    this.normalizers = normalizers;
  }
  normalize(text: string): string {
    return this.normalizers.reduce((t, n) => n.normalize(t), text);
  }
  toJSON(): JsonPart {
    return { type: "Sequence", normalizers: this.normalizers.map((n) => n.toJSON()) };
  }
}

const readers: Record<string, (json: JsonPart) => Normalizer> = {
  NFC: () => new NFC(),
  NFD: () => new NFD(),
  NFKC: () => new NFKC(),
  NFKD: () => new NFKD(),
  Lowercase: () => new Lowercase(),
  Prepend: (json) => new Prepend(String(json["prepend"])),
  Replace: (json) => new Replace(json["pattern"] as JsonPattern, String(json["content"])),
  Sequence: (json) => new NormalizerSequence((json["normalizers"] as JsonPart[]).map(readNormalizer)),
};

/** Read a normalizer from `tokenizer.json`. */
export function readNormalizer(json: JsonPart): Normalizer {
  return readPart("normalizer", readers, json);
}

/** Look a part's type up in its table of readers. */
export function readPart<T>(kind: string, table: Record<string, (json: JsonPart) => T>, json: JsonPart): T {
  const read = Object.hasOwn(table, json.type) ? table[json.type] : undefined;
  if (read === undefined) {
    throw new UserError("tokenizer/unsupported-part", `${kind} of type "${json.type}" is not supported`, {
      hint: `supported: ${Object.keys(table).join(", ")}`,
    });
  }
  return read(json);
}
