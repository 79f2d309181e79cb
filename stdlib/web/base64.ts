/** @file Bytes that travel as text. */
import { inflate } from "./zip.ts";

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }).fromBase64;
  if (native !== undefined) return native.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** What the compiler has packed: gzip in base64. */
export const unpack = (text: string): Promise<Uint8Array<ArrayBuffer>> => inflate(fromBase64(text), "gzip");
