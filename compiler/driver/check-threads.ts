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
  | { readonly kind: "check"; readonly jobs: readonly CheckJob[]; readonly withNotes: boolean }
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
      const items = await checker.check(request.jobs);
      answer({ items: request.withNotes ? items : items.map(({ notes: _, ...item }) => item) });
    });
  };
}

/** Large enough that starting TypeScript for them counts for little, small enough that no thread waits long for the last. */
const configsPerBatch = 32;
/** Something is wrong with the machine, not with a config. */
const mostDeaths = 8;

export class CheckThreads {
  readonly #start: () => Thread;
  readonly #size: number;
  readonly #idle: Thread[] = [];
  readonly #all = new Set<Thread>();
  readonly #busy = new Map<Thread, (outcome: readonly CheckItem[] | string) => void>();
  #deaths = 0;

  constructor(start: () => Thread, size: number) {
    this.#start = start;
    this.#size = size;
  }

  /** The items of all jobs, in the order in which they became ready. */
  async check(jobs: readonly CheckJob[], withNotes: boolean, progress: (done: number) => void): Promise<CheckItem[]> {
    const waiting = batches(jobs, this.#size);
    const items: CheckItem[] = [];
    const work = async (): Promise<void> => {
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        const outcome = await this.#run(batch, withNotes);
        const singles = batch.flatMap(oneByOne);
        if (typeof outcome !== "string") items.push(...outcome);
        else if (singles.length > 1) waiting.push(...singles.map((job) => [job]));
        else items.push(...singles.flatMap((job) => lost(job, outcome)));
        progress(items.length);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#size, waiting.length) }, work));
    return items;
  }

  #run(jobs: readonly CheckJob[], withNotes: boolean): Promise<readonly CheckItem[] | string> {
    if (this.#deaths >= mostDeaths) return Promise.resolve("threads die again and again");
    const thread = this.#idle.pop() ?? this.#open();
    return new Promise((finish) => {
      this.#busy.set(thread, finish);
      thread.send({ kind: "check", jobs, withNotes });
    });
  }

  #open(): Thread {
    const thread = this.#start();
    this.#all.add(thread);
    const finish = (outcome: readonly CheckItem[] | string): void => {
      const waiting = this.#busy.get(thread);
      this.#busy.delete(thread);
      waiting?.(outcome);
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

/** Jobs of about one size; each thread gets some of them. */
function batches(jobs: readonly CheckJob[], threads: number): (readonly CheckJob[])[] {
  const count = jobs.reduce((sum, { configs }) => sum + configs.length, 0);
  const size = Math.min(configsPerBatch, Math.ceil(count / threads));
  const found: CheckJob[][] = [];
  let room = 0;
  for (const job of jobs)
    for (let start = 0; start < job.configs.length; ) {
      if (room === 0) {
        found.push([]);
        room = size;
      }
      const configs = job.configs.slice(start, start + room);
      (found.at(-1) as CheckJob[]).push({ ...job, configs });
      start += configs.length;
      room -= configs.length;
    }
  return found;
}

function oneByOne(job: CheckJob): CheckJob[] {
  return job.configs.map((config) => ({ ...job, configs: [config] }));
}

function lost({ projectDir, configs }: CheckJob, reason: string): CheckItem[] {
  return configs.map((config) => ({
    project: projectDir,
    config,
    diagnostics: [faults.checkFailed({}, { config, problem: `the thread ended: ${reason}` })],
  }));
}
