/**
 * @file Pass: halve the work of long sums twice over: many partial results first, then their reduction.
 *
 *     sum of [1500, 1024] to one number  ⇒  sum of [250, 6144] to [250, 1], then to one number
 *
 * A reduction to a single value gives a device nothing to do side by side; the split is part of the Program, so the order of
 * additions does not depend on the number of threads. Short error chains are a welcome side effect.
 */
import { isOp, type Node, nodeSize } from "../../tensor/graph.ts";
import type { Pass } from "../rewrite.ts";

const longest = 1 << 14;
const mostParts = 256;

export const splitReduce: Pass = {
  name: "split-reduce",
  rules: [
    (node, { make }) => {
      if (!isOp(node, "reduce") || nodeSize(node) !== 1) return undefined;
      const x = node.args[0] as Node;
      const size = nodeSize(x);
      const parts = size > longest ? largestDivisor(size, mostParts) : 1;
      if (parts < 8) return undefined;
      const tall = make({ kind: "reshape" }, [x], [parts, size / parts], x.dtype);
      const partial = make({ ...node.op, axes: [1] }, [tall], [parts, 1], node.dtype);
      const total = make({ ...node.op, axes: [0, 1] }, [partial], [1, 1], node.dtype);
      return make({ kind: "reshape" }, [total], node.shape, node.dtype);
    },
  ],
};

function largestDivisor(n: number, limit: number): number {
  for (let d = limit; d > 1; d--) if (n % d === 0) return d;
  return 1;
}
