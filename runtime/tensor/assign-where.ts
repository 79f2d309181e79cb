/** @file Assignments that take effect only where a condition of the run holds: how a step is skipped inside its Program. */
import * as build from "./build.ts";
import { DTypeError, formatShape } from "./errors.ts";
import type { Tensor } from "./tensor.ts";
import { createTrace, recordEffect, runTrace } from "./trace.ts";

/**
 * Traces `fn`; every state that it assigns keeps its content of before the run unless `condition` holds.
 *
 * @param condition  bool []
 */
export function assignWhere(condition: Tensor, fn: () => void): void {
  if (condition.dtype !== "bool" || condition.size !== 1)
    throw new DTypeError(
      "assignWhere",
      `the condition is ${condition.dtype} ${formatShape(condition.shape)}, not one bool`,
    );
  const trace = createTrace();
  runTrace(trace, fn);
  const holds = build.reshape(condition.node, []);
  for (const [state, value] of trace.effects)
    recordEffect(state, build.cast(build.where(holds, value, state), state.dtype));
}
