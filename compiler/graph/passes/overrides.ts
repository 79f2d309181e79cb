/**
 * @file Graph pass: values given by path on the command line.
 *
 *     fgc train optimizer.lr=3e-4        optimizer: !partial:fgc/optim:AdamW { lr: 0.0003 }
 *
 * Needs:   link (a path may lead into what another project made).
 * Leaves:  every use of a changed node changed: an override means the value, not one place where it is used.
 * Faults:  those of the edit: a path that leads nowhere. Whether a callee has a new argument is the types pass's to say.
 */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import type { GraphPass } from "./pass.ts";

export const overrides: GraphPass = {
  name: "overrides",
  summary: "values given by path on the command line",
  run: (root, { overrides: edits, report }) =>
    edits.reduce((graph, edit) => {
      try {
        return edit(graph);
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        error.diagnostics.forEach(report);
        return graph;
      }
    }, root),
};
