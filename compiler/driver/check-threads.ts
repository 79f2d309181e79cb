/**
 * @file Jobs of a check handed out to threads: whichever is free takes the next. Threads stay, with what they have read, for as long as the pool does.
 *
 * A thread that dies loses its job and no other: the job's configs are tried one by one, and the one on which a thread dies again is reported.
 */
import { type CachedHost, Checker, type CheckItem, type CheckJob } from "./check-many.ts";
import { driverDiagnostics as faults } from "./diagnostics.ts";

/** A thread of this process that runs `serveChecks`. */
export interface Thread {
  send(message: ThreadRequest): void;
  onAnswer(listener: (answer: ThreadAnswer) => void): void;
  /** Called when it has ended, asked or not. */
  onEnd(listener: (reason: string) => void): void;
  stop(): void;
}

export type ThreadRequest =
  | { readonly kind: "check"; readonly job: CheckJob; readonly withNotes: boolean }
  | { readonly kind: "forget"; readonly paths: readonly string[] };
export interface ThreadAnswer {
  readonly items: readonly CheckItem[];
}

/** The other end: what a thread does with what it is sent. */
export function serveChecks(
  host: CachedHost,
  answer: (answer: ThreadAnswer) => void,
): (request: ThreadRequest) => void {
  const checker = new Checker(host);
  let last: Promise<void> = Promise.resolve();
  return (request) => {
    last = last.then(async () => {
      if (request.kind === "forget") return checker.forget(host.files.refresh(request.paths));
      const items = await checker.check(request.job);
      answer({ items: request.withNotes ? items : items.map(({ notes: _, ...item }) => item) });
    });
  };
}

/** Large enough that messages cost nothing, small enough that no thread waits long for the last. */
const configsPerJob = 12;
/** Something is wrong with the machine, not with a config. */
const mostDeaths = 8;

export class CheckThreads {
  readonly #start: () => Thread;
  readonly #size: number;
  readonly #idle: Thread[] = [];
  readonly #all = new Set<Thread>();
  readonly #busy = new Map<
    Thread,
    { readonly job: CheckJob; readonly finish: (items: readonly CheckItem[] | string) => void }
  >();
  #deaths = 0;

  constructor(start: () => Thread, size: number) {
    this.#start = start;
    this.#size = size;
  }

  /** The items of all jobs, in the order in which they became ready. */
  async check(jobs: readonly CheckJob[], withNotes: boolean, progress: (done: number) => void): Promise<CheckItem[]> {
    const waiting = jobs.flatMap(split);
    const items: CheckItem[] = [];
    const work = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const outcome = await this.#run(job, withNotes);
        if (typeof outcome !== "string") items.push(...outcome);
        else if (job.configs.length > 1)
          waiting.push(...job.configs.map((config) => ({ ...(job as CheckJob), configs: [config] })));
        else items.push(...lost(job, outcome));
        progress(items.length);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#size, waiting.length) }, work));
    return items;
  }

  #run(job: CheckJob, withNotes: boolean): Promise<readonly CheckItem[] | string> {
    if (this.#deaths >= mostDeaths) return Promise.resolve("threads die again and again");
    const thread = this.#idle.pop() ?? this.#open();
    return new Promise((finish) => {
      this.#busy.set(thread, { job, finish });
      thread.send({ kind: "check", job, withNotes });
    });
  }

  #open(): Thread {
    const thread = this.#start();
    this.#all.add(thread);
    const finish = (outcome: readonly CheckItem[] | string): void => {
      const work = this.#busy.get(thread);
      this.#busy.delete(thread);
      work?.finish(outcome);
    };
    thread.onAnswer(({ items }) => {
      this.#idle.push(thread);
      finish(items);
    });
    thread.onEnd((reason) => {
      this.#all.delete(thread);
      const place = this.#idle.indexOf(thread);
      if (place >= 0) this.#idle.splice(place, 1);
      if (this.#busy.has(thread)) this.#deaths += 1;
      finish(reason);
    });
    return thread;
  }

  forget(paths: readonly string[]): void {
    for (const thread of this.#all) thread.send({ kind: "forget", paths });
  }

  close(): void {
    for (const thread of this.#all) thread.stop();
  }
}

function split(job: CheckJob): CheckJob[] {
  const jobs: CheckJob[] = [];
  for (let i = 0; i < job.configs.length; i += configsPerJob)
    jobs.push({ ...job, configs: job.configs.slice(i, i + configsPerJob) });
  return jobs;
}

function lost({ projectDir, configs }: CheckJob, reason: string): CheckItem[] {
  return configs.map((config) => ({
    project: projectDir,
    config,
    diagnostics: [faults.checkFailed({}, { config, problem: `the thread ended: ${reason}` })],
  }));
}
