/**
 * @file The team of threads: the caller's own, and workers. A program is sent to all of them once; a run is one counter to raise, and all
 * threads go through the program in lockstep.
 */
import { DeviceError } from "../../errors.ts";
import { abortions, control, failureBytes, orders, sleepMs } from "./control.ts";
import { startThread, type Thread } from "./host.ts";
import { workerSource } from "./worker-source.ts";

/** Looks at the barrier before sleeping: some tens of microseconds. */
const defaultSpins = 20_000;
/** Twenty minutes: far longer than any piece of work, and yet not for ever. */
const defaultPatience = (20 * 60 * 1000) / sleepMs;

export class Team {
  readonly threads: number;
  private readonly memory: WebAssembly.Memory;
  private readonly workers: Thread[] = [];
  private failure: string | undefined;

  private constructor(memory: WebAssembly.Memory, threads: number) {
    this.memory = memory;
    this.threads = threads;
    Atomics.store(this.words, control.spins / 4, defaultSpins);
    Atomics.store(this.words, control.patience / 4, defaultPatience);
  }

  static async start(memory: WebAssembly.Memory, threads: number): Promise<Team> {
    const team = new Team(memory, threads);
    const starting = Array.from({ length: threads - 1 }, (_, i) =>
      startThread(workerSource, { memory, thread: i + 1, threads, epoch: 0 }, `fgc-wasm-${i + 1}`, (reason) => {
        team.failure ??= reason;
        // Whoever waits for the lost thread must not wait for ever.
        Atomics.store(team.words, control.aborted / 4, abortions.failed);
        Atomics.notify(team.words, control.generation / 4);
      }),
    );
    team.workers.push(...(await Promise.all(starting)));
    return team;
  }

  /** Hands a program's module to all workers, or takes it away again; returns when they have it. */
  send(message: { readonly id: number; readonly module?: WebAssembly.Module; readonly parameters?: number }): void {
    if (this.workers.length === 0) return;
    this.check();
    Atomics.store(this.words, control.acknowledged / 4, 0);
    for (const worker of this.workers) worker.post(message);
    this.order(orders.receive);
    const acknowledged = control.acknowledged / 4;
    let patience = Atomics.load(this.words, control.patience / 4);
    for (let seen = 0; seen < this.workers.length && !this.aborted; seen = Atomics.load(this.words, acknowledged)) {
      if (Atomics.wait(this.words, acknowledged, seen, sleepMs) === "timed-out" && --patience === 0)
        Atomics.store(this.words, control.aborted / 4, abortions.lost);
    }
    this.check();
  }

  /** All threads run program `id`; `own` is this thread's share, and returns whether the team was aborted. */
  run(id: number, own: () => number): void {
    this.check();
    if (this.workers.length > 0) this.order(id);
    let aborted = 0;
    try {
      aborted = own();
    } catch (error) {
      this.failure ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
      Atomics.store(this.words, control.aborted / 4, abortions.failed);
      Atomics.notify(this.words, control.generation / 4);
      this.check();
    }
    if (aborted !== 0) this.check();
  }

  async close(): Promise<void> {
    Atomics.store(this.words, control.aborted / 4, abortions.failed);
    this.order(orders.exit);
    await Promise.all(this.workers.map((worker) => worker.terminate()));
    this.workers.length = 0;
    this.failure ??= "the device is closed";
  }

  /** Seen afresh each time: memory that is not shared is another buffer when it has grown. */
  private get words(): Int32Array {
    return new Int32Array(this.memory.buffer, 0, control.end / 4);
  }

  private order(order: number): void {
    Atomics.store(this.words, control.order / 4, order);
    Atomics.add(this.words, control.epoch / 4, 1);
    Atomics.notify(this.words, control.epoch / 4);
  }

  private get aborted(): boolean {
    return Atomics.load(this.words, control.aborted / 4) !== 0;
  }

  private check(): void {
    if (!this.aborted && this.failure === undefined) return;
    const length = Atomics.load(this.words, control.failure / 4);
    const text = new TextDecoder().decode(
      new Uint8Array(this.memory.buffer).slice(
        control.failure + 4,
        control.failure + 4 + Math.min(length, failureBytes),
      ),
    );
    const lost = Atomics.load(this.words, control.aborted / 4) === abortions.lost;
    const unsaid = lost ? "a thread has not answered for very long; was it killed?" : "a thread failed";
    throw new DeviceError(`the wasm device has stopped: ${this.failure ?? (text || unsaid)}`);
  }
}
