/** @file Dropout, and the random stream that it draws from while a training step is traced. */
import { dropout, type Tensor } from "fgc/runtime";
import { UserError } from "../faults.ts";
import { hashName } from "../random.ts";
import { Module } from "./module.ts";

/** Where the dropout masks of one traced function come from. */
export interface DropoutStream {
  /** The run's seed. */
  readonly seed: number;
  /** i32 []: changes with every (micro-)step, so that a replayed Program draws new masks. */
  readonly counter: Tensor;
}

// Tracing is synchronous, so this is a dynamic scope (set on entry, restored on exit), not state that outlives a call.
let current: { readonly stream: DropoutStream; sites: number } | undefined;

/**
 * Trace `fn` with dropout drawing from `stream`. Each dropout that `fn` meets, in order, has masks of its own; the same seed,
 * counter and order give the same masks, on every device and after a resume.
 */
export function withDropoutStream<T>(stream: DropoutStream, fn: () => T): T {
  const outer = current;
  current = { stream, sites: 0 };
  try {
    return fn();
  } finally {
    current = outer;
  }
}

/**
 * Zero each element with probability p and divide the others by 1 − p.
 *
 * @throws UserError `nn/dropout-without-stream`  outside `withDropoutStream`
 */
export function applyDropout(x: Tensor, p: number): Tensor {
  if (p === 0) return x;
  if (current === undefined) {
    throw new UserError("nn/dropout-without-stream", "dropout in training mode has no random stream to draw from", {
      hint: "trace the step inside withDropoutStream({ seed, counter }, …), or switch dropout off with model.eval()",
    });
  }
  const site = current.sites++;
  // Sites differ in the seed, since the counter tells steps apart: far from the neighbouring seeds that a user may try next.
  const seed = (current.stream.seed ^ hashName(`dropout/${site}`)) | 0;
  return dropout(x, p, { seed, counter: current.stream.counter });
}

/**
 * In training mode zero each element with probability `p` and divide the rest by 1 − p; in evaluation mode the identity.
 *
 * @source Srivastava et al. 2014, "Dropout"
 */
export class Dropout extends Module {
  /** Probability of dropping an element, 0 ≤ p < 1. */
  readonly p: number;

  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p < 1))
      throw new UserError("nn/dropout-probability", `a dropout probability lies in [0, 1), not at ${p}`);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    return this.training ? applyDropout(x, this.p) : x;
  }

  protected override describe(): string {
    return `p=${this.p}`;
  }
}
