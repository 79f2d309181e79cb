/**
 * @file Folders watched through the operating system, or by looking at them again and again where that does not tell (network drives, containers).
 *
 * Each folder is watched by itself: a template folder may hold links, and what lies beside it (output, packages) is none of our business.
 */
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import type { FolderWatcher } from "./host.ts";

/** An editor writes a file in several steps, a checkout many files: what follows within this time belongs together. */
const settleMs = 12;
/** However long a burst is, at some time one wants to see something. */
const longestBurstMs = 150;

/** Collects paths until nothing has come for a moment. */
export class Bursts {
  readonly #paths = new Set<string>();
  #resolve: ((paths: readonly string[]) => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since = 0;

  add(path: string): void {
    if (this.#paths.size === 0) this.#since = Date.now();
    this.#paths.add(path);
    this.#settle();
  }

  next(): Promise<readonly string[]> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (this.#paths.size > 0) this.#settle();
    });
  }

  #settle(): void {
    clearTimeout(this.#timer);
    if (this.#resolve === undefined) return;
    const left = longestBurstMs - (Date.now() - this.#since);
    this.#timer = setTimeout(() => this.#flush(), Math.max(0, Math.min(settleMs, left)));
  }

  #flush(): void {
    const resolve = this.#resolve;
    const paths = [...this.#paths];
    this.#resolve = undefined;
    this.#paths.clear();
    resolve?.(paths);
  }
}

export function systemWatcher(): FolderWatcher {
  const bursts = new Bursts();
  const open = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  const close = (folder: string): void => {
    open.get(folder)?.watcher.close();
    open.delete(folder);
  };
  const start = (folder: string): void => {
    const inode = inodeOf(folder);
    if (inode === undefined || open.get(folder)?.inode === inode) return;
    // Another folder of the same name: the old watch would stay silent.
    close(folder);
    try {
      const watcher = watch(folder, (_, name) => bursts.add(name === null ? folder : join(folder, name)));
      // A folder that is removed while it is watched.
      watcher.on("error", () => bursts.add(folder));
      open.set(folder, { watcher, inode });
    } catch (error) {
      if (isCode(error, "ENOSPC", "EMFILE"))
        throw new Error(
          `the system watches no more folders (${(error as Error).message}); FGC_WATCH_POLL=500 looks at them every 500 ms instead`,
        );
      if (!isCode(error, "ENOENT", "ENOTDIR")) throw error;
    }
  };
  return {
    watch(folders) {
      for (const folder of [...open.keys()]) if (!folders.has(folder)) close(folder);
      for (const folder of folders) start(folder);
    },
    next: () => bursts.next(),
    close() {
      for (const folder of [...open.keys()]) close(folder);
    },
  };
}

/** @param intervalMs how often it looks */
export function pollingWatcher(intervalMs: number): FolderWatcher {
  const bursts = new Bursts();
  const known = new Map<string, ReadonlyMap<string, string>>();
  const timer = setInterval(() => {
    for (const [folder, before] of known) {
      const now = stampsOf(folder);
      known.set(folder, now);
      for (const name of new Set([...before.keys(), ...now.keys()]))
        if (before.get(name) !== now.get(name)) bursts.add(join(folder, name));
    }
  }, intervalMs);
  return {
    watch(folders) {
      for (const folder of [...known.keys()]) if (!folders.has(folder)) known.delete(folder);
      for (const folder of folders) if (!known.has(folder)) known.set(folder, stampsOf(folder));
    },
    next: () => bursts.next(),
    close: () => clearInterval(timer),
  };
}

/** For each name in a folder what changes when it does. */
function stampsOf(folder: string): ReadonlyMap<string, string> {
  const stamps = new Map<string, string>();
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (!isCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
  for (const name of names) {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    stamps.set(
      name,
      stats === undefined ? "" : `${stats.ino} ${stats.isDirectory() ? "" : `${stats.mtimeMs} ${stats.size}`}`,
    );
  }
  return stamps;
}

function inodeOf(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.ino;
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
