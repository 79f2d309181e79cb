/**
 * @file Fused reductions: the phases' element code and row code on whole tensors, rows with extent 1 on the reduced axes. What later phases
 * compute again for want of a place to keep it is found again here.
 */
import { type Shape, sizeOf } from "../../../program/dtype.ts";
import type { ReduceKernel } from "../../../program/kernel.ts";
import type { ReduceOp } from "../../../program/scalar.ts";
import type { Context } from "../access.ts";
import { orderAxes, permuteAccess, permuteBody, permuteStores } from "../axis-order.ts";
import { multiplyIntegers } from "../integers.ts";
import type { Ops } from "../ops.ts";
import { type Register, recordBody } from "../scalar-code.ts";
import type { Value } from "../values.ts";
import { PendingStores } from "./stores.ts";

export function recordReduce(context: Context, { domain, innerRank, inputs, phases }: ReduceKernel): void {
  const outerRank = domain.length - innerRank;
  if (domain.slice(0, outerRank).includes(0)) return;
  const stores = phases.flatMap(({ outputs, rowOutputs }) => [...outputs, ...rowOutputs]);
  const order = orderAxes(domain, [...inputs, ...stores.map(({ access }) => access)]);
  const walked = order.map((axis) => domain[axis] as number);
  const axes = [...order.keys()].filter((i) => (order[i] as number) >= outerRank);
  const rowDomain = walked.map((extent, i) => (axes.includes(i) ? 1 : extent));
  const isEmpty = walked.includes(0);
  const accesses = inputs.map((access) => permuteAccess(access, order));
  const pending = new PendingStores();
  let rows: readonly Register[] = [];
  for (const phase of phases) {
    const element = isEmpty ? [] : recordBody(context, permuteBody(phase.body, order), accesses, walked, rows);
    if (!isEmpty) pending.add(permuteStores(phase.outputs, order), element, walked);
    const results = phase.reduce.map(({ op, value }): Register => {
      const of = element[value]?.value;
      return { value: of === undefined ? startOf(context, op) : reduceOver(context, op, of, walked, axes) };
    });
    rows = recordBody(context, permuteBody(phase.rowBody, order), accesses, rowDomain, [...rows, ...results]);
    pending.add(permuteStores(phase.rowOutputs, order), rows, rowDomain);
  }
  pending.flush(context);
}

const starts = {
  sum: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
  prod: 1,
} satisfies Record<ReduceOp, number>;

/** Of no elements. */
function startOf({ ops }: Context, op: ReduceOp): Value {
  return ops.f32(starts[op]);
}

function reduceOver(context: Context, op: ReduceOp, value: Value, domain: Shape, axes: readonly number[]): Value {
  const { ops, traits } = context;
  if (value.type === "bool") return ops.cast(reduceOver(context, op, ops.cast(value, "int32"), domain, axes), "bool");
  const full =
    value.shape.length === domain.length
      ? value
      : ops.reshape(
          value,
          domain.map(() => 1),
        );
  const wide = axes.every((axis) => full.shape[axis] === domain[axis]) ? full : widen(context, op, full, domain, axes);
  const real = axes.filter((axis) => wide.shape[axis] !== 1);
  if (real.length === 0) return wide;
  if (op === "prod" && value.type === "int32") return integerProduct(context, wide, real);
  if (op === "sum" && value.type === "float32" && !traits.sumsAccurate) return sumOfBlocks(ops, wide, real);
  const found = ops.reduce(op, wide, real);
  if (op === "sum" || op === "prod" || value.type !== "float32" || traits.reductionsKeepNaN) return found;
  const anyNaN = ops.reduce("max", ops.cast(ops.isNaN(wide), "float32"), real);
  return ops.where(ops.compare("greater", anyNaN, ops.f32(0)), ops.f32(Number.NaN), found);
}

/** A value that does not vary along a reduced axis counts as often as the axis is long; the largest of equals is one of them. */
function widen(context: Context, op: ReduceOp, value: Value, domain: Shape, axes: readonly number[]): Value {
  const { ops } = context;
  const repeats = sizeOf(axes.filter((axis) => value.shape[axis] === 1).map((axis) => domain[axis] as number));
  if (op === "sum" && value.type === "float32") return ops.mul(value, ops.f32(repeats));
  if (op === "sum") return multiplyIntegers(context, value, ops.i32(repeats));
  if (op === "prod")
    return ops.broadcastTo(
      value,
      value.shape.map((extent, axis) => (axes.includes(axis) ? (domain[axis] as number) : extent)),
    );
  return value;
}

/** As many elements as one running sum in f32 may have before its rounding errors show. */
const sumBlock = 1024;

/** Axis by axis, the long ones in blocks. */
function sumOfBlocks(ops: Ops, value: Value, axes: readonly number[]): Value {
  let result = value;
  for (const axis of axes) {
    while ((result.shape[axis] as number) > sumBlock) {
      const extent = result.shape[axis] as number;
      const whole = extent - (extent % sumBlock);
      const [before, after] = [result.shape.slice(0, axis), result.shape.slice(axis + 1)];
      const piece = (from: number, size: number): Value =>
        ops.slice(
          result,
          result.shape.map((_, i) => (i === axis ? from : 0)),
          [...before, size, ...after],
        );
      const rows = [sizeOf(before), whole / sumBlock, sumBlock, sizeOf(after)];
      const sums = ops.reduce("sum", ops.reshape(piece(0, whole), rows), [2]);
      const rest = whole === extent ? [] : [ops.reduce("sum", piece(whole, extent - whole), [axis])];
      result = ops.concat([ops.reshape(sums, [...before, whole / sumBlock, ...after]), ...rest], axis);
    }
    result = ops.reduce("sum", result, [axis]);
  }
  return result;
}

/** Halves are multiplied with each other, so that each product wraps. */
function integerProduct(context: Context, value: Value, axes: readonly number[]): Value {
  const { ops } = context;
  let result = value;
  for (const axis of axes) {
    for (let extent = result.shape[axis] as number; extent > 1; extent = result.shape[axis] as number) {
      const half = extent >> 1;
      const piece = (from: number, to: number): Value =>
        ops.slice(
          result,
          result.shape.map((_, i) => (i === axis ? from : 0)),
          result.shape.map((e, i) => (i === axis ? to - from : e)),
        );
      const product = multiplyIntegers(context, piece(0, half), piece(half, 2 * half));
      result = extent % 2 === 0 ? product : ops.concat([product, piece(2 * half, extent)], axis);
    }
  }
  return result;
}
