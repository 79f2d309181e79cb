/**
 * @file Makes every anchor computable by a kernel of its own: what a kernel must read through one access (an operand of a
 * product, a table) has to be a view of stored elements, and maps through reshapes have to be affine. What is not gets stored.
 */
import { isOp, type Node } from "../tensor/graph.ts";
import { bufferOperands } from "./anchors.ts";
import { draftGroup } from "./draft-group.ts";
import { createRoot, singleton } from "./group.ts";
import { Unfit } from "./index-map.ts";
import { type LowerGraph, recordedOrder } from "./rewrite.ts";
import type { Storage } from "./views.ts";

export function legalize(graph: LowerGraph, storage: Storage): void {
  const order = recordedOrder(graph);
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of order) {
      const culprit = storage.anchors.has(node) || node.results !== undefined ? findUnfit(node, storage) : undefined;
      if (culprit === undefined) continue;
      if (!storage.anchor(culprit)) {
        if (storage.isPlain(culprit))
          throw new Error(
            `node ${culprit.id} (${culprit.op.kind}) of ${culprit.scope || "the graph"} can be read by no kernel`,
          );
        storage.layOutPlainly(culprit);
      }
      changed = true;
    }
  }
}

/** What has to be stored, or laid out plainly, before a kernel can compute `node`. */
function findUnfit(node: Node, storage: Storage): Node | undefined {
  if (node.op.kind !== "take") {
    for (const operand of bufferOperands(node)) if (storage.viewOf(operand) === undefined) return operand;
  }
  if (node.results !== undefined || node.op.kind === "result") return undefined;
  const roots = isOp(node, "concat")
    ? node.args.map((part) => createRoot(part, true))
    : isOp(node, "updateSlice")
      ? node.args.slice(0, 2).map((arg) => createRoot(arg, true))
      : [createRoot(node)];
  for (const root of roots) {
    const group = singleton(root);
    if (group.kind === "single" || group.kind === "matmul") continue;
    try {
      draftGroup(group, storage);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      return error.node;
    }
  }
  return undefined;
}
