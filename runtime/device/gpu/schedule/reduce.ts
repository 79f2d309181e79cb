/**
 * @file Reductions in phases. A row is finished by one workgroup, phase after phase, with its elements in registers where they fit; rows that
 * are few and long are cut into chunks instead (`reduce-split.ts`).
 */
import type { Access, ReduceKernel } from "../../../program/kernel.ts";
import type { Expr } from "../ir.ts";
import type { ScheduleContext, ScheduledKernel } from "../target.ts";
import { ReducePass, type ReduceShape } from "./reduce-pass.ts";
import { planReduction } from "./reduce-shape.ts";
import { scheduleSplit } from "./reduce-split.ts";
import { type PhaseTypes, phaseTypes } from "./reduce-types.ts";
import { needsBarrier, type Reduction, reductionOf } from "./reduction.ts";

export function scheduleReduce(kernel: ReduceKernel, context: ScheduleContext): ScheduledKernel {
  const reduction = reductionOf(kernel);
  if (reduction.rows === 0) return { dispatches: [], scratch: [] };
  const { shape, isHeld, chunks } = planReduction(reduction, context.target);
  if (chunks !== undefined) return scheduleSplit(reduction, shape, chunks, context);
  return scheduleRows(reduction, shape, isHeld, context);
}

function scheduleRows(
  reduction: Reduction,
  shape: ReduceShape,
  isHeld: boolean,
  context: ScheduleContext,
): ScheduledKernel {
  const { phases, inputs } = reduction;
  const pass = new ReducePass(reduction, shape, context, { elements: phases, rows: phases });
  const { b } = pass;
  const held = Array.from({ length: pass.unitsPerInvocation }, () => new Map<number, Expr>());
  const types = phaseTypes(phases);
  let rows: readonly Expr[] = [];
  phases.forEach((phase, i) => {
    if (shape.team > 1 && needsBarrier(reduction, i, context)) b.barrier({ storage: true });
    if (phase.body.length > 0 || phase.reduce.length > 0) {
      const totals =
        isHeld && held.length > 0
          ? pass.walkHeld(phase, rows, held)
          : pass.walk(phase, rows, (types[i] as PhaseTypes).reduced);
      rows = [...rows, ...pass.reduce(phase, totals)];
    }
    rows = pass.finishRows(phase, rows);
    // What has been overwritten is no longer what is held.
    const written = new Set(
      [...phase.outputs, ...phase.rowOutputs].map(({ access }) => context.memoryOf(access.buffer)),
    );
    for (const known of held)
      for (const input of [...known.keys()])
        if (written.has(context.memoryOf((inputs[input] as Access).buffer))) known.delete(input);
  });
  return { dispatches: [{ ...b.finish(), grid: pass.grid }], scratch: [] };
}
