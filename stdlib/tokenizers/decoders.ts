/** @file Decoders: tokens → text. Each maps a list of token strings; the joined result is the text. */
import { byteCharsToBytes } from "./byte-level.ts";
import { compilePattern, type JsonPart, type JsonPattern, readPart } from "./normalizers.ts";

export interface Decoder {
  decode(tokens: readonly string[]): string[];
  toJSON(): JsonPart;
}

// A BOM inside a text is text: the decoder must not eat it.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The inverse of the byte level pre-tokenizer. Bytes that are not UTF-8 become U+FFFD. */
export class ByteLevelDecoder implements Decoder {
  decode(tokens: readonly string[]): string[] {
    const parts = tokens.map(byteCharsToBytes);
    const bytes = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return [utf8.decode(bytes)];
  }
  toJSON(): JsonPart {
    return { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true };
  }
}

/** `<0x41>` tokens back to bytes; runs that are not UTF-8 become one U+FFFD per byte. */
export class ByteFallbackDecoder implements Decoder {
  decode(tokens: readonly string[]): string[] {
    const out: string[] = [];
    let bytes: number[] = [];
    const flush = () => {
      if (bytes.length === 0) return;
      try {
        out.push(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes)));
      } catch {
        out.push(...bytes.map(() => "\ufffd"));
      }
      bytes = [];
    };
    for (const token of tokens) {
      const match = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
      if (match) bytes.push(Number.parseInt(match[1]!, 16));
      else {
        flush();
        out.push(token);
      }
    }
    flush();
    return out;
  }
  toJSON(): JsonPart {
    return { type: "ByteFallback" };
  }
}

class Fuse implements Decoder {
  decode(tokens: readonly string[]): string[] {
    return [tokens.join("")];
  }
  toJSON(): JsonPart {
    return { type: "Fuse" };
  }
}

class ReplaceDecoder implements Decoder {
  readonly #pattern: JsonPattern;
  readonly #content: string;
  constructor(pattern: JsonPattern, content: string) {
    this.#pattern = pattern;
    this.#content = content;
  }
  decode(tokens: readonly string[]): string[] {
    const expression = compilePattern(this.#pattern);
    return tokens.map((t) => t.replace(expression, () => this.#content));
  }
  toJSON(): JsonPart {
    return { type: "Replace", pattern: this.#pattern, content: this.#content };
  }
}

class StripDecoder implements Decoder {
  readonly #json: JsonPart;
  constructor(json: JsonPart) {
    this.#json = json;
  }
  decode(tokens: readonly string[]): string[] {
    const content = String(this.#json["content"]);
    return tokens.map((token) => {
      let [start, end] = [0, token.length];
      for (let n = Number(this.#json["start"]); n > 0 && token[start] === content; n--) start++;
      for (let n = Number(this.#json["stop"]); n > 0 && end > start && token[end - 1] === content; n--) end--;
      return token.slice(start, end);
    });
  }
  toJSON(): JsonPart {
    return this.#json;
  }
}

class MetaspaceDecoder implements Decoder {
  readonly #json: JsonPart;
  constructor(json: JsonPart) {
    this.#json = json;
  }
  decode(tokens: readonly string[]): string[] {
    const mark = String(this.#json["replacement"] ?? "▁");
    const dropsFirst = this.#json["prepend_scheme"] !== "never" && this.#json["add_prefix_space"] !== false;
    return tokens.map((t, i) => {
      const text = t.replaceAll(mark, " ");
      return i === 0 && dropsFirst && text.startsWith(" ") ? text.slice(1) : text;
    });
  }
  toJSON(): JsonPart {
    return this.#json;
  }
}

class DecoderSequence implements Decoder {
  readonly #decoders: readonly Decoder[];
  constructor(decoders: readonly Decoder[]) {
    this.#decoders = decoders;
  }
  decode(tokens: readonly string[]): string[] {
    return this.#decoders.reduce<string[]>((t, d) => d.decode(t), [...tokens]);
  }
  toJSON(): JsonPart {
    return { type: "Sequence", decoders: this.#decoders.map((d) => d.toJSON()) };
  }
}

const readers: Record<string, (json: JsonPart) => Decoder> = {
  ByteLevel: () => new ByteLevelDecoder(),
  ByteFallback: () => new ByteFallbackDecoder(),
  Fuse: () => new Fuse(),
  Replace: (json) => new ReplaceDecoder(json["pattern"] as JsonPattern, String(json["content"])),
  Strip: (json) => new StripDecoder(json),
  Metaspace: (json) => new MetaspaceDecoder(json),
  Sequence: (json) => new DecoderSequence((json["decoders"] as JsonPart[]).map(readDecoder)),
};

/** Read a decoder from `tokenizer.json`. */
export function readDecoder(json: JsonPart): Decoder {
  return readPart("decoder", readers, json);
}
