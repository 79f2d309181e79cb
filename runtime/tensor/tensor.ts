/**
 * @file The tensor that models are written with: an immutable handle on a node of the op graph. Every method records and checks;
 * none computes. Names are PyTorch's in camelCase, and so are broadcasting, promotion and gradients at ties.
 */
import { type DType, type Shape, sizeOf } from "../program/dtype.ts";
import type { BinaryOp, ReduceOp, UnaryOp } from "../program/scalar.ts";
import * as build from "./build.ts";
import { DTypeError, formatShape, ShapeError } from "./errors.ts";
import { createMultiNode, createNode, type Node, resultOf } from "./graph.ts";
import { broadcastShapes, resolveAxes, resolveAxis, resolveShape, resolveSlice, type SliceSpec } from "./shape.ts";

export type Axes = number | readonly number[];
export interface KeepDims {
  readonly keepDims?: boolean;
}

/** A value that is yet to be computed: an immutable handle on a node of an op graph. Recording an operation checks shapes and types, and runs nothing. */
export class Tensor {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  get shape(): Shape {
    return this.node.shape;
  }
  get dtype(): DType {
    return this.node.dtype;
  }
  get rank(): number {
    return this.node.shape.length;
  }
  get size(): number {
    return sizeOf(this.node.shape);
  }

  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)})`;
  }

  // ---- element-wise, two operands ----
  add(other: Tensor | number): Tensor {
    return binary("add", this, other);
  }
  sub(other: Tensor | number): Tensor {
    return binary("sub", this, other);
  }
  mul(other: Tensor | number): Tensor {
    return binary("mul", this, other);
  }
  /** True division: i32 operands give f32. */
  div(other: Tensor | number): Tensor {
    return binary("div", this, other);
  }
  /** Rounds down; i32 only. */
  floorDivide(other: Tensor | number): Tensor {
    return binary("idiv", this, other, "floorDivide");
  }
  /** The remainder that goes with `floorDivide`: it has the divisor's sign; i32 only. */
  remainder(other: Tensor | number): Tensor {
    return binary("mod", this, other, "remainder");
  }
  pow(exponent: Tensor | number): Tensor {
    if (typeof exponent === "number") {
      const special = constantPowers.get(exponent);
      if (special !== undefined) return special(this.toFloat());
    }
    return binary("pow", this, exponent);
  }
  /** At ties each operand gets half of the gradient. */
  maximum(other: Tensor | number): Tensor {
    return binary("max", this, other, "maximum");
  }
  minimum(other: Tensor | number): Tensor {
    return binary("min", this, other, "minimum");
  }
  lt(other: Tensor | number): Tensor {
    return binary("lt", this, other);
  }
  le(other: Tensor | number): Tensor {
    return binary("le", this, other);
  }
  gt(other: Tensor | number): Tensor {
    return binary("gt", this, other);
  }
  ge(other: Tensor | number): Tensor {
    return binary("ge", this, other);
  }
  eq(other: Tensor | number): Tensor {
    return binary("eq", this, other);
  }
  ne(other: Tensor | number): Tensor {
    return binary("ne", this, other);
  }
  logicalAnd(other: Tensor): Tensor {
    return binary("and", this, other, "logicalAnd");
  }
  logicalOr(other: Tensor): Tensor {
    return binary("or", this, other, "logicalOr");
  }
  logicalNot(): Tensor {
    return unary("not", this);
  }
  /** `this + weight · (end − this)`. */
  lerp(end: Tensor | number, weight: Tensor | number): Tensor {
    return this.add(toTensor(end, this.dtype).sub(this).mul(weight));
  }

  // ---- element-wise, one operand ----
  neg(): Tensor {
    return unary("neg", this);
  }
  abs(): Tensor {
    return unary("abs", this);
  }
  sign(): Tensor {
    return unary("sign", this);
  }
  exp(): Tensor {
    return unary("exp", this);
  }
  log(): Tensor {
    return unary("log", this);
  }
  log1p(): Tensor {
    return unary("log1p", this);
  }
  expm1(): Tensor {
    return unary("expm1", this);
  }
  sqrt(): Tensor {
    return unary("sqrt", this);
  }
  rsqrt(): Tensor {
    return unary("rsqrt", this);
  }
  reciprocal(): Tensor {
    return unary("reciprocal", this);
  }
  sin(): Tensor {
    return unary("sin", this);
  }
  cos(): Tensor {
    return unary("cos", this);
  }
  tanh(): Tensor {
    return unary("tanh", this);
  }
  sigmoid(): Tensor {
    return unary("sigmoid", this);
  }
  erf(): Tensor {
    return unary("erf", this);
  }
  floor(): Tensor {
    return unary("floor", this);
  }
  ceil(): Tensor {
    return unary("ceil", this);
  }
  /** Ties to even. */
  round(): Tensor {
    return unary("round", this);
  }
  square(): Tensor {
    return this.mul(this);
  }
  /** Gradient 0 at 0. */
  relu(): Tensor {
    const x = this.toFloat();
    return new Tensor(build.where(x.le(0).node, build.full([], 0, "f32"), x.node));
  }
  /** `x · σ(x)`. */
  silu(): Tensor {
    const x = this.toFloat();
    return x.mul(x.sigmoid());
  }
  /** `log(1 + eˣ)`; x itself above 20, as PyTorch. */
  softplus(): Tensor {
    const x = this.toFloat();
    const soft = x.minimum(20).exp().log1p();
    return new Tensor(build.where(x.gt(20).node, x.node, soft.node));
  }
  /** `x · Φ(x)`, or its tanh form. */
  gelu(options: { readonly approximate?: "none" | "tanh" } = {}): Tensor {
    const x = this.toFloat();
    if (options.approximate === "tanh") {
      const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
      return x.mul(0.5).mul(inner.tanh().add(1));
    }
    return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
  }
  /** Limits to [min, max]; the gradient passes inside, bounds included. */
  clamp(limits: { readonly min?: number; readonly max?: number }): Tensor {
    let out: Tensor = this;
    const pick = (outside: Tensor, bound: number, x: Tensor): Tensor =>
      new Tensor(build.where(outside.node, toTensor(bound, x.dtype).node, x.node));
    if (limits.max !== undefined) out = pick(this.gt(limits.max), limits.max, out);
    if (limits.min !== undefined) out = pick(this.lt(limits.min), limits.min, out);
    return out;
  }

  // ---- reductions ----
  sum(axes?: Axes, options: KeepDims = {}): Tensor {
    return reduce("sum", this.dtype === "bool" ? this.cast("i32") : this, axes, options);
  }
  mean(axes?: Axes, options: KeepDims = {}): Tensor {
    const count = resolveAxes("mean", axes, this.rank).reduce((n, axis) => n * (this.shape[axis] as number), 1);
    return this.toFloat()
      .sum(axes, options)
      .mul(1 / count);
  }
  /** Equal largest elements share the gradient. */
  max(axes?: Axes, options: KeepDims = {}): Tensor {
    return reduce("max", this, axes, options);
  }
  min(axes?: Axes, options: KeepDims = {}): Tensor {
    return reduce("min", this, axes, options);
  }
  prod(axes?: Axes, options: KeepDims = {}): Tensor {
    return reduce("prod", this, axes, options);
  }
  /** Divides by n − 1, or by n where `unbiased` is false. */
  variance(axes?: Axes, options: KeepDims & { readonly unbiased?: boolean } = {}): Tensor {
    const count = resolveAxes("variance", axes, this.rank).reduce((n, axis) => n * (this.shape[axis] as number), 1);
    const centred = this.sub(this.mean(axes, { keepDims: true }));
    return centred
      .square()
      .sum(axes, options)
      .div(options.unbiased === false ? count : count - 1);
  }
  /** Euclidean norm; gradient 0 where the norm is 0. */
  norm(axes?: Axes, options: KeepDims = {}): Tensor {
    const squares = this.toFloat().square().sum(axes, options);
    const isZero = squares.eq(0);
    const root = new Tensor(build.where(isZero.node, build.full([], 1, "f32"), squares.node)).sqrt();
    return new Tensor(build.where(isZero.node, build.full([], 0, "f32"), root.node));
  }
  logsumexp(axis: number, options: KeepDims = {}): Tensor {
    const { exps, max } = this.shiftedExp("logsumexp", axis);
    const result = exps.sum(axis, { keepDims: true }).log().add(max);
    return options.keepDims === true ? result : result.squeeze(axis);
  }
  softmax(axis: number): Tensor {
    const { exps } = this.shiftedExp("softmax", axis);
    return exps.div(exps.sum(axis, { keepDims: true }));
  }
  logSoftmax(axis: number): Tensor {
    const { shifted, exps } = this.shiftedExp("logSoftmax", axis);
    return shifted.sub(exps.sum(axis, { keepDims: true }).log());
  }
  /** `e^(x − max)`; the maximum cancels, so no gradient goes through it. */
  private shiftedExp(op: string, axis: number): { shifted: Tensor; exps: Tensor; max: Tensor } {
    const x = this.toFloat();
    const max = x.max(resolveAxis(op, axis, this.rank), { keepDims: true }).detach();
    const shifted = x.sub(max);
    return { shifted, exps: shifted.exp(), max };
  }
  /** i32 position of the largest element; the lowest among equals. */
  argmax(axis: number, options: KeepDims = {}): Tensor {
    return argreduce("max", this, axis, options);
  }
  argmin(axis: number, options: KeepDims = {}): Tensor {
    return argreduce("min", this, axis, options);
  }
  cumsum(axis: number): Tensor {
    const x = build.toArithmetic(this.node);
    const resolved = resolveAxis("cumsum", axis, this.rank);
    return new Tensor(createNode({ kind: "cumsum", axis: resolved }, [x], x.shape, x.dtype));
  }
  /** Stable. */
  sort(axis = -1, options: { readonly descending?: boolean } = {}): { values: Tensor; indices: Tensor } {
    const x = build.toArithmetic(this.node);
    const op = {
      kind: "sort",
      axis: resolveAxis("sort", axis, this.rank),
      descending: options.descending ?? false,
    } as const;
    const node = createMultiNode(op, [x], [x, { shape: x.shape, dtype: "i32" }]);
    return { values: new Tensor(resultOf(node, 0)), indices: new Tensor(resultOf(node, 1)) };
  }
  /** The k largest, in descending order. */
  topk(k: number, axis = -1): { values: Tensor; indices: Tensor } {
    const resolved = resolveAxis("topk", axis, this.rank);
    if (!Number.isInteger(k) || k < 0 || k > (this.shape[resolved] as number)) {
      throw new ShapeError(
        "topk",
        `k is ${k}, axis ${resolved} of ${formatShape(this.shape)} has ${this.shape[resolved]}`,
      );
    }
    const { values, indices } = this.sort(resolved, { descending: true });
    return { values: values.narrow(resolved, 0, k), indices: indices.narrow(resolved, 0, k) };
  }

  // ---- shapes ----
  /** One extent may be −1. */
  reshape(shape: Shape): Tensor {
    return new Tensor(build.reshape(this.node, resolveShape("reshape", shape, this.shape)));
  }
  permute(axes: readonly number[]): Tensor {
    const resolved = axes.map((axis) => resolveAxis("permute", axis, this.rank));
    if (axes.length !== this.rank || new Set(resolved).size !== this.rank) {
      throw new ShapeError("permute", `[${axes.join(", ")}] is not an order of the axes of ${formatShape(this.shape)}`);
    }
    return new Tensor(build.permute(this.node, resolved));
  }
  transpose(a: number, b: number): Tensor {
    const axes = this.shape.map((_, i) => i);
    const [x, y] = [resolveAxis("transpose", a, this.rank), resolveAxis("transpose", b, this.rank)];
    axes[x] = y;
    axes[y] = x;
    return new Tensor(build.permute(this.node, axes));
  }
  /** The transpose of a matrix. */
  get T(): Tensor {
    if (this.rank !== 2) throw new ShapeError("T", `wants a matrix, got ${formatShape(this.shape)}`);
    return this.transpose(0, 1);
  }
  /** −1 keeps an extent. */
  expand(shape: Shape): Tensor {
    const lead = shape.length - this.rank;
    const target = shape.map((extent, i) => (extent === -1 && i >= lead ? (this.shape[i - lead] as number) : extent));
    return new Tensor(build.expandTo("expand", this.node, target));
  }
  squeeze(axis: number): Tensor {
    const resolved = resolveAxis("squeeze", axis, this.rank);
    if (this.shape[resolved] !== 1)
      throw new ShapeError("squeeze", `axis ${axis} of ${formatShape(this.shape)} is not 1`);
    return new Tensor(
      build.reshape(
        this.node,
        this.shape.filter((_, i) => i !== resolved),
      ),
    );
  }
  unsqueeze(axis: number): Tensor {
    const resolved = resolveAxis("unsqueeze", axis, this.rank + 1);
    return new Tensor(build.reshape(this.node, [...this.shape.slice(0, resolved), 1, ...this.shape.slice(resolved)]));
  }
  flip(axis: number | readonly number[]): Tensor {
    const axes = resolveAxes("flip", axis, this.rank);
    const starts = this.shape.map((extent, i) => (axes.includes(i) ? extent - 1 : 0));
    const steps = this.shape.map((_, i) => (axes.includes(i) ? -1 : 1));
    if (build.isEmpty(this.node)) return this;
    return new Tensor(createNode({ kind: "slice", starts, steps }, [this.node], this.shape, this.dtype));
  }
  /** Per axis: null keeps it, a number picks and drops it, an object is Python's start:stop:step. Missing ones are kept. */
  slice(specs: readonly (null | number | SliceSpec)[]): Tensor {
    if (specs.length > this.rank) throw new ShapeError("slice", `${specs.length} specs for ${formatShape(this.shape)}`);
    const starts: number[] = [];
    const steps: number[] = [];
    const shape: number[] = [];
    const kept: number[] = [];
    for (let axis = 0; axis < this.rank; axis++) {
      const extent = this.shape[axis] as number;
      const spec = specs[axis] ?? null;
      if (typeof spec === "number") {
        starts.push(resolveAxisIndex("slice", spec, extent, axis));
        steps.push(1);
        shape.push(1);
        continue;
      }
      const { start, step, count } =
        spec === null ? { start: 0, step: 1, count: extent } : resolveSlice("slice", spec, extent);
      starts.push(start);
      steps.push(step);
      shape.push(count);
      kept.push(count);
    }
    const whole =
      starts.every((s) => s === 0) && steps.every((s) => s === 1) && shape.every((n, i) => n === this.shape[i]);
    const sliced = whole ? this.node : createNode({ kind: "slice", starts, steps }, [this.node], shape, this.dtype);
    return new Tensor(build.reshape(sliced, kept));
  }
  /** `length` positions of an axis from `start` on. */
  narrow(axis: number, start: number, length: number): Tensor {
    const resolved = resolveAxis("narrow", axis, this.rank);
    return this.slice(this.shape.map((_, i) => (i === resolved ? { start, stop: start + length } : null)));
  }
  /** Pieces of a given size (the last may be shorter), or of the given sizes. */
  split(sizeOrSizes: number | readonly number[], axis: number): Tensor[] {
    const resolved = resolveAxis("split", axis, this.rank);
    const extent = this.shape[resolved] as number;
    const sizes: number[] = [];
    if (typeof sizeOrSizes === "number") {
      if (!Number.isInteger(sizeOrSizes) || sizeOrSizes < 1)
        throw new ShapeError("split", `size ${sizeOrSizes} is not a positive integer`);
      for (let at = 0; at < extent; at += sizeOrSizes) sizes.push(Math.min(sizeOrSizes, extent - at));
    } else {
      sizes.push(...sizeOrSizes);
      const total = sizes.reduce((a, b) => a + b, 0);
      if (total !== extent)
        throw new ShapeError("split", `sizes [${sizes.join(", ")}] sum to ${total}, axis ${axis} has ${extent}`);
    }
    let at = 0;
    return sizes.map((size) => {
      at += size;
      return this.narrow(resolved, at - size, size);
    });
  }
  /** Per axis [before, after]. */
  pad(widths: readonly (readonly [number, number])[], value = 0): Tensor {
    if (widths.length !== this.rank || widths.flat().some((n) => n < 0)) {
      throw new ShapeError("pad", `wants [before, after] ≥ 0 for each axis of ${formatShape(this.shape)}`);
    }
    return new Tensor(
      build.pad(
        this.node,
        widths.map((w) => w[0]),
        widths.map((w) => w[1]),
        value,
      ),
    );
  }
  /** Each position of the axis `n` times in place. */
  repeatInterleave(n: number, axis: number): Tensor {
    const resolved = resolveAxis("repeatInterleave", axis, this.rank);
    const wide = [...this.shape.slice(0, resolved + 1), n, ...this.shape.slice(resolved + 1)];
    const shape = this.shape.map((extent, i) => (i === resolved ? extent * n : extent));
    return this.unsqueeze(resolved + 1)
      .expand(wide)
      .reshape(shape);
  }

  // ---- indexing ----
  /** Positions `indices` (i32) of an axis; along axis 0 they may have any shape, which stands in the axis's place. Out of range is clamped. */
  indexSelect(axis: number, indices: Tensor): Tensor {
    build.checkIndices("indexSelect", indices.node);
    const resolved = resolveAxis("indexSelect", axis, this.rank);
    if (indices.rank !== 1 && resolved !== 0)
      throw new ShapeError(
        "indexSelect",
        `indices are ${formatShape(indices.shape)}; only axis 0 takes more than one axis of them`,
      );
    const index = build.reshape(
      indices.node,
      this.shape.map((_, i) => (i === resolved ? indices.size : 1)),
    );
    const shape = this.shape.map((extent, i) => (i === resolved ? indices.size : extent));
    const taken = createNode({ kind: "take", axis: resolved }, [this.node, index], shape, this.dtype);
    return new Tensor(
      build.reshape(taken, [...this.shape.slice(0, resolved), ...indices.shape, ...this.shape.slice(resolved + 1)]),
    );
  }
  /** torch.gather: element p is `this[p with p[axis] := indices[p]]`. */
  gather(axis: number, indices: Tensor): Tensor {
    build.checkIndices("gather", indices.node);
    const resolved = resolveAxis("gather", axis, this.rank);
    const fits =
      indices.rank === this.rank && indices.shape.every((n, i) => i === resolved || n <= (this.shape[i] as number));
    if (!fits)
      throw new ShapeError("gather", `indices ${formatShape(indices.shape)} do not fit ${formatShape(this.shape)}`);
    const source = this.slice(indices.shape.map((n, i) => (i === resolved ? null : { stop: n })));
    return new Tensor(
      createNode({ kind: "take", axis: resolved }, [source.node, indices.node], indices.shape, this.dtype),
    );
  }
  /** torch.scatter_add: a copy with `src[p]` added at `p with p[axis] := indices[p]`. */
  scatterAdd(axis: number, indices: Tensor, src: Tensor): Tensor {
    build.checkIndices("scatterAdd", indices.node);
    const resolved = resolveAxis("scatterAdd", axis, this.rank);
    const fits =
      indices.rank === this.rank &&
      src.rank === this.rank &&
      indices.shape.every(
        (n, i) => n <= (src.shape[i] as number) && (i === resolved || n <= (this.shape[i] as number)),
      );
    if (!fits)
      throw new ShapeError(
        "scatterAdd",
        `indices ${formatShape(indices.shape)} and source ${formatShape(src.shape)} do not fit ${formatShape(this.shape)}`,
      );
    const part = src.toFloat().slice(indices.shape.map((n) => ({ stop: n })));
    const shape = this.shape.map((n, i) => (i === resolved ? n : (indices.shape[i] as number)));
    const sums = createNode({ kind: "scatterAdd", axis: resolved }, [indices.node, part.node], shape, "f32");
    const grown = build.pad(
      sums,
      shape.map(() => 0),
      shape.map((n, i) => (this.shape[i] as number) - n),
      0,
    );
    return this.toFloat().add(new Tensor(grown));
  }

  // ---- linear algebra ----
  /** PyTorch's rules: vectors are rows on the left and columns on the right, leading axes broadcast. */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  // ---- types and gradients ----
  cast(dtype: DType): Tensor {
    return new Tensor(build.cast(this.node, dtype));
  }
  /** The same value, through which no gradient goes. */
  detach(): Tensor {
    return new Tensor(createNode({ kind: "detach" }, [this.node], this.shape, this.dtype));
  }
  /** f32, from whatever type. */
  toFloat(): Tensor {
    return this.dtype === "f32" ? this : this.cast("f32");
  }
}

/** Exponents that are cheaper and exact by other means. */
const constantPowers: ReadonlyMap<number, (x: Tensor) => Tensor> = new Map([
  [0, (x: Tensor) => x.mul(0).add(1)],
  [1, (x: Tensor) => x],
  [2, (x: Tensor) => x.mul(x)],
  [3, (x: Tensor) => x.mul(x).mul(x)],
  [0.5, (x: Tensor) => x.sqrt()],
  [-0.5, (x: Tensor) => x.rsqrt()],
  [-1, (x: Tensor) => x.reciprocal()],
]);

/** A number as a scalar tensor: of the partner's type where it can hold the number, f32 otherwise. */
export function toTensor(value: Tensor | number, partner: DType): Tensor {
  if (value instanceof Tensor) return value;
  const dtype = build.isFloat(partner) || !Number.isInteger(value) ? "f32" : "i32";
  return new Tensor(build.full([], value, dtype));
}

function unary(fn: UnaryOp, x: Tensor): Tensor {
  return new Tensor(build.unary(fn, x.node));
}

function binary(fn: BinaryOp, a: Tensor, b: Tensor | number, name?: string): Tensor {
  return new Tensor(build.binary(fn, a.node, toTensor(b, a.dtype).node, name));
}

function reduce(fn: ReduceOp, x: Tensor, axes: Axes | undefined, options: KeepDims): Tensor {
  if (x.dtype === "bool") throw new DTypeError(fn, "wants numbers, got bool");
  const source = build.toArithmetic(x.node);
  const resolved = resolveAxes(fn, axes, x.rank);
  if (build.isEmpty(source) && (fn === "max" || fn === "min"))
    throw new ShapeError(fn, `${formatShape(x.shape)} has no elements`);
  const kept = source.shape.map((extent, i) => (resolved.includes(i) ? 1 : extent));
  const node =
    resolved.length === 0 ? source : createNode({ kind: "reduce", fn, axes: resolved }, [source], kept, source.dtype);
  return new Tensor(
    options.keepDims === true
      ? node
      : build.reshape(
          node,
          x.shape.filter((_, i) => !resolved.includes(i)),
        ),
  );
}

function argreduce(fn: "max" | "min", x: Tensor, axis: number, options: KeepDims): Tensor {
  const resolved = resolveAxis(fn === "max" ? "argmax" : "argmin", axis, x.rank);
  const source = build.toArithmetic(x.node);
  const kept = x.shape.map((extent, i) => (i === resolved ? 1 : extent));
  const node = createNode({ kind: "argreduce", fn, axis: resolved }, [source], kept, "i32");
  return new Tensor(
    options.keepDims === true
      ? node
      : build.reshape(
          node,
          x.shape.filter((_, i) => i !== resolved),
        ),
  );
}

function resolveAxisIndex(op: string, index: number, extent: number, axis: number): number {
  const resolved = index < 0 ? index + extent : index;
  if (!Number.isInteger(index) || resolved < 0 || resolved >= extent)
    throw new ShapeError(op, `index ${index} is out of range for axis ${axis} of extent ${extent}`);
  return resolved;
}

function matmul(a: Tensor, b: Tensor): Tensor {
  const mismatch = (): never => {
    throw new ShapeError("matmul", `${formatShape(a.shape)} × ${formatShape(b.shape)} do not multiply`);
  };
  if (a.rank === 0 || b.rank === 0) mismatch();
  if (a.rank === 1) {
    const product = matmul(a.unsqueeze(0), b);
    return product.squeeze(b.rank === 1 ? 0 : -2);
  }
  if (b.rank === 1) return matmul(a, b.unsqueeze(1)).squeeze(-1);
  const k = a.shape[a.rank - 1] as number;
  if (k !== b.shape[b.rank - 2]) mismatch();
  if (b.rank === 2 && a.rank > 2) {
    // One tall matrix instead of a batch: a weight is packed once, and its gradient is one product.
    const rows = new Tensor(build.toOperand(a.node)).reshape([sizeOf(a.shape.slice(0, -1)), k]);
    const tall = new Tensor(build.product(rows.node, b.node));
    return tall.reshape([...a.shape.slice(0, -1), b.shape[1] as number]);
  }
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const left = build.expandTo("matmul", build.toOperand(a.node), [...batch, ...a.shape.slice(-2)]);
  const right = build.expandTo("matmul", build.toOperand(b.node), [...batch, ...b.shape.slice(-2)]);
  return new Tensor(build.product(left, right));
}
