/** @file Post-processors: put special tokens around the ids of a text. */
import { UserError } from "../faults.ts";
import { type JsonPart, readPart } from "./normalizers.ts";

export interface PostProcessor {
  /** The finished ids of one text or of a pair. */
  process(ids: readonly number[], pair?: readonly number[]): number[];
  /** Special tokens that `process` adds. */
  addedTokens(isPair: boolean): number;
  toJSON(): JsonPart;
}

type Piece =
  | { readonly SpecialToken: { readonly id: string; readonly type_id: number } }
  | { readonly Sequence: { readonly id: "A" | "B"; readonly type_id: number } };

interface SpecialTokenIds {
  readonly id: string;
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
}

export interface TemplateProcessingOptions {
  /** Template of one text: `"<|BOS|> $A"`. */
  single: string | readonly Piece[];
  /** Template of two texts: `"<|BOS|> $A <|EOS|> $B:1"`. Default: single, then `$B:1`. */
  pair?: string | readonly Piece[] | null;
  /** Each special token that the templates name, with its id. */
  specialTokens: readonly (readonly [token: string, id: number])[] | Readonly<Record<string, SpecialTokenIds>>;
}

/** Texts within a template: `$A` and `$B` are the texts, other words are special tokens, `:N` sets the type id. */
export class TemplateProcessing implements PostProcessor {
  readonly single: readonly Piece[];
  readonly pair: readonly Piece[];
  readonly specialTokens: Readonly<Record<string, SpecialTokenIds>>;

  constructor({ single, pair, specialTokens }: TemplateProcessingOptions) {
    this.single = typeof single === "string" ? parseTemplate(single) : single;
    const second = pair ?? [...this.single, { Sequence: { id: "B" as const, type_id: 1 } }];
    this.pair = typeof second === "string" ? parseTemplate(second) : second;
    this.specialTokens = isPairList(specialTokens)
      ? Object.fromEntries(specialTokens.map(([token, id]) => [token, { id: token, ids: [id], tokens: [token] }]))
      : specialTokens;
    for (const piece of [...this.single, ...this.pair]) {
      if ("SpecialToken" in piece && !Object.hasOwn(this.specialTokens, piece.SpecialToken.id)) {
        throw new UserError(
          "tokenizer/unknown-special-token",
          `the template names "${piece.SpecialToken.id}", which has no id`,
          {
            hint: `specialTokens gives ids for: ${Object.keys(this.specialTokens).join(", ") || "nothing"}`,
          },
        );
      }
    }
  }

  process(ids: readonly number[], pair?: readonly number[]): number[] {
    const out: number[] = [];
    for (const piece of pair === undefined ? this.single : this.pair) {
      const part =
        "SpecialToken" in piece
          ? this.specialTokens[piece.SpecialToken.id]!.ids
          : piece.Sequence.id === "A"
            ? ids
            : (pair ?? []);
      for (const id of part) out.push(id);
    }
    return out;
  }
  addedTokens(isPair: boolean): number {
    return this.process([], isPair ? [] : undefined).length;
  }
  toJSON(): JsonPart {
    return { type: "TemplateProcessing", single: this.single, pair: this.pair, special_tokens: this.specialTokens };
  }
}

const isPairList = (
  tokens: TemplateProcessingOptions["specialTokens"],
): tokens is readonly (readonly [string, number])[] => Array.isArray(tokens);

function parseTemplate(template: string): Piece[] {
  return template
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word): Piece => {
      const sequence = /^\$([ABab])?(?::?(\d+))?$/.exec(word);
      if (sequence) {
        const id = sequence[1]?.toUpperCase() === "B" ? "B" : "A";
        return { Sequence: { id, type_id: Number(sequence[2] ?? 0) } };
      }
      const special = /^(.*?)(?::(\d+))?$/.exec(word)!;
      return { SpecialToken: { id: special[1]!, type_id: Number(special[2] ?? 0) } };
    });
}

/** Adjusts offsets in the reference library; ids pass unchanged. */
class OffsetsOnly implements PostProcessor {
  readonly #json: JsonPart;
  constructor(json: JsonPart) {
    this.#json = json;
  }
  process(ids: readonly number[], pair: readonly number[] = []): number[] {
    return [...ids, ...pair];
  }
  addedTokens(): number {
    return 0;
  }
  toJSON(): JsonPart {
    return this.#json;
  }
}

class PostProcessorSequence implements PostProcessor {
  readonly #processors: readonly PostProcessor[];
  constructor(processors: readonly PostProcessor[]) {
    this.#processors = processors;
  }
  process(ids: readonly number[], pair?: readonly number[]): number[] {
    const adding = this.#processors.find((p) => p.addedTokens(pair !== undefined) > 0);
    return adding ? adding.process(ids, pair) : [...ids, ...(pair ?? [])];
  }
  addedTokens(isPair: boolean): number {
    return this.#processors.reduce((n, p) => Math.max(n, p.addedTokens(isPair)), 0);
  }
  toJSON(): JsonPart {
    return { type: "Sequence", processors: this.#processors.map((p) => p.toJSON()) };
  }
}

const readers: Record<string, (json: JsonPart) => PostProcessor> = {
  TemplateProcessing: (json) =>
    new TemplateProcessing({
      single: json["single"] as Piece[],
      pair: json["pair"] as Piece[],
      specialTokens: json["special_tokens"] as Record<string, SpecialTokenIds>,
    }),
  ByteLevel: (json) => new OffsetsOnly(json),
  Sequence: (json) => new PostProcessorSequence((json["processors"] as JsonPart[]).map(readPostProcessor)),
};

/** Read a post-processor from `tokenizer.json`. */
export function readPostProcessor(json: JsonPart): PostProcessor {
  return readPart("post-processor", readers, json);
}
