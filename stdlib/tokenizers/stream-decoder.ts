/**
 * @file Text of ids that come one by one.
 *
 * A character may be spread over several tokens, so text is held back while it ends in a broken character. Only a window of ids is decoded
 * again at each step, so a long generation costs the same per token throughout.
 */

/** Longest run of tokens that one character may need: UTF-8 has four bytes, a byte per token at worst. */
const longestCharacter = 4;

/** Tokens to text one by one: holds back what is not a whole character yet. */
export class StreamDecoder {
  readonly #decode: (ids: readonly number[]) => string;
  /** Ids whose text is not all given out; the first `#shown` of them are context that was given out before. */
  #ids: number[] = [];
  #shown = 0;

  constructor(decode: (ids: readonly number[]) => string) {
    this.#decode = decode;
  }

  /** Add an id; returns the text that is certain now. */
  push(id: number): string {
    this.#ids.push(id);
    const before = this.#decode(this.#ids.slice(0, this.#shown));
    const now = this.#decode(this.#ids);
    const pending = this.#ids.length - this.#shown;
    if (now.endsWith("\ufffd") && pending < longestCharacter) return "";
    // What was shown stays as context: decoders that strip a leading space do so only at the very start.
    this.#ids = this.#ids.slice(this.#shown);
    this.#shown = this.#ids.length;
    return now.slice(before.length);
  }

  /** The text still held back, broken characters included. */
  end(): string {
    const before = this.#decode(this.#ids.slice(0, this.#shown));
    const rest = this.#decode(this.#ids).slice(before.length);
    this.#ids = [];
    this.#shown = 0;
    return rest;
  }
}
