/** @file Node builders below the Tensor class: broadcasting, promotion and movement, with the checks that every caller needs. */
import { type DType, type Shape, sizeOf } from "../program/dtype.ts";
import type { BinaryOp, UnaryOp } from "../program/scalar.ts";
import { currentScope, DTypeError, formatShape, ShapeError } from "./errors.ts";
import { createNode, isMovement, isOp, type Node } from "./graph.ts";
import { type ComputeType, computeType } from "./precision.ts";
import { broadcastShapes, sameShape } from "./shape.ts";

export function full(shape: Shape, value: number, dtype: DType): Node {
  return createNode({ kind: "full", value }, [], shape, dtype);
}

/** i32 positions along one axis. */
export function iota(shape: Shape, axis: number): Node {
  return createNode({ kind: "iota", offset: 0, strides: shape.map((_, i) => (i === axis ? 1 : 0)) }, [], shape, "i32");
}

export function cast(x: Node, dtype: DType): Node {
  return x.dtype === dtype ? x : createNode({ kind: "cast" }, [x], x.shape, dtype);
}

/** f16 and bf16 are storage only: arithmetic sees f32. */
export function toArithmetic(x: Node): Node {
  return x.dtype === "f16" || x.dtype === "bf16" ? cast(x, "f32") : x;
}

export function toFloat(x: Node): Node {
  return cast(x, "f32");
}

const rounded = new WeakMap<Node, Partial<Record<ComputeType, Node>>>();

/** `x` as it is kept where 16 bits are enough: rounded when stored. One node however often it is asked for, so that its gradients meet there. */
export function store(x: Node, type: ComputeType): Node {
  if (x.dtype === type || type === "f32") return cast(x, type);
  const known = rounded.get(x);
  if (known?.[type] !== undefined) return known[type];
  const node = createNode(
    { kind: "cast", relaxed: true },
    [x],
    x.shape,
    type,
    x.scope === "" ? currentScope() : x.scope,
  );
  rounded.set(x, { ...known, [type]: node });
  return node;
}

/** Whether a node is the rounded copy of a parameter, as products read it. */
export function isRoundedParameter(x: Node): boolean {
  if (!isOp(x, "cast") || x.op.relaxed !== true) return false;
  let source = x.args[0] as Node;
  while (isMovement(source)) source = source.args[0] as Node;
  return source.op.kind === "state";
}

/** What was rounded only to be stored, before it was. */
export function unrounded(x: Node): Node {
  return isOp(x, "cast") && x.op.relaxed === true ? (x.args[0] as Node) : x;
}

export function reshape(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : createNode({ kind: "reshape" }, [x], shape, x.dtype);
}

export function permute(x: Node, axes: readonly number[]): Node {
  if (axes.every((axis, i) => axis === i)) return x;
  return createNode(
    { kind: "permute", axes },
    [x],
    axes.map((axis) => x.shape[axis] as number),
    x.dtype,
  );
}

/** Stretches `x` to `shape`, adding leading axes as needed. */
export function expandTo(op: string, x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  const lead = shape.length - x.shape.length;
  const fits = lead >= 0 && x.shape.every((extent, i) => extent === 1 || extent === shape[lead + i]);
  if (!fits) throw new ShapeError(op, `${formatShape(x.shape)} does not expand to ${formatShape(shape)}`);
  const aligned = lead === 0 ? x : reshape(x, [...new Array<number>(lead).fill(1), ...x.shape]);
  return sameShape(aligned.shape, shape) ? aligned : createNode({ kind: "expand" }, [aligned], shape, x.dtype);
}

const ranks: Readonly<Record<DType, number>> = { bool: 0, i32: 1, f16: 2, bf16: 2, f32: 3 };

/** bool, then i32, then f32. */
export function promote(a: DType, b: DType): DType {
  return ranks[a] >= ranks[b] ? a : b;
}

export function unary(fn: UnaryOp, x: Node): Node {
  const keepsType = fn === "neg" || fn === "abs" || fn === "sign" || fn === "not";
  const arg = keepsType ? toArithmetic(x) : toFloat(x);
  if (fn === "not" && arg.dtype !== "bool") throw new DTypeError("logicalNot", `wants bool, got ${x.dtype}`);
  if (keepsType && fn !== "not" && arg.dtype === "bool") return unary(fn, cast(x, "i32"));
  return createNode({ kind: "unary", fn }, [arg], arg.shape, arg.dtype);
}

