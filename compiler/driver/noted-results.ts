/** @file Results that hold as long as nothing that was looked at for them has changed. */
import type { FileCache, Notes } from "./file-cache.ts";

interface Kept {
  readonly value: unknown;
  readonly notes: Notes;
}

/** Keys carry their type: one key has results of one kind. */
export interface ResultKey<T> {
  readonly name: string;
  /** For inference alone. */
  readonly type?: T;
}

export class NotedResults {
  readonly #files: FileCache;
  readonly #kept = new Map<string, Kept>();

  constructor(files: FileCache) {
    this.#files = files;
  }

  /** Makes what is not known (any more). Nothing else may be made meanwhile: notes could not tell the two apart. */
  async make<T>(key: ResultKey<T>, make: () => T | Promise<T>): Promise<T> {
    const known = this.get(key);
    if (known !== undefined) return known;
    const taking = this.#files.takeNotes();
    try {
      const value = await make();
      this.set(key, value, taking.notes);
      return value;
    } finally {
      taking.stop();
    }
  }

  get<T>({ name }: ResultKey<T>): T | undefined {
    return this.#kept.get(name)?.value as T | undefined;
  }

  set<T>({ name }: ResultKey<T>, value: T, notes: Notes): void {
    this.#kept.set(name, { value, notes });
  }

  notesOf(key: ResultKey<unknown>): Notes {
    return this.#kept.get(key.name)?.notes ?? new Set();
  }

  /** All that any of the results looked at. */
  get notes(): Notes {
    const all = new Set<string>();
    for (const { notes } of this.#kept.values()) for (const note of notes) all.add(note);
    return all;
  }

  forget(changed: Notes): void {
    const places = [...changed];
    for (const [name, { notes }] of this.#kept) if (places.some((place) => notes.has(place))) this.#kept.delete(name);
  }

  /** Of results that are no longer asked for. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of [...this.#kept.keys()]) if (!names.has(name)) this.#kept.delete(name);
  }
}
