/**
 * @file Pass: constant folding, algebra that changes no bits, and composition of movement.
 *
 *     exp(full 0) ⇒ full 1       x + 0 ⇒ x       x · 1 ⇒ x       −(−x) ⇒ x       where(c, a, a) ⇒ a
 *     reshape(reshape x) ⇒ reshape x     permute(permute x) ⇒ permute x     any movement of full c ⇒ full c
 *     transpose(a · b) ⇒ transpose b · transpose a
 *     op(expand a, expand b) ⇒ expand op(a, b): scalars and rows are computed once, not per element
 */
import { sizeOf } from "../../program/dtype.ts";
import type { BinaryOp, UnaryOp } from "../../program/scalar.ts";
import { isElementwise, isMovement, isOp, type Node, nodeSize } from "../../tensor/graph.ts";
import { sameShape } from "../../tensor/shape.ts";
import type { Builder, Pass, Rule } from "../rewrite.ts";

const foldUnary: Partial<Record<UnaryOp, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  not: (x) => (x === 0 ? 1 : 0),
};
const truth = (claim: boolean): number => (claim ? 1 : 0);
const foldBinary: Partial<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  max: Math.max,
  min: Math.min,
  lt: (a, b) => truth(a < b),
  le: (a, b) => truth(a <= b),
  gt: (a, b) => truth(a > b),
  ge: (a, b) => truth(a >= b),
  eq: (a, b) => truth(a === b),
  ne: (a, b) => truth(a !== b),
};

/** The value of a constant tensor, rounded to its type. */
function constantOf(node: Node | undefined): number | undefined {
  if (node === undefined || !isOp(node, "full")) return undefined;
  return node.dtype === "f32" ? Math.fround(node.op.value) : node.op.value;
}

const full = (like: Node, value: number, { make }: Builder): Node | undefined => {
  if (like.dtype === "f32") return make({ kind: "full", value: Math.fround(value) }, [], like.shape, like.dtype);
  return Number.isSafeInteger(value) && Math.abs(value) < 2 ** 31
    ? make({ kind: "full", value }, [], like.shape, like.dtype)
    : undefined;
};

const foldConstants: Rule = (node, builder) => {
  const [a, b] = node.args.map(constantOf);
  if (isOp(node, "unary") && a !== undefined) {
    const fold = foldUnary[node.op.fn];
    return fold && full(node, fold(a), builder);
  }
  if (isOp(node, "binary") && a !== undefined && b !== undefined) {
    const fold = foldBinary[node.op.fn];
    return fold && full(node, fold(a, b), builder);
  }
  if (
    isOp(node, "cast") &&
    a !== undefined &&
    (node.dtype === "f32" || node.dtype === "i32" || node.dtype === "bool")
  ) {
    if (node.dtype === "bool") return full(node, truth(a !== 0), builder);
    return Number.isFinite(a) ? full(node, node.dtype === "i32" ? Math.trunc(a) : a, builder) : undefined;
  }
  if (isMovement(node) && a !== undefined) return builder.make({ kind: "full", value: a }, [], node.shape, node.dtype);
  if (isOp(node, "concat") && a !== undefined && node.args.every((arg) => Object.is(constantOf(arg), a)))
    return builder.make({ kind: "full", value: a }, [], node.shape, node.dtype);
  if (isOp(node, "reduce") && a !== undefined && node.op.fn === "sum")
    return full(node, a * (nodeSize(node.args[0] as Node) / Math.max(1, nodeSize(node))), builder);
  return undefined;
};

const neutral: Partial<Record<BinaryOp, { readonly left?: number; readonly right?: number }>> = {
  add: { left: 0, right: 0 },
  sub: { right: 0 },
  mul: { left: 1, right: 1 },
  div: { right: 1 },
};

const algebra: Rule = (node, { make }) => {
  const [a, b, c] = node.args as [Node, Node | undefined, Node | undefined];
  if (isOp(node, "binary")) {
    const ends = neutral[node.op.fn];
    if (ends?.right !== undefined && constantOf(b) === ends.right) return a;
    if (ends?.left !== undefined && constantOf(a) === ends.left) return b;
    if (node.op.fn === "add" && b !== undefined && isOp(b, "unary") && b.op.fn === "neg")
      return make({ kind: "binary", fn: "sub" }, [a, b.args[0] as Node], node.shape, node.dtype);
    return undefined;
  }
  if (isOp(node, "unary") && node.op.fn === "neg" && isOp(a, "unary") && a.op.fn === "neg") return a.args[0];
  if (isOp(node, "where")) {
    const cond = constantOf(a);
    if (cond !== undefined) return cond !== 0 ? b : c;
    return b === c ? b : undefined;
  }
  if (isOp(node, "cast")) {
    if (a.dtype === node.dtype) return a;
    // There and back: 16 bits fit f32.
    if (isOp(a, "cast") && a.dtype === "f32" && a.args[0]?.dtype === node.dtype && isHalf(node)) return a.args[0];
    // bool → i32 → f32 is bool → f32.
    if (
      isOp(a, "cast") &&
      a.args[0]?.dtype === "bool" &&
      a.dtype !== "bool" &&
      (node.dtype === "f32" || node.dtype === "i32")
    )
      return make({ kind: "cast" }, a.args, node.shape, node.dtype);
  }
  if (isOp(node, "reduce") && sameShape(node.shape, a.shape)) return a;
  if (isOp(node, "barrier") && (a.args.length === 0 || isOp(a, "barrier")))
    return isOp(a, "barrier") ? make(node.op, [a.args[0] as Node, ...node.args.slice(1)], node.shape, node.dtype) : a;
  return undefined;
};

