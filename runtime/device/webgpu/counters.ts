/** @file What the host has handed to the GPU so far, and what that cost it: for benchmarks. */

export interface Counters {
  /** Submits of programs' runs; copies of states are not counted. */
  runs: number;
  dispatches: number;
  /** Milliseconds of this thread for recording and submitting them. */
  hostMs: number;
}

export const newCounters = (): Counters => ({ runs: 0, dispatches: 0, hostMs: 0 });
