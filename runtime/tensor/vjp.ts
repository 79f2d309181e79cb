/**
 * @file The gradient rule of each op: from the cotangent of a node to cotangents of its arguments. One table, checked for
 * completeness; subgradients are PyTorch's.
 */
import type { BinaryOp, ReduceOp, UnaryOp } from "../program/scalar.ts";
import { attentionBackward, attentionMaskGradient } from "./attention.ts";
import * as build from "./build.ts";
import { TraceError } from "./errors.ts";
import { createNode, type Node, type NodeOf, type OpKind, resultOf } from "./graph.ts";
import type { ComputeType } from "./precision.ts";
import { Tensor } from "./tensor.ts";

type Gradients = readonly (Tensor | undefined)[];
/** `g` are the cotangents by result (one entry for most nodes); `wanted(i)` tells whether argument i needs one. */
type Rule<K extends OpKind> = (
  node: NodeOf<K>,
  g: readonly Tensor[],
  x: readonly Tensor[],
  wanted: (i: number) => boolean,
) => Gradients;

const none = (): Gradients => [];

/** x is the argument, y the result. */
const unaryRules = {
  neg: (g) => g.neg(),
  abs: (g, x) => g.mul(x.sign()),
  sign: () => undefined,
  exp: (g, _, y) => g.mul(y),
  log: (g, x) => g.div(x),
  log1p: (g, x) => g.div(x.add(1)),
  expm1: (g, _, y) => g.mul(y.add(1)),
  sqrt: (g, _, y) => g.div(y.mul(2)),
  rsqrt: (g, _, y) => g.mul(y.mul(y).mul(y)).mul(-0.5),
  reciprocal: (g, _, y) => g.mul(y).mul(y).neg(),
  sin: (g, x) => g.mul(x.cos()),
  cos: (g, x) => g.mul(x.sin()).neg(),
  tanh: (g, _, y) => g.mul(y.mul(y).neg().add(1)),
  sigmoid: (g, _, y) => g.mul(y).mul(y.neg().add(1)),
  erf: (g, x) => g.mul(x.mul(x).neg().exp()).mul(2 / Math.sqrt(Math.PI)),
  floor: () => undefined,
  ceil: () => undefined,
  round: () => undefined,
  not: () => undefined,
} satisfies Record<UnaryOp, (g: Tensor, x: Tensor, y: Tensor) => Tensor | undefined>;

type BinaryRule = (g: Tensor, a: Tensor, b: Tensor, y: Tensor, wanted: (i: number) => boolean) => Gradients;
const extremum =
  (wins: (a: Tensor, b: Tensor) => Tensor): BinaryRule =>
  (g, a, b) => {
    const half = select(a.eq(b), g.mul(0.5), zero());
    return [select(wins(a, b), g, half), select(wins(b, a), g, half)];
  };

const binaryRules = {
  add: (g) => [g, g],
  sub: (g, _a, _b, _y, wanted) => [g, wanted(1) ? g.neg() : undefined],
  mul: (g, a, b, _y, wanted) => [wanted(0) ? g.mul(b) : undefined, wanted(1) ? g.mul(a) : undefined],
  div: (g, _a, b, y, wanted) => [g.div(b), wanted(1) ? g.div(b).mul(y).neg() : undefined],
  pow: (g, a, b, y, wanted) => [
    wanted(0) ? select(b.eq(0), zero(), g.mul(b).mul(a.pow(b.sub(1)))) : undefined,
    // 0 to a power: the limit of xᵇ log x is 0 for b ≥ 0.
    wanted(1) ? g.mul(select(a.eq(0).logicalAnd(b.ge(0)), zero(), y.mul(a.log()))) : undefined,
  ],
  max: extremum((a, b) => a.gt(b)),
  min: extremum((a, b) => a.lt(b)),
  idiv: none,
  mod: none,
  lt: none,
  le: none,
  gt: none,
  ge: none,
  eq: none,
  ne: none,
  and: none,
  or: none,
} satisfies Record<BinaryOp, BinaryRule>;

