/** @file `node:buffer` in a page: the two functions that the library uses. */

/** Whether bytes are well-formed UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export const Buffer = {
  from: (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text),
  isBuffer: (): boolean => false,
};
