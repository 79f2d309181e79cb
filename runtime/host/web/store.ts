/**
 * @file A page's files, kept in the origin private file system. A picture of the tree becomes a generation: new files are written under names that
 * nobody uses, then an index of all of them, and only then does what the index before named go away. A page that is closed in between finds
 * the older generation whole.
 *
 *     FOLDER/index-7      { files: [path, blob, bytes, mtimeMs][], sum }
 *     FOLDER/blob-19 …    contents
 */

import { createHash } from "./crypto.ts";
import type { PicturedFile } from "./file-tree.ts";

/** The part of a folder's handle that is used here: a test may give its own. */
export interface StoreFolder {
  names(): Promise<readonly string[]>;
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(name: string): Promise<void>;
}

interface IndexEntry {
  readonly path: string;
  readonly blob: string;
  readonly size: number;
  readonly mtimeMs: number;
}

export class FileStore {
  readonly #folder: StoreFolder;
  #generation = 0;
  #nextBlob = 0;
  /** What the newest generation holds, and the bytes that went there: those need not be written again. */
  #kept = new Map<string, IndexEntry & { readonly bytes: Uint8Array }>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: StoreFolder) {
    this.#folder = folder;
  }

  /** The files of the newest generation that is whole. */
  async load(): Promise<PicturedFile[]> {
    const names = await this.#folder.names();
    const numbersOf = (kind: string): number[] =>
      names.flatMap((name) => (name.startsWith(`${kind}-`) ? [Number(name.slice(kind.length + 1))] : []));
    this.#nextBlob = Math.max(-1, ...numbersOf("blob")) + 1;
    const generations = numbersOf("index").sort((a, b) => b - a);
    this.#generation = generations[0] ?? 0;
    for (const generation of generations) {
      const found = await this.#read(generation).catch(() => undefined);
      if (found === undefined) continue;
      this.#kept = new Map(found.map((file) => [file.path, file]));
      return found;
    }
    return [];
  }

  /** Keeps a picture; after those that were given before. Resolves to the bytes that are kept when it is on the disk. */
  save(picture: readonly PicturedFile[]): Promise<number> {
    const done = this.#queue.then(() => this.#write(picture));
    this.#queue = done.catch(() => {});
    return done;
  }

  /** Forgets everything. */
  clear(): Promise<void> {
    const done = this.#queue.then(async () => {
      for (const name of await this.#folder.names()) await this.#folder.remove(name);
      this.#kept.clear();
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  async #write(picture: readonly PicturedFile[]): Promise<number> {
    const next = new Map<string, IndexEntry & { readonly bytes: Uint8Array }>();
    const written: string[] = [];
    try {
      for (const { path, bytes, mtimeMs } of picture) {
        const known = this.#knownBlob(path, bytes);
        const blob = known ?? `blob-${this.#nextBlob++}`;
        if (known === undefined) {
          written.push(blob);
          await this.#folder.write(blob, bytes);
        }
        next.set(path, { path, blob, size: bytes.length, mtimeMs, bytes });
      }
      const index = `index-${this.#generation + 1}`;
      written.push(index);
      await this.#folder.write(index, encodeIndex([...next.values()]));
    } catch (error) {
      // What was there before stays; what this left must not take up the room that is missing.
      for (const name of written) await this.#folder.remove(name).catch(() => {});
      throw error;
    }
    this.#generation += 1;
    this.#kept = next;
    await this.#sweep();
    return [...next.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** A folder that is renamed takes its files along: bytes are known by themselves, whatever they are called now. */
  #knownBlob(path: string, bytes: Uint8Array): string | undefined {
    const same = this.#kept.get(path);
    if (same?.bytes === bytes) return same.blob;
    for (const entry of this.#kept.values()) if (entry.bytes === bytes) return entry.blob;
    return undefined;
  }

  async #sweep(): Promise<void> {
    const used = new Set([`index-${this.#generation}`, ...[...this.#kept.values()].map(({ blob }) => blob)]);
    for (const name of await this.#folder.names()) if (!used.has(name)) await this.#folder.remove(name).catch(() => {});
  }

  async #read(generation: number): Promise<(IndexEntry & PicturedFile)[] | undefined> {
    const entries = decodeIndex(await this.#folder.read(`index-${generation}`));
    if (entries === undefined) return undefined;
    const files: (IndexEntry & PicturedFile)[] = [];
    for (const entry of entries) {
      const bytes = await this.#folder.read(entry.blob);
      if (bytes.length !== entry.size) return undefined;
      files.push({ ...entry, bytes });
    }
    return files;
  }
}

function encodeIndex(entries: readonly IndexEntry[]): Uint8Array<ArrayBuffer> {
  const files = JSON.stringify(entries.map(({ path, blob, size, mtimeMs }) => ({ path, blob, size, mtimeMs })));
  return new TextEncoder().encode(JSON.stringify({ files, sum: sumOf(files) }));
}

/** Undefined where the index was not written to its end. */
function decodeIndex(bytes: Uint8Array): readonly IndexEntry[] | undefined {
  try {
    const { files, sum } = JSON.parse(new TextDecoder().decode(bytes)) as { files: string; sum: string };
    return sumOf(files) === sum ? (JSON.parse(files) as IndexEntry[]) : undefined;
  } catch {
    return undefined;
  }
}

const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");
