/**
 * @file Pass: bring scatter-adds to the one form that the kernel has, rows of a matrix.
 *
 *     scatterAdd(axis, index [.., n, ..], src)  ⇒  rows [R, C] += src [n, C] at index [n], then moved back
 *
 * An index that names one position per row keeps whole rows; one that differs per element (torch.scatter_add) becomes flat
 * positions with rows of one element.
 */
import { sizeOf } from "../../program/dtype.ts";
import { isOp, type Node } from "../../tensor/graph.ts";
import type { Builder, Pass } from "../rewrite.ts";

export const normalizeIndexing: Pass = {
  name: "normalize-indexing",
  rules: [(node, builder) => (isOp(node, "scatterAdd") ? toRows(node, node.op.axis, builder) : undefined)],
};

function toRows(node: Node, axis: number, { make }: Builder): Node | undefined {
  const [index, src] = node.args as [Node, Node];
  const { shape } = node;
  if (shape.length === 2 && axis === 0 && index.shape[1] === 1) return undefined;
  const reshape = (x: Node, to: readonly number[]): Node => make({ kind: "reshape" }, [x], to, x.dtype);
  const perRow = index.shape.every((extent, i) => i === axis || extent === 1);
  if (perRow) {
    const front = [axis, ...shape.map((_, i) => i).filter((i) => i !== axis)];
    const moved = front.map((i) => shape[i] as number);
    const cols = sizeOf(moved.slice(1));
    const n = src.shape[axis] as number;
    const movedSrc = make(
      { kind: "permute", axes: front },
      [src],
      front.map((i) => src.shape[i] as number),
      src.dtype,
    );
    const sums = make(
      { kind: "scatterAdd", axis: 0 },
      [reshape(index, [n, 1]), reshape(movedSrc, [n, cols])],
      [moved[0] as number, cols],
      node.dtype,
    );
    const back = front.map((_, i) => front.indexOf(i));
    return make({ kind: "permute", axes: back }, [reshape(sums, moved)], shape, node.dtype);
  }
  const stride = sizeOf(shape.slice(axis + 1));
  const strides = shape.map((_, i) => (i === axis ? 0 : sizeOf(shape.slice(i + 1))));
  const base = make({ kind: "iota", offset: 0, strides }, [], src.shape, "i32");
  const wide = make({ kind: "expand" }, [index], src.shape, "i32");
  const scaled = make(
    { kind: "binary", fn: "mul" },
    [wide, make({ kind: "full", value: stride }, [], src.shape, "i32")],
    src.shape,
    "i32",
  );
  const flat = make({ kind: "binary", fn: "add" }, [scaled, base], src.shape, "i32");
  const n = sizeOf(src.shape);
  const sums = make(
    { kind: "scatterAdd", axis: 0 },
    [reshape(flat, [n, 1]), reshape(src, [n, 1])],
    [sizeOf(shape), 1],
    node.dtype,
  );
  return reshape(sums, shape);
}