const composeMovement: Rule = (node, { make }) => {
  const x = node.args[0];
  if (x === undefined || !isMovement(node)) return undefined;
  if (isOp(node, "reshape")) {
    if (sameShape(node.shape, x.shape)) return x;
    return isOp(x, "reshape") ? make(node.op, x.args, node.shape, node.dtype) : undefined;
  }
  if (isOp(node, "permute")) {
    if (node.op.axes.every((axis, i) => axis === i)) return x;
    if (isOp(x, "permute")) {
      const { axes } = x.op;
      return make(
        { kind: "permute", axes: node.op.axes.map((axis) => axes[axis] as number) },
        x.args,
        node.shape,
        node.dtype,
      );
    }
    // Moving axes of extent 1 alone is a reshape, which costs nothing on contiguous data.
    const moved = node.op.axes.filter((axis) => x.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number)))
      return make({ kind: "reshape" }, [x], node.shape, node.dtype);
    return undefined;
  }
  if (isOp(node, "expand")) {
    if (sameShape(node.shape, x.shape)) return x;
    return isOp(x, "expand") ? make(node.op, x.args, node.shape, node.dtype) : undefined;
  }
  if (isOp(node, "slice")) {
    const whole =
      sameShape(node.shape, x.shape) && node.op.starts.every((s) => s === 0) && node.op.steps.every((s) => s === 1);
    return whole ? x : undefined;
  }
  return undefined;
};

/**
 * Rounding before moving: narrow(permute x) ⇒ permute(narrow x). What is stored keeps the order in which it is computed, and all the ways in which
 * products look at a weight share one copy of it.
 */
const narrowFirst: Rule = (node, { make }) => {
  const x = node.args[0];
  if (!isOp(node, "cast") || !isHalf(node) || x === undefined || x.dtype !== "f32") return undefined;
  if (!isOp(x, "reshape") && !isOp(x, "permute") && !isOp(x, "expand")) return undefined;
  const source = x.args[0] as Node;
  return make(x.op, [make(node.op, [source], source.shape, node.dtype)], node.shape, node.dtype);
};

function isHalf({ dtype }: Node): boolean {
  return dtype === "f16" || dtype === "bf16";
}

/** `reshape` that only adds or drops extents of 1, seen as an expand source. */
const hoistExpand: Rule = (node, { make }) => {
  if (!isElementwise(node) || isOp(node, "random")) return undefined;
  const sources = node.args.map((arg) =>
    isOp(arg, "expand") ? (arg.args[0] as Node) : isOp(arg, "full") ? undefined : null,
  );
  if (sources.includes(null)) return undefined;
  const first = sources.find((source): source is Node => source !== undefined && source !== null);
  if (
    first === undefined ||
    sources.some((source) => source !== undefined && source !== null && !sameShape(source.shape, first.shape))
  )
    return undefined;
  if (sizeOf(first.shape) >= nodeSize(node)) return undefined;
  const args = node.args.map((arg, i) => sources[i] ?? make(arg.op, [], first.shape, arg.dtype));
  const small = make(node.op, args, first.shape, node.dtype);
  return make({ kind: "expand" }, [small], node.shape, node.dtype);
};

/** (a · b)ᵀ is bᵀ · aᵀ: transposes go into the operands' strides, and what follows can be the product's epilogue. */
const transposeProduct: Rule = (node, { make, uses }) => {
  const product = node.args[0];
  if (!isOp(node, "permute") || product === undefined || !isOp(product, "matmul") || uses(product) > 1)
    return undefined;
  const rank = node.shape.length;
  const swap = [...node.shape.keys()].map((axis) =>
    axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis,
  );
  if (!node.op.axes.every((axis, i) => axis === swap[i])) return undefined;
  const turn = (x: Node): Node =>
    make(
      { kind: "permute", axes: swap },
      [x],
      swap.map((axis) => x.shape[axis] as number),
      x.dtype,
    );
  const [a, b] = product.args as [Node, Node];
  return make(product.op, [turn(b), turn(a)], node.shape, node.dtype);
};

export const simplify: Pass = {
  name: "simplify",
  rules: [foldConstants, algebra, composeMovement, narrowFirst, hoistExpand, transposeProduct],
};
