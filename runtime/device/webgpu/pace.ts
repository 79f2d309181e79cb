/**
 * @file How far the host may run ahead of the GPU: two fences. A fence stands after each run where runs are long, so that two are in
 * flight; where they are short it stands after several, because a wait costs up to 12 ms (Deno looks for results that seldom).
 */

const fencesInFlight = 2;
/** Milliseconds of work between fences. */
const period = 10;
const mostRuns = 32;

const nothing = (): void => {};

export class Pace {
  private readonly queue: GPUQueue;
  private readonly fences: { readonly done: Promise<void>; readonly runs: number; readonly at: number }[] = [];
  private runs = 0;
  private runsPerFence = 1;
  private lastDone = 0;

  constructor(queue: GPUQueue) {
    this.queue = queue;
  }

  /** What to wait for before the next run is encoded; undefined: nothing. */
  wait(): Promise<void> | undefined {
    return this.fences.length < fencesInFlight ? undefined : this.waitForOldest();
  }

  /** After each submit. */
  submitted(): void {
    this.runs++;
    if (this.runs < this.runsPerFence) return;
    // A lost device is told elsewhere (`faults.ts`).
    const done = this.queue.onSubmittedWorkDone().then(nothing, nothing);
    this.fences.push({ done, runs: this.runs, at: performance.now() });
    this.runs = 0;
  }

  private async waitForOldest(): Promise<void> {
    const fence = this.fences[0] as Pace["fences"][number];
    await fence.done;
    if (this.fences[0] !== fence) return;
    this.fences.shift();
    const now = performance.now();
    const perRun = (now - Math.max(this.lastDone, fence.at)) / fence.runs;
    this.lastDone = now;
    const wanted = Math.floor(period / Math.max(perRun, 0.01));
    // One slow run (a page that slept) must not end the batching, one fast run not begin it.
    this.runsPerFence = Math.max(1, Math.min(mostRuns, wanted, this.runsPerFence * 2));
  }
}
