/** @file The passes over the node graph, in the order in which they run. */
import type { GraphValue } from "../node.ts";
import { boundaries } from "./boundaries.ts";
import { link } from "./link.ts";
import { names } from "./names.ts";
import { overrides } from "./overrides.ts";
import type { GraphPass, PassContext, PassName } from "./pass.ts";
import { prune } from "./prune.ts";
import { PythonParts } from "./python-specs.ts";
import { resolve } from "./resolve.ts";
import { types } from "./types.ts";
import { verify } from "./verify.ts";

export const graphPasses: readonly GraphPass[] = [
  link, // first: one graph goes on, whatever project a part comes from
  overrides, // after link: a path may lead into what another project made
  boundaries, // after overrides: a model's config may be overridden too
  prune, // before resolve: what nothing uses need not exist on this machine
  resolve,
  types, // after resolve: signatures say where arguments go
  names, // after types: parts are named after the arguments that they are given as
];

export interface PassesResult {
  /** Absent where there was an error: never half right. */
  readonly root: GraphValue | undefined;
  readonly last: PassName | undefined;
}

/**
 * Run the passes. Each reports and goes on where it can, leaving faulty nodes that the later ones pass over in silence: one run shows every
 * fault, and no fault twice. What comes out after an error is not for emitting, so it is neither named nor verified.
 *
 * @param dump gets the graph after each pass, as long as there was no error
 */
export function runPasses(
  root: GraphValue,
  context: PassContext,
  dump?: (pass: PassName, graph: GraphValue) => void,
): PassesResult {
  let graph = root;
  let failed = context.isPartial === true;
  const watched: PassContext = {
    ...context,
    pythonParts: new PythonParts(),
    report: (diagnostic) => {
      failed ||= diagnostic.severity === "error";
      context.report(diagnostic);
    },
  };
  const done: PassName[] = [];
  for (const pass of graphPasses) {
    if (failed && pass === names) break;
    graph = pass.run(graph, watched);
    if (failed) continue;
    done.push(pass.name);
    verify(graph, done);
    dump?.(pass.name, graph);
  }
  return { root: failed ? undefined : graph, last: done.at(-1) };
}

export type {
  GraphPass,
  LinkedProject,
  NamePolicy,
  Override,
  PassContext,
  PassName,
  PlainValue,
  ProjectEnvironment,
  ProjectLoader,
  ProjectRequest,
  VariableUse,
} from "./pass.ts";
export { irToJson, printIR } from "./print.ts";
export { verify } from "./verify.ts";
