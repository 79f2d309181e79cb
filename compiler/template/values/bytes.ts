/** @file Byte strings: what `encode` gives. They print and compare, and have no other use in a config. */
import { PyObject, type Value } from "./value.ts";

export class PyBytes extends PyObject {
  readonly typeName = "bytes";
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }
  override length(): number {
    return this.bytes.length;
  }
  override iterate(): Iterator<Value> {
    return Array.from(this.bytes, BigInt).values();
  }
  override item(key: Value): Value | undefined {
    if (typeof key !== "bigint") return undefined;
    const byte = this.bytes.at(Number(key));
    return byte === undefined ? undefined : BigInt(byte);
  }
  override equals(other: Value): boolean {
    return other instanceof PyBytes && Buffer.compare(this.bytes, other.bytes) === 0;
  }
  override repr(): string {
    const quote = this.bytes.includes(0x27) && !this.bytes.includes(0x22) ? '"' : "'";
    let out = "";
    for (const byte of this.bytes) out += reprByte(byte, quote);
    return `b${quote}${out}${quote}`;
  }
}

const shortEscapes = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x5c, "\\\\"],
]);

function reprByte(byte: number, quote: string): string {
  const short = shortEscapes.get(byte);
  if (short !== undefined) return short;
  const character = String.fromCharCode(byte);
  if (character === quote) return `\\${quote}`;
  return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
}
