/** @file Added tokens: strings that are found in a text before it is tokenized, special ones among them. */
import { escapeRegExp } from "./normalizers.ts";

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where no word character touches it. */
  readonly singleWord: boolean;
  /** Takes the white space on its left, or right, with it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Looked for in the normalized text instead of the raw one. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** A stretch of text, or an added token. */
export type Segment = string | AddedToken;

/** Finds added tokens, leftmost and longest first. */
export class AddedTokenFinder {
  readonly #expression: RegExp | undefined;
  readonly #tokens: ReadonlyMap<string, AddedToken>;

  constructor(tokens: readonly AddedToken[]) {
    this.#tokens = new Map(tokens.map((t) => [t.content, t]));
    const contents = tokens.map((t) => t.content).filter((c) => c !== "");
    contents.sort((a, b) => b.length - a.length);
    this.#expression = contents.length === 0 ? undefined : new RegExp(contents.map(escapeRegExp).join("|"), "gu");
  }

  split(text: string): Segment[] {
    if (this.#expression === undefined) return text === "" ? [] : [text];
    const segments: Segment[] = [];
    let end = 0;
    for (const match of text.matchAll(this.#expression)) {
      const token = this.#tokens.get(match[0])!;
      let start = match.index;
      let stop = start + match[0].length;
      if (start < end) continue; // eaten by the white space of the token before
      if (token.singleWord && (isWordChar(text[start - 1]) || isWordChar(text[stop]))) continue;
      if (token.lstrip) while (start > end && isSpace(text[start - 1])) start--;
      if (token.rstrip) while (stop < text.length && isSpace(text[stop])) stop++;
      if (start > end) segments.push(text.slice(end, start));
      segments.push(token);
      end = stop;
    }
    if (end < text.length) segments.push(text.slice(end));
    return segments;
  }
}

const isWordChar = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
const isSpace = (char: string | undefined) => char !== undefined && /\p{White_Space}/u.test(char);

export function readAddedToken(json: Record<string, unknown>): AddedToken {
  return {
    id: Number(json["id"]),
    content: String(json["content"]),
    singleWord: json["single_word"] === true,
    lstrip: json["lstrip"] === true,
    rstrip: json["rstrip"] === true,
    normalized: json["normalized"] === true,
    special: json["special"] === true,
  };
}

export function writeAddedToken(token: AddedToken): Record<string, unknown> {
  const { id, content, lstrip, rstrip, normalized, special } = token;
  return { id, content, single_word: token.singleWord, lstrip, rstrip, normalized, special };
}
