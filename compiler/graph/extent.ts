/**
 * @file How large a config gets when it is written out: aliases of plain lists and mappings stand for copies, and copies of copies multiply.
 *
 *     a: &a [ x, x ]
 *     b: &b [ *a, *a ]        4 places
 *     c: &c [ *b, *b ]        8, and thirty lines further a thousand million
 *
 * Call nodes and variables are shared wherever they stand, so they count once. Sharing keeps every pass linear; printing, JSON and
 * materializing write copies out, so what is too large for them is refused when the graph is built.
 */
import { maximumPlaces } from "../config/limits.ts";
import { type GraphValue, operands } from "./node.ts";

/** The smallest part of `root` that is too large by itself, or `root` where only the whole is; undefined where all is well. */
export function findExplosion(root: GraphValue): GraphValue | undefined {
  const sizes = new Map<GraphValue, number>();
  const bodies: GraphValue[] = [];
  const seen = new Set<GraphValue>();
  let largest: GraphValue | undefined;
  const sizeOf = (node: GraphValue): number => {
    if (node.kind === "scalar" || node.kind === "opaque") return 1;
    if (node.kind === "call" || node.kind === "var") {
      if (!seen.has(node)) bodies.push(node);
      seen.add(node);
      return 1;
    }
    const known = sizes.get(node);
    if (known !== undefined) return known;
    let size = 1;
    for (const inner of operands(node)) size += sizeOf(inner);
    sizes.set(node, size);
    // An honest list may be long: it is copies of it that are refused.
    if (size > maximumPlaces && size > 4 * sizes.size + operands(node).length) largest ??= node;
    return size;
  };
  let total = sizeOf(root);
  for (let body = bodies.pop(); body !== undefined; body = bodies.pop())
    for (const inner of operands(body)) total += sizeOf(inner);
  return largest ?? (total > maximumPlaces && total > 4 * distinctNodes(root) ? root : undefined);
}

function distinctNodes(root: GraphValue): number {
  const seen = new Set<GraphValue>([root]);
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop())
    for (const inner of operands(node)) {
      if (seen.has(inner)) continue;
      seen.add(inner);
      open.push(inner);
    }
  return seen.size;
}
