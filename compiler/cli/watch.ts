/**
 * @file `--watch`: rounds of one command, each begun by a change of something that the last one looked at.
 *
 * What a round reads goes through one `FileCache`, which also knows the places where it found nothing. Only when the content of one of them is another
 * does a round begin: a file that was saved unchanged, and the neighbours of a watched file, wake nobody.
 */
import { type FileCache, foldersToWatch, type Notes } from "../driver/file-cache.ts";
import type { CommandResult } from "./command.ts";
import { ExitCode } from "./exit-code.ts";
import type { CliHost, FolderWatcher } from "./host.ts";
import { printFailure, showPath } from "./output.ts";
import type { GlobalOptions } from "./session.ts";

/** What a command knows of the round that it runs in. */
export interface WatchRound {
  /** What is not as it was in the last round; undefined in the first. */
  readonly changed: Notes | undefined;
  /** What lives from round to round, and is disposed of after the last. */
  keep<T>(name: string, make: () => T, dispose?: (kept: T) => unknown): T;
}

export class WatchLoop {
  readonly #host: CliHost;
  readonly #files: FileCache;
  readonly #watcher: FolderWatcher;
  readonly #kept = new Map<string, { readonly value: unknown; dispose(): unknown }>();
  #watched: ReadonlySet<string> = new Set();
  #changed: Notes | undefined;
  #notes: ReturnType<FileCache["takeNotes"]>;

  constructor(host: CliHost, files: FileCache) {
    this.#host = host;
    this.#files = files;
    this.#watcher = host.openWatcher();
    this.#notes = files.takeNotes();
  }

  get round(): WatchRound {
    return {
      changed: this.#changed,
      keep: <T>(name: string, make: () => T, dispose?: (kept: T) => unknown): T => {
        const known = this.#kept.get(name);
        if (known !== undefined) return known.value as T;
        const value = make();
        this.#kept.set(name, { value, dispose: () => dispose?.(value) });
        return value;
      },
    };
  }

  /**
   * Waits for the next round; false when there is none.
   * @param inputs files beside those that were read through the cache
   * @param told what the command says it depends on, where that is more than it looked at in this round
   */
  async next(inputs: readonly string[] = [], told?: Notes): Promise<boolean> {
    const looked = this.#notes.stop();
    const others = new Set(inputs.filter((path) => !looked.has(path)));
    const notes = new Set([...looked, ...(told ?? [])]);
    for (;;) {
      const folders = foldersToWatch(this.#host.files, [...notes, ...others]);
      const fresh = [...folders].filter((folder) => !this.#watched.has(folder));
      this.#watcher.watch(folders);
      this.#watched = folders;
      // What happened there before it was watched.
      let changed =
        fresh.length > 0 ? this.#relevant(pathsIn(notes, new Set(fresh)), notes, new Set()) : new Set<string>();
      if (changed.size === 0) {
        const paths = await this.#watcher.next();
        if (paths === undefined) return false;
        changed = this.#relevant(paths, notes, others);
      }
      if (changed.size === 0) continue;
      this.#changed = changed;
      this.#notes = this.#files.takeNotes();
      return true;
    }
  }

  #relevant(paths: readonly string[], notes: Notes, others: Notes): Set<string> {
    const changed = this.#files.refresh(paths);
    return new Set([...[...changed].filter((note) => notes.has(note)), ...paths.filter((path) => others.has(path))]);
  }

  async close(): Promise<void> {
    this.#watcher.close();
    for (const { dispose } of this.#kept.values()) await dispose();
  }
}

function pathsIn(notes: Notes, folders: ReadonlySet<string>): readonly string[] {
  return [...notes]
    .map((note) => note.replace(/\/$/, ""))
    .filter((path) => {
      for (let at = path; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) if (folders.has(at)) return true;
      return folders.has("/");
    });
}

export interface Round {
  readonly exitCode: number;
  readonly result?: CommandResult;
}

/** Round after round until the watcher ends; a fault is printed, and waits for its mend. */
export async function runRounds(
  host: CliHost,
  files: FileCache,
  globals: GlobalOptions,
  round: (watch: WatchRound) => Promise<Round>,
): Promise<number> {
  const loop = new WatchLoop(host, files);
  // Through `exit`, so that what was kept leaves no temporary files behind.
  const signals = { SIGINT: ExitCode.Interrupted, SIGTERM: ExitCode.Terminated } as const;
  const leave = (signal: keyof typeof signals): void => process.exit(signals[signal]);
  process.on("SIGINT", leave).on("SIGTERM", leave);
  const say = (line: string): void => {
    if (!globals.quiet) host.stderr.write(`${line}\n`);
  };
  try {
    for (;;) {
      const started = performance.now();
      const { changed } = loop.round;
      const isScreen = host.stdout.isTerminal && host.stderr.isTerminal;
      if (changed !== undefined && isScreen) host.stdout.write(clearScreen);
      let done: Round;
      try {
        done = await round(loop.round);
      } catch (error) {
        done = { exitCode: printFailure(host, globals, error) };
      }
      const ms = Math.round(performance.now() - started);
      const did = `${done.result?.did ?? (done.result === undefined ? "failed" : "done")} in ${ms} ms`;
      if (changed !== undefined) say(`${changeText(changed, (path) => showPath(host, path))}: ${did}`);
      else say(`${did}; waiting for changes`);
      if (!(await loop.next(done.result?.inputs, done.result?.notes))) return done.exitCode;
    }
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    await loop.close();
  }
}

/** The screen, and not what was scrolled out of it. */
const clearScreen = "\u001b[2J\u001b[H";

/** `project.yaml changed`, `project.yaml and 3 others changed` */
export function changeText(changed: Notes, showPath: (path: string) => string): string {
  const files = [...changed].filter((note) => !note.endsWith("/"));
  const [first, ...others] = files.length > 0 ? files : [...changed];
  const name = showPath((first ?? "").replace(/(.)\/$/, "$1"));
  return `${name}${others.length === 0 ? "" : ` and ${others.length} other${others.length === 1 ? "" : "s"}`} changed`;
}
