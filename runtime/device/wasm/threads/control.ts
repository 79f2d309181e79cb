/**
 * @file The first bytes of the shared memory: how threads meet. Words lie on cache lines of their own, since each is written by one
 * thread while others spin on its neighbours.
 */

/** Byte addresses. */
export const control = {
  /** Counts orders given to the team. */
  epoch: 64,
  /** What the order is: the id of a program to run, or one of `orders`. */
  order: 128,
  /** Threads that have taken in a message. */
  acknowledged: 192,
  /** Threads that have come to the barrier. */
  arrived: 256,
  /** Counts barriers passed. */
  generation: 320,
  /** Threads that have given up spinning at the barrier. */
  sleeping: 384,
  /** Not 0: everybody leaves, for one of `abortions`. */
  aborted: 448,
  /** How often a thread looks before it sleeps. */
  spins: 512,
  /** How often it sleeps, with nothing new in between, before it takes another for lost. */
  patience: 576,
  /** The failure in UTF-8, with its length in front. */
  failure: 1024,
  /** Free memory begins here. */
  end: 4096,
} as const;

export const failureBytes = 2048;

/** Milliseconds of one sleep. */
export const sleepMs = 100;

export const abortions = { failed: 1, lost: 2 } as const;

/** Orders other than running a program. */
export const orders = { receive: -1, exit: -2 } as const;
