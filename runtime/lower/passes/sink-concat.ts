/**
 * @file Pass: compute on the pieces of a concatenation instead of on the whole, so that each piece is written straight to its place.
 *
 *     x · cos + concat(−x₂, x₁) · sin  ⇒  concat(x₁ · cos₁ − x₂ · sin₁, x₂ · cos₂ + x₁ · sin₂)
 *
 * Needs: nothing else uses the concatenation. That is rotary embedding in its textbook form, forward and backward, in one kernel.
 */
import { isElementwise, isOp, type Node } from "../../tensor/graph.ts";
import type { Pass } from "../rewrite.ts";

const maxParts = 4;

export const sinkConcat: Pass = {
  name: "sink-concat",
  rules: [
    (node, { make, uses }) => {
      if (!isElementwise(node)) return undefined;
      const concat = node.args.find((arg) => isOp(arg, "concat") && arg.args.length <= maxParts && uses(arg) <= 1);
      if (concat === undefined || !isOp(concat, "concat")) return undefined;
      const { axis } = concat.op;
      let at = 0;
      const parts = concat.args.map((part, i) => {
        const start = at;
        at += part.shape[axis] as number;
        const piece = (arg: Node): Node => {
          if (arg === concat) return part;
          if (
            isOp(arg, "concat") &&
            arg.op.axis === axis &&
            arg.args.length === concat.args.length &&
            arg.args[i]?.shape[axis] === part.shape[axis] &&
            samePlaces(arg, concat, axis)
          )
            return arg.args[i] as Node;
          const starts = arg.shape.map((_, k) => (k === axis ? start : 0));
          return make({ kind: "slice", starts, steps: arg.shape.map(() => 1) }, [arg], part.shape, arg.dtype);
        };
        return make(node.op, node.args.map(piece), part.shape, node.dtype);
      });
      return make(concat.op, parts, node.shape, node.dtype);
    },
  ],
};

function samePlaces(a: Node, b: Node, axis: number): boolean {
  return a.args.every((part, i) => part.shape[axis] === b.args[i]?.shape[axis]);
}