const extremeReduce = (g: Tensor, x: Tensor, y: Tensor, axes: readonly number[]): Tensor => {
  const ties = x.eq(y);
  const count = ties.cast("f32").sum(axes, { keepDims: true });
  return select(ties, g.div(count), zero());
};

/** y has extent 1 on the reduced axes, and so has g. */
const reduceRules = {
  sum: (g, x) => g.expand(x.shape),
  max: extremeReduce,
  min: extremeReduce,
  // The product of the others: y/x, unless x is the only 0 of its group.
  prod: (g, x, y, axes) => {
    const isZero = x.eq(0);
    const zeros = isZero.cast("f32").sum(axes, { keepDims: true });
    const nonzero = select(isZero, one(), x);
    const others = nonzero.prod(axes, { keepDims: true });
    return select(isZero, select(zeros.eq(1), others, zero()), y.div(nonzero)).mul(g);
  },
} satisfies Record<ReduceOp, (g: Tensor, x: Tensor, y: Tensor, axes: readonly number[]) => Tensor>;

const rules = {
  input: none,
  state: none,
  const: none,
  full: none,
  iota: none,
  unary: (node, [g], [x]) => [
    (unaryRules[node.op.fn] as (g: Tensor, x: Tensor, y: Tensor) => Tensor | undefined)(g!, x!, new Tensor(node)),
  ],
  binary: (node, [g], [a, b], wanted) => (binaryRules[node.op.fn] as BinaryRule)(g!, a!, b!, new Tensor(node), wanted),
  where: (_, [g], [cond]) => [undefined, select(cond!, g!, zero()), select(cond!, zero(), g!)],
  cast: (_, [g], [x]) => [x!.dtype === "f32" ? g!.toFloat() : build.isFloat(x!.dtype) ? g : undefined],
  random: none,
  reshape: (_, [g], [x]) => [g!.reshape(x!.shape)],
  permute: (node, [g]) => {
    const inverse = new Array<number>(node.op.axes.length);
    node.op.axes.forEach((from, to) => {
      inverse[from] = to;
    });
    return [g!.permute(inverse)];
  },
  expand: (_, [g], [x]) => [new Tensor(build.sumTo(g!.node, x!.shape))],
  slice: (node, [g], [x]) => [unslice(node, g!, x!)],
  pad: (node, [g], [x]) => [
    g!.slice(x!.shape.map((n, i) => ({ start: node.op.before[i] as number, stop: (node.op.before[i] as number) + n }))),
  ],
  concat: (node, [g], x) => {
    let at = 0;
    return x.map((part) => {
      const n = part.shape[node.op.axis] as number;
      at += n;
      return g!.narrow(node.op.axis, at - n, n);
    });
  },
  reduce: (node, [g], [x]) => [reduceRules[node.op.fn](g!, x!, new Tensor(node), node.op.axes)],
  argreduce: none,
  cumsum: (node, [g]) => [g!.flip(node.op.axis).cumsum(node.op.axis).flip(node.op.axis)],
  sort: (node, [g], [x]) => {
    const indices = new Tensor(resultOf(node, 1));
    return g === undefined ? [] : [new Tensor(scatter(indices.node, g.node, x!.node, node.op.axis))];
  },
  take: (node, [g], [x, index]) => {
    const { axis } = node.op;
    // One element of each row, as a loss picks: a comparison fuses with what surrounds it, a scatter does not.
    if (node.shape[axis] === 1) {
      const hit = new Tensor(build.iota(x!.shape, axis)).eq(index!);
      return [select(hit, g!, zero())];
    }
    return [new Tensor(scatter(index!.node, g!.node, x!.node, axis))];
  },
  scatterAdd: (node, [g], [index, src]) => [
    undefined,
    new Tensor(createNode({ kind: "take", axis: node.op.axis }, [g!.node, index!.node], src!.shape, "f32")),
  ],
  updateSlice: () => {
    throw new TraceError("grad", "updateSlice has no gradient: caches are for inference");
  },
  matmul: (node, [g], [a, b], wanted) => {
    // In the precision of the product itself, whatever is in force where the gradient is asked for.
    const type = node.args[0]!.dtype as ComputeType;
    const product = (left: Node, right: Node): Tensor => new Tensor(build.store(build.matmul(left, right, type), type));
    return [
      wanted(0) ? product(g!.node, build.swapLastTwo(b!.node)) : undefined,
      wanted(1) ? product(build.swapLastTwo(a!.node), g!.node) : undefined,
    ];
  },
  attention: (node, [g], x, wanted) => {
    if (g === undefined) return [];
    const [dq, dk, dv, dslopes] = attentionBackward(node, g);
    const trainsMask = node.op.has.mask && wanted(3) && build.isFloat(x[3]!.dtype);
    return [
      dq,
      dk,
      dv,
      ...(node.op.has.mask ? [trainsMask ? attentionMaskGradient(node, g) : undefined] : []),
      dslopes,
    ];
  },
  attentionBackward: () => {
    throw new TraceError("grad", "attention has no second derivative");
  },
  result: none,
  checkpoint: none,
  barrier: (_, [g]) => [g],
  detach: none,
  withGradient: (node, [g], x) => {
    const gradients: (Tensor | undefined)[] = [undefined];
    for (let i = 1; i < node.args.length; i += 2) gradients.push(undefined, x[i]!.mul(g!));
    return gradients;
  },
} satisfies { readonly [K in OpKind]: Rule<K> };

