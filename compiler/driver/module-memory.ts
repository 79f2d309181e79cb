/**
 * @file What modules of projects and packages export, kept between processes: reading them takes TypeScript, whose start alone takes longer than a check.
 *
 *     CACHE/signatures/KEY.json     of one module: its signature, and the hash of every file that it was read from or looked for in
 *
 * Nothing of it is believed before the files have been compared.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KnownModule, ModuleMemory } from "../graph/symbols.ts";
import { sha256, writeAtomic } from "./output.ts";

interface Stored {
  readonly path: string;
  readonly signature: KnownModule["signature"] | null;
  /** Path → hash; null for a file that was not there. */
  readonly files: Readonly<Record<string, string | null>>;
}

const hashOf = (text: string | undefined): string | null => (text === undefined ? null : sha256(text));

export class StoredModules implements ModuleMemory {
  readonly #folder: string;
  readonly #build: string;
  readonly #held = new Map<string, KnownModule>();

  /** @param build the compiler's own hash: another one may read modules otherwise */
  constructor(folder: string, build: string) {
    this.#folder = folder;
    this.#build = build;
  }

  find(path: string, read: (file: string) => string | undefined): KnownModule | undefined {
    const held = this.#held.get(path);
    if (held !== undefined) return [...held.texts].every(([file, text]) => read(file) === text) ? held : undefined;
    const stored = this.#stored(path);
    if (stored?.path !== path) return undefined;
    const texts = new Map(Object.keys(stored.files).map((file) => [file, read(file)] as const));
    if ([...texts].some(([file, text]) => hashOf(text) !== stored.files[file])) return undefined;
    const known: KnownModule = { signature: stored.signature ?? undefined, texts };
    this.#held.set(path, known);
    return known;
  }

  keep(path: string, known: KnownModule): void {
    this.#held.set(path, known);
    const files = Object.fromEntries([...known.texts].map(([file, text]) => [file, hashOf(text)]));
    const stored: Stored = { path, signature: known.signature ?? null, files };
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeAtomic(this.#placeOf(path), JSON.stringify(stored));
    } catch {
      // A cache that cannot be written costs time and nothing else.
    }
  }

  #placeOf(path: string): string {
    return join(this.#folder, `${sha256(`${this.#build}\0${path}`)}.json`);
  }

  #stored(path: string): Stored | undefined {
    try {
      return JSON.parse(readFileSync(this.#placeOf(path), "utf8")) as Stored;
    } catch {
      return undefined;
    }
  }
}
