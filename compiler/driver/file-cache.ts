/**
 * @file Files as they were when they were first looked at: each is read once, who looked at what can be noted, and what has changed since can be asked.
 *
 * A note holds failed look-ups too, and folders that were listed: a file that appears where one was looked for is a change.
 */
import { dirname, join } from "node:path";
import type { Host } from "./host.ts";

type Files = Host["files"];
type Entries = ReturnType<Files["list"]>;

/** Paths that were looked at; of a folder that was listed, the path with a slash behind it. */
export type Notes = ReadonlySet<string>;

export class FileCache implements Files {
  readonly #files: Files;
  readonly #texts = new Map<string, string | undefined>();
  readonly #folders = new Map<string, boolean>();
  readonly #lists = new Map<string, Entries>();
  readonly #open = new Set<Set<string>>();
  readonly #derived = new Map<string, { readonly value: unknown; readonly notes: Notes }>();

  constructor(files: Files) {
    // A cache over a cache would never see a change.
    this.#files = files instanceof FileCache ? files.#files : files;
  }

  readText(path: string): string | undefined {
    this.#note(path);
    if (!this.#texts.has(path)) this.#texts.set(path, this.#files.readText(path));
    return this.#texts.get(path);
  }

  invalidByte(path: string): number | undefined {
    return this.#files.invalidByte?.(path);
  }

  isDirectory(path: string): boolean {
    this.#note(path);
    let known = this.#folders.get(path);
    if (known === undefined) {
      known = this.#files.isDirectory(path);
      this.#folders.set(path, known);
    }
    return known;
  }

  list(path: string): Entries {
    this.#note(`${path}/`);
    let known = this.#lists.get(path);
    if (known === undefined) {
      known = this.#files.list(path);
      this.#lists.set(path, known);
    }
    return known;
  }

  writeText(path: string, text: string): void {
    this.#files.writeText(path, text);
    this.refresh([path]);
  }

  /** Notes all that is looked at until `stop`. Notes may be taken one inside the other. */
  takeNotes(): { readonly notes: Notes; stop(): Notes } {
    const notes = new Set<string>();
    this.#open.add(notes);
    const stop = (): Notes => {
      this.#open.delete(notes);
      return notes;
    };
    return { notes, stop };
  }

  /** Something worked out of files and folders alone: made once, until one of them changes. */
  derive<T>(name: string, make: () => T): T {
    let known = this.#derived.get(name);
    if (known === undefined) {
      const taking = this.takeNotes();
      try {
        known = { value: make(), notes: taking.notes };
      } finally {
        taking.stop();
      }
      this.#derived.set(name, known);
    } else for (const note of known.notes) this.#note(note);
    return known.value as T;
  }

  #note(path: string): void {
    for (const notes of this.#open) notes.add(path);
  }

  /**
   * Looks again at the places where something may have happened.
   * @param paths files and folders; of a folder all that was looked at in it
   * @returns what is not as it was, in the form of notes
   */
  refresh(paths: Iterable<string>): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const path of new Set(paths)) {
      this.#refreshPath(path, changed);
      this.#refreshList(this.#nearestList(path), changed);
      if (this.#mayHold(path)) this.#refreshBelow(path, changed);
    }
    for (const [name, { notes }] of this.#derived)
      if ([...changed].some((note) => notes.has(note))) this.#derived.delete(name);
    return changed;
  }

  #refreshPath(path: string, changed: Set<string>): void {
    if (this.#texts.has(path)) {
      const text = this.#files.readText(path);
      if (text !== this.#texts.get(path)) changed.add(path);
      this.#texts.set(path, text);
    }
    if (this.#folders.has(path)) {
      const isFolder = this.#files.isDirectory(path);
      if (isFolder !== this.#folders.get(path)) changed.add(path);
      this.#folders.set(path, isFolder);
    }
  }

  #refreshList(path: string, changed: Set<string>): void {
    const known = this.#lists.get(path);
    if (known === undefined) return;
    const now = this.#files.list(path);
    if (!sameEntries(known, now)) changed.add(`${path}/`);
    this.#lists.set(path, now);
  }

  /** The innermost folder around a path that was listed: below it, the path lies in a folder that is new. */
  #nearestList(path: string): string {
    let folder = dirname(path);
    while (!this.#lists.has(folder) && dirname(folder) !== folder) folder = dirname(folder);
    return folder;
  }

  /** Whether it is or was a folder, as far as is known. */
  #mayHold(path: string): boolean {
    return this.#folders.get(path) === true || this.#lists.has(path) || this.#files.isDirectory(path);
  }

  #refreshBelow(folder: string, changed: Set<string>): void {
    const inside = (path: string) => path.startsWith(`${folder}/`);
    for (const path of new Set([...this.#texts.keys(), ...this.#folders.keys()]))
      if (inside(path)) this.#refreshPath(path, changed);
    for (const path of this.#lists.keys()) if (path === folder || inside(path)) this.#refreshList(path, changed);
  }
}

function sameEntries(a: Entries, b: Entries): boolean {
  return (
    a.length === b.length && a.every((entry, i) => entry.name === b[i]?.name && entry.isDirectory === b[i]?.isDirectory)
  );
}

/** The folders in which something must happen before any of the noted places can change: existing ones, for what is absent the nearest. */
export function foldersToWatch(files: Files, notes: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  const known = new Map<string, boolean>();
  const exists = (path: string): boolean => {
    const answer = known.get(path) ?? files.isDirectory(path);
    known.set(path, answer);
    return answer;
  };
  for (const note of notes) {
    let folder = note.endsWith("/") ? join(note, ".") : dirname(note);
    while (!exists(folder) && dirname(folder) !== folder) folder = dirname(folder);
    folders.add(folder);
  }
  return folders;
}
