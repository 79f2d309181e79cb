/**
 * @file The operations that the lowering is written in: values in, value out, shapes inferred, each one call of the op API. What only moves
 * elements is here in its cheapest form (a reshape costs nothing, a slice of everything is no slice).
 */
import { type Shape, sizeOf } from "../../program/dtype.ts";
import type { ArithmeticName, ComparisonName, ReductionName, Tensor, TensorType, Tf, UnaryName } from "./api.ts";
import type { Recorder, Value } from "./values.ts";

export class Ops {
  readonly tf: Tf;
  readonly recorder: Recorder;

  constructor(tf: Tf, recorder: Recorder) {
    this.tf = tf;
    this.recorder = recorder;
  }

  scalar(value: number, type: TensorType): Value {
    const key = `scalar ${type} ${Object.is(value, -0) ? "-0" : value}`;
    return this.recorder.constant(
      key,
      [],
      type,
      () => this.tf.scalar(type === "bool" ? value !== 0 : value, type),
      value,
    );
  }

  f32(value: number): Value {
    return this.scalar(Math.fround(value), "float32");
  }

  i32(value: number): Value {
    return this.scalar(value | 0, "int32");
  }

  zeros(length: number, type: TensorType): Value {
    return this.recorder.constant(`zeros ${type} ${length}`, [length], type, () => this.tf.zeros([length], type));
  }

  /** 0, 1, 2 … along one axis of a domain; 1 on the others. */
  iota(rank: number, axis: number, extent: number): Value {
    const shape = Array.from({ length: rank }, (_, i) => (i === axis ? extent : 1));
    return this.integers(`iota ${extent}`, shape, () => Int32Array.from({ length: extent }, (_, i) => i));
  }

  integers(key: string, shape: Shape, make: () => Int32Array): Value {
    return this.recorder.constant(`${key} as ${shape.join()}`, shape, "int32", () =>
      this.tf.tensor(make(), [...shape], "int32"),
    );
  }

  unary(fn: UnaryName, a: Value): Value {
    const call: (x: Tensor) => Tensor = this.tf[fn];
    return this.recorder.emit(fn, [a], a.shape, a.type, (x) => call(x));
  }

  isNaN(a: Value): Value {
    return this.recorder.emit("isNaN", [a], a.shape, "bool", (x) => this.tf.isNaN(x));
  }

  not(a: Value): Value {
    return this.recorder.emit("not", [a], a.shape, "bool", (x) => this.tf.logicalNot(x));
  }

  arithmetic(fn: ArithmeticName, a: Value, b: Value): Value {
    const { tf } = this;
    return this.recorder.emit(fn, [a, b], broadcastShape(a.shape, b.shape), a.type, (x, y) => tf[fn](x, y));
  }

