/**
 * @file How far the host may run ahead of the GPU: two fences. A fence stands after each run where runs are long, so that two are in
 * flight; where they are short it stands after several, because a wait alone may take 12 ms (Deno looks for results that seldom).
 */

const fencesInFlight = 2;
/** Milliseconds between fences: below the first there are more runs to a fence, above the second fewer. */
const [tooShort, tooLong] = [12.5, 25];
const mostRuns = 16;

const nothing = (): void => {};

export class Pace {
  private readonly queue: GPUQueue;
  private readonly fences: { readonly done: Promise<void>; readonly at: number }[] = [];
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
    this.fences.push({ done, at: performance.now() });
    this.runs = 0;
  }

  private async waitForOldest(): Promise<void> {
    const fence = this.fences[0] as Pace["fences"][number];
    await fence.done;
    if (this.fences[0] !== fence) return;
    this.fences.shift();
    const now = performance.now();
    const took = now - Math.max(this.lastDone, fence.at);
    this.lastDone = now;
    if (took < tooShort) this.runsPerFence = Math.min(mostRuns, this.runsPerFence * 2);
    else if (took > tooLong) this.runsPerFence = Math.max(1, Math.floor((this.runsPerFence * tooLong) / took));
  }
}
