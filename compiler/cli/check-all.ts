/**
 * @file Every config of the projects below a folder, checked; with `--watch` again and again, each time only those that reach what has changed.
 *
 * The order of the result is that of the folders, whatever the threads do.
 */
import { Checker, type CheckItem, type CheckJob } from "../driver/check-many.ts";
import { CheckThreads } from "../driver/check-threads.ts";
import type { Notes } from "../driver/file-cache.ts";
import type { FixedClock } from "../driver/host.ts";
import { NotedResults, type ResultKey } from "../driver/noted-results.ts";
import { projectsBelow } from "../driver/projects-below.ts";
import type { CachedHost } from "./cached-host.ts";

export interface CheckAllRequest {
  readonly start: string;
  /** Projects below a project, too. */
  readonly recursive: boolean;
  readonly clock: FixedClock | undefined;
  /** Whether what was looked at is asked for. */
  readonly withNotes: boolean;
  /** Called now and then with how many configs are done, of how many. */
  progress(done: number, of: number): void;
}

export interface CheckAllResult {
  readonly items: readonly CheckItem[];
  /** How many configs were checked in this round; the others' results are earlier ones. */
  readonly checked: number;
  readonly configs: number;
  readonly notes: Notes;
}

/** Starting a thread and warming it up takes as long as checking so many configs here. */
const worthAThread = 24;

export class CheckAll {
  readonly #host: CachedHost;
  readonly #checker: Checker;
  readonly #results: NotedResults;
  #threads: CheckThreads | undefined;

  constructor(host: CachedHost) {
    this.#host = host;
    this.#checker = new Checker(host);
    this.#results = new NotedResults(host.files);
  }

  /** @param changed since the last round */
  async run(request: CheckAllRequest, changed: Notes = new Set()): Promise<CheckAllResult> {
    this.#forget(changed);
    const { clock, withNotes, progress } = request;
    const projects = [];
    for (const folder of await this.#folders(request)) projects.push(await this.#checker.find(folder, clock));
    const all = projects.flatMap(({ dir, configs }) => configs.map((config) => ({ dir, config })));
    const jobs = projects
      .map(({ dir, configs }): CheckJob => {
        const missing = configs.filter((config) => this.#results.get(itemKey(dir, config)) === undefined);
        return { projectDir: dir, configs: missing, clock };
      })
      .filter(({ configs }) => configs.length > 0);
    const checked = jobs.reduce((count, { configs }) => count + configs.length, 0);
    for (const item of await this.#check(jobs, checked, withNotes, progress))
      this.#results.set(itemKey(item.project, item.config ?? ""), item, item.notes ?? new Set());
    const items = projects.flatMap(({ dir, configs, diagnostics }): CheckItem[] => {
      const own: CheckItem[] = diagnostics.length === 0 ? [] : [{ project: dir, config: undefined, diagnostics }];
      return [...own, ...configs.flatMap((config) => this.#results.get(itemKey(dir, config)) ?? [])];
    });
    const notes = new Set(this.#results.notes);
    for (const { dir } of projects) for (const note of this.#checker.notesOf(dir)) notes.add(note);
    return { items, checked, configs: all.length, notes };
  }

  async #folders({ start, recursive }: CheckAllRequest): Promise<readonly string[]> {
    const below = await this.#results.make(foldersKey, () => projectsBelow(this.#host.files, start));
    // Within a project's folders `--all` means that project, as every command does.
    return (below[0] === start && !recursive) || below.length === 0 ? [start] : below;
  }

  async #check(
    jobs: readonly CheckJob[],
    count: number,
    withNotes: boolean,
    progress: (done: number, of: number) => void,
  ): Promise<readonly CheckItem[]> {
    const { threads } = this.#host;
    const useful = Math.min(threads?.count ?? 1, Math.ceil(count / worthAThread));
    if (threads !== undefined && useful > 1) {
      this.#threads ??= new CheckThreads(() => threads.start(), threads.count);
      return this.#threads.check(jobs, withNotes, (done) => progress(done, count));
    }
    return this.#checker.check(jobs, (done) => progress(done, count));
  }

  #forget(changed: Notes): void {
    if (changed.size === 0) return;
    this.#results.forget(changed);
    this.#checker.forget(changed);
    this.#threads?.forget([...changed].map((note) => note.replace(/(.)\/$/, "$1")));
  }

  close(): void {
    this.#checker.close();
    this.#threads?.close();
  }
}

const foldersKey: ResultKey<readonly string[]> = { name: "projects" };
const itemKey = (project: string, config: string): ResultKey<CheckItem> => ({ name: `${project}\0${config}` });