  add(a: Value, b: Value): Value {
    return this.arithmetic("add", a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.arithmetic("sub", a, b);
  }

  /** Not for i32, whose products wrap: see `integers.ts`. */
  mul(a: Value, b: Value): Value {
    return this.arithmetic("mul", a, b);
  }

  div(a: Value, b: Value): Value {
    return this.arithmetic("div", a, b);
  }

  compare(fn: ComparisonName, a: Value, b: Value): Value {
    const { tf } = this;
    return this.recorder.emit(fn, [a, b], broadcastShape(a.shape, b.shape), "bool", (x, y) => tf[fn](x, y));
  }

  where(condition: Value, a: Value, b: Value): Value {
    if (a.type === "bool") {
      const [yes, no] = [this.compare("logicalAnd", condition, a), this.compare("logicalAnd", this.not(condition), b)];
      return this.compare("logicalOr", yes, no);
    }
    const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape));
    return this.recorder.emit("where", [condition, a, b], shape, a.type, (c, x, y) => this.tf.where(c, x, y));
  }

  /** Between numbers as the backend does it; to bool by comparing, from bool as 0 and 1. */
  cast(a: Value, type: TensorType): Value {
    if (a.type === type) return a;
    if (type === "bool") return this.compare("notEqual", a, this.scalar(0, a.type));
    return this.recorder.emit(`cast ${type}`, [a], a.shape, type, (x) => this.tf.cast(x, type));
  }

  reduce(fn: ReductionName, a: Value, axes: readonly number[]): Value {
    const shape = a.shape.map((extent, i) => (axes.includes(i) ? 1 : extent));
    const { tf } = this;
    return this.recorder.emit(`${fn} ${axes.join()}`, [a], shape, a.type, (x) => tf[fn](x, [...axes], true));
  }

  cumsum(a: Value): Value {
    return this.recorder.emit("cumsum", [a], a.shape, a.type, (x) => this.tf.cumsum(x, a.shape.length - 1));
  }

  /** Of matrices, or of batches of them with one batch axis of the same extent (or 1). */
  matMul(a: Value, b: Value, { transposeA = false, transposeB = false } = {}): Value {
    const [m, n] = [a.shape.at(transposeA ? -1 : -2) as number, b.shape.at(transposeB ? -2 : -1) as number];
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return this.recorder.emit(`matMul ${transposeA} ${transposeB}`, [a, b], [...batch, m, n], "float32", (x, y) =>
      this.tf.matMul(x, y, transposeA, transposeB),
    );
  }

  reshape(a: Value, shape: Shape): Value {
    const source = a.source ?? a;
    for (const same of [a, source]) if (sameShape(same.shape, shape)) return same;
    const compute = (x: Tensor): Tensor => this.tf.reshape(x, [...shape]);
    return this.recorder.emit(`reshape ${shape.join()}`, [source], shape, a.type, compute, source);
  }

  transpose(a: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => a.shape[axis] as number);
    // Where only axes of extent 1 change places the elements stay where they are.
    const moved = order.filter((axis) => a.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number))) return this.reshape(a, shape);
    return this.recorder.emit(`transpose ${order.join()}`, [a], shape, a.type, (x) => this.tf.transpose(x, [...order]));
  }

  /** Axes that are taken whole are one with the axis before them: some backends go element by element through more than four. */
  slice(a: Value, begin: readonly number[], size: Shape): Value {
    if (sameShape(a.shape, size)) return a;
    const [dims, from, count]: [number[], number[], number[]] = [[], [], []];
    for (const [axis, extent] of a.shape.entries()) {
      const last = dims.length - 1;
      const isWhole = size[axis] === extent;
      if (!isWhole || last < 0) {
        dims.push(extent);
        from.push(begin[axis] as number);
        count.push(size[axis] as number);
      } else for (const list of [dims, from, count]) list[last] = (list[last] as number) * extent;
    }
    const joined = this.reshape(a, dims);
    const part = this.recorder.emit(`slice ${from.join()} ${count.join()}`, [joined], count, a.type, (x) =>
      this.tf.slice(x, from, count),
    );
    return this.reshape(part, size);
  }

  reverse(a: Value, axes: readonly number[]): Value {
    // Halves that change places (rotary positions) are joined in the other order: `reverse` walks element by element on some backends.
    const pairs = axes.filter((axis) => a.shape[axis] === 2);
    const swapped = pairs.reduce(
      (x, axis) => this.concat([this.position(x, axis, 1), this.position(x, axis, 0)], axis),
      a,
    );
    const rest = axes.filter((axis) => !pairs.includes(axis));
    if (rest.length === 0) return swapped;
    return this.recorder.emit(`reverse ${rest.join()}`, [swapped], a.shape, a.type, (x) => this.tf.reverse(x, rest));
  }

  /** The elements at one position of an axis, which stays with extent 1. */
  private position(a: Value, axis: number, at: number): Value {
    const begin = a.shape.map((_, i) => (i === axis ? at : 0));
    return this.slice(
      a,
      begin,
      a.shape.map((extent, i) => (i === axis ? 1 : extent)),
    );
  }

  concat(parts: readonly Value[], axis: number): Value {
    const [first] = parts;
    if (first === undefined) throw new RangeError("nothing to join");
    if (parts.length === 1) return first;
    const extent = parts.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
    const shape = first.shape.map((e, i) => (i === axis ? extent : e));
    return this.recorder.emit(`concat ${axis}`, parts, shape, first.type, (...tensors) =>
      this.tf.concat(tensors, axis),
    );
  }

  broadcastTo(a: Value, shape: Shape): Value {
    if (sizeOf(a.shape) === sizeOf(shape)) return this.reshape(a, shape);
    const source = [...new Array<number>(shape.length - a.shape.length).fill(1), ...a.shape];
    return this.recorder.emit(`broadcast ${shape.join()}`, [this.reshape(a, source)], shape, a.type, (x) =>
      this.tf.broadcastTo(x, [...shape]),
    );
  }

  /** Rows of `table` [R, C] at `rows` (int32, any shape, all inside): shape [...rows, C]. */
  gatherRows(table: Value, rows: Value): Value {
    const flat = this.reshape(rows, [sizeOf(rows.shape)]);
    const width = table.shape[1] as number;
    const found = this.recorder.emit("gather", [table, flat], [sizeOf(rows.shape), width], table.type, (x, i) =>
      this.tf.gather(x, i, 0),
    );
    return this.reshape(found, [...rows.shape, width]);
  }

  /** `table` [R, C] with its rows at `rows` [n] replaced by `updates` [n, C]. */
  replaceRows(table: Value, rows: Value, updates: Value): Value {
    const indices = this.reshape(rows, [sizeOf(rows.shape), 1]);
    return this.recorder.emit("replaceRows", [table, indices, updates], table.shape, table.type, (x, i, u) =>
      this.tf.tensorScatterUpdate(x, i, u),
    );
  }
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1)
      throw new RangeError(`[${a.join(", ")}] does not broadcast with [${b.join(", ")}]`);
    return x === 1 ? y : x;
  });
}
