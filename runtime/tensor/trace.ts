/**
 * @file What a traced function does beside returning tensors: assignments to state. A trace is open while `session.compile`
 * runs the function; tracing is synchronous, so a stack of open traces is enough.
 */
import { TraceError } from "./errors.ts";
import type { Node } from "./graph.ts";

export interface Trace {
  /** State leaf to assigned value: the last assignment counts; in order of first assignment. */
  readonly effects: Map<Node, Node>;
}

const open: Trace[] = [];

export function createTrace(): Trace {
  return { effects: new Map() };
}

/** Runs `fn` with `trace` collecting its effects. */
export function runTrace<T>(trace: Trace, fn: () => T): T {
  open.push(trace);
  try {
    return fn();
  } finally {
    open.pop();
  }
}

export function recordEffect(state: Node, value: Node): void {
  const trace = open[open.length - 1];
  if (trace === undefined) {
    throw new TraceError(
      "assign",
      "only a function given to session.compile can assign; use session.write outside of one",
    );
  }
  trace.effects.set(state, value);
}