const comparisons: ReadonlySet<BinaryOp> = new Set(["lt", "le", "gt", "ge", "eq", "ne"]);
const logical: ReadonlySet<BinaryOp> = new Set(["and", "or"]);
const integerOnly: ReadonlySet<BinaryOp> = new Set(["idiv", "mod"]);
const floatOnly: ReadonlySet<BinaryOp> = new Set(["div", "pow"]);

/** Broadcasts, promotes, records. */
export function binary(fn: BinaryOp, a: Node, b: Node, name: string = fn): Node {
  const shape = broadcastShapes(name, a.shape, b.shape);
  let type = promote(toArithmetic(a).dtype, toArithmetic(b).dtype);
  if (a.dtype === "f16" || a.dtype === "bf16" || b.dtype === "f16" || b.dtype === "bf16") type = "f32";
  if (logical.has(fn)) {
    if (a.dtype !== "bool" || b.dtype !== "bool")
      throw new DTypeError(name, `wants bool and bool, got ${a.dtype} and ${b.dtype}`);
  } else if (floatOnly.has(fn)) {
    type = "f32";
  } else if (integerOnly.has(fn)) {
    if (type !== "i32") throw new DTypeError(name, `wants i32 and i32, got ${a.dtype} and ${b.dtype}`);
  } else if (type === "bool") {
    type = "i32";
  }
  const x = expandTo(name, cast(a, type), shape);
  const y = expandTo(name, cast(b, type), shape);
  return createNode({ kind: "binary", fn }, [x, y], shape, comparisons.has(fn) || logical.has(fn) ? "bool" : type);
}

export function where(cond: Node, a: Node, b: Node): Node {
  if (cond.dtype !== "bool") throw new DTypeError("where", `the condition is ${cond.dtype}, not bool`);
  const shape = broadcastShapes("where", cond.shape, a.shape, b.shape);
  const type = promote(toArithmetic(a).dtype, toArithmetic(b).dtype);
  const parts = [cond, cast(a, type), cast(b, type)].map((x) => expandTo("where", x, shape));
  return createNode({ kind: "where" }, parts, shape, type);
}

/** Row-major position of each element of `shape`, i32. */
export function flatIndex(shape: Shape): Node {
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return createNode({ kind: "iota", offset: 0, strides }, [], shape, "i32");
}

/** [...batch, M, K] × [...batch, K, N] with equal batches: operands of `type`, sums and result in f32. */
export function matmul(a: Node, b: Node, type: ComputeType = computeType()): Node {
  const rank = a.shape.length;
  const shape = [...a.shape.slice(0, rank - 1), b.shape[rank - 1] as number];
  return createNode({ kind: "matmul" }, [store(a, type), store(b, type)], shape, "f32");
}

/** What a product in the precision in force reads. Taken before any movement, so that all products of a tensor share one. */
export function toOperand(x: Node): Node {
  return store(x, computeType());
}

/** A product as the precision in force keeps it. */
export function product(a: Node, b: Node): Node {
  const type = computeType();
  return store(matmul(a, b, type), type);
}

export function swapLastTwo(x: Node): Node {
  const rank = x.shape.length;
  return permute(x, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]);
}

/** Sums broadcast axes away, so that the result has `shape`. The transpose of `expandTo`. */
export function sumTo(x: Node, shape: Shape): Node {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.map((_, i) => i).filter((i) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1));
  return reshape(reduceSum(x, axes), shape);
}

export function reduceSum(x: Node, axes: readonly number[]): Node {
  if (axes.length === 0) return x;
  const shape = x.shape.map((extent, i) => (axes.includes(i) ? 1 : extent));
  return createNode({ kind: "reduce", fn: "sum", axes }, [x], shape, x.dtype);
}

/** Zero-filled but for `x` at `before`. */
export function pad(x: Node, before: readonly number[], after: readonly number[], value: number): Node {
  if (before.every((n) => n === 0) && after.every((n) => n === 0)) return x;
  const shape = x.shape.map((extent, i) => extent + (before[i] as number) + (after[i] as number));
  return createNode({ kind: "pad", before, after, value }, [x], shape, x.dtype);
}

export function concat(parts: readonly Node[], axis: number): Node {
  const first = parts[0] as Node;
  if (parts.length === 1) return first;
  const shape = [...first.shape];
  shape[axis] = parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0);
  return createNode({ kind: "concat", axis }, parts, shape, first.dtype);
}

export function checkIndices(op: string, indices: Node): void {
  if (indices.dtype !== "i32") throw new DTypeError(op, `indices are ${indices.dtype}, not i32`);
}

export function isFloat(dtype: DType): boolean {
  return dtype === "f32" || dtype === "f16" || dtype === "bf16";
}

export function isEmpty(x: Node): boolean {
  return sizeOf(x.shape) === 0;
}
