/**
 * @file GPT-2's byte level alphabet: every byte as one printable character, so that BPE works on text and never meets
 * an unknown symbol.
 *
 * @source Radford et al. 2019, `bytes_to_unicode` of the GPT-2 release: printable Latin-1 bytes stand for themselves, the other
 * 68 are moved to U+0100 and up, in order.
 */

const isPrintable = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

/** Character of each byte. */
export const byteToChar: readonly string[] = (() => {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : 0x100 + moved++));
})();

/** Byte of each character of the alphabet. */
export const charToByte: ReadonlyMap<string, number> = new Map(byteToChar.map((char, byte) => [char, byte]));

/** GPT-2's word pattern. White space as in Unicode, which is what the reference library's engine calls `\s`. */
export const gpt2Pattern =
  /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const encoder = new TextEncoder();

/** UTF-8 bytes of `text`, each as its character. */
export function textToByteChars(text: string): string {
  let out = "";
  for (const byte of encoder.encode(text)) out += byteToChar[byte]!;
  return out;
}

/**
 * Bytes of a token. A token with a character outside the alphabet (an added token in plain text) is taken as UTF-8.
 */
export function byteCharsToBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = charToByte.get(token[i]!);
    if (byte === undefined) return encoder.encode(token);
    bytes[i] = byte;
  }
  return bytes;
}