/** Hands on the cotangents of one node to those of its arguments that `leads` selects. */
export function pullBack(
  node: Node,
  cotangents: readonly (Tensor | undefined)[],
  contribute: (node: Node, cotangent: Tensor) => void,
  leads: (node: Node) => boolean,
): void {
  const rule = rules[node.op.kind] as Rule<OpKind>;
  const args = node.args.map((arg) => new Tensor(arg));
  const gradients = rule(node as NodeOf<OpKind>, cotangents as readonly Tensor[], args, (i) =>
    leads(node.args[i] as Node),
  );
  for (const [i, arg] of node.args.entries()) {
    const gradient = gradients[i];
    if (gradient !== undefined && build.isFloat(arg.dtype)) contribute(arg, gradient);
  }
}

function select(cond: Tensor, a: Tensor, b: Tensor): Tensor {
  return new Tensor(build.where(cond.node, a.node, b.node));
}
const zero = (): Tensor => new Tensor(build.full([], 0, "f32"));
const one = (): Tensor => new Tensor(build.full([], 1, "f32"));

function scatter(index: Node, src: Node, like: Node, axis: number): Node {
  return createNode({ kind: "scatterAdd", axis }, [index, build.toFloat(src)], like.shape, "f32");
}

/** The transpose of a slice: `g` back in place among zeros. */
function unslice(node: NodeOf<"slice">, g: Tensor, x: Tensor): Tensor {
  const { starts, steps } = node.op;
  let spread = g;
  for (let axis = 0; axis < x.rank; axis++) {
    const step = steps[axis] as number;
    if (step < 0) spread = spread.flip(axis);
    const stride = Math.abs(step);
    const n = g.shape[axis] as number;
    if (stride > 1 && n > 0) {
      // Zeros between the elements: pad a new axis after this one, then merge the two.
      const widths = [...spread.shape.map(() => [0, 0] as const), [0, stride - 1] as const];
      const order = spread.shape.map((_, i) => i);
      order.splice(axis + 1, 0, spread.rank);
      const merged = spread.shape.map((extent, i) => (i === axis ? extent * stride : extent));
      spread = spread
        .unsqueeze(spread.rank)
        .pad(widths)
        .permute(order)
        .reshape(merged)
        .narrow(axis, 0, (n - 1) * stride + 1);
    }
  }
  const first = starts.map((start, i) =>
    (steps[i] as number) < 0 ? start + (steps[i] as number) * ((node.shape[i] as number) - 1) : start,
  );
  return spread.pad(
    first.map((before, i) => [before, (x.shape[i] as number) - before - (spread.shape[i] as number)] as const),
  );
}
