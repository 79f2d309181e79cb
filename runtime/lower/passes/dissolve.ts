/**
 * @file Pass: take away what only autodiff needed, and turn padding into concatenation.
 *
 *     detach(x), withGradient(x, …)   ⇒ x
 *     result i of checkpoint(…, y_i)  ⇒ y_i
 *     pad(x, before, after, c)        ⇒ concat(full c, x, full c), axis by axis: written in place, piece by piece
 */
import { isOp, type Node } from "../../tensor/graph.ts";
import type { Builder, Pass } from "../rewrite.ts";

export const dissolve: Pass = {
  name: "dissolve",
  rules: [
    (node) => (isOp(node, "detach") || isOp(node, "withGradient") ? node.args[0] : undefined),
    (node) => {
      const source = node.args[0];
      if (!isOp(node, "result") || source === undefined || !isOp(source, "checkpoint")) return undefined;
      return source.args[source.op.inputs + node.op.index];
    },
    (node, builder) => (isOp(node, "pad") ? padAsConcat(node, builder) : undefined),
  ],
};

function padAsConcat(node: Node, { make }: Builder): Node | undefined {
  if (!isOp(node, "pad")) return undefined;
  const { before, after, value } = node.op;
  let x = node.args[0] as Node;
  for (let axis = 0; axis < x.shape.length; axis++) {
    const ends = [before[axis] as number, after[axis] as number].map((extent) => {
      const shape = x.shape.map((n, i) => (i === axis ? extent : n));
      return extent === 0 ? [] : [make({ kind: "full", value }, [], shape, x.dtype)];
    });
    const parts = [...(ends[0] as Node[]), ...(x.shape[axis] === 0 ? [] : [x]), ...(ends[1] as Node[])];
    const shape = x.shape.map((n, i) => (i === axis ? n + (before[axis] as number) + (after[axis] as number) : n));
    x = parts.length === 1 ? (parts[0] as Node) : make({ kind: "concat", axis }, parts, shape, x.dtype);
  }
  return x;
}
