/** @file Kernels along rows: scatter-add, running sums, positions of extremes, sorting. */
import { type Shape, sizeOf } from "../../../program/dtype.ts";
import type { ArgReduceKernel, CumsumKernel, ScatterAddKernel, SortKernel } from "../../../program/kernel.ts";
import { type Context, readAccess, storeAccess } from "../access.ts";
import type { Ops } from "../ops.ts";
import type { Value } from "../values.ts";

/** Elements of a one-hot matrix made at a time. */
const largestOneHot = 2 ** 26;

export function recordScatterAdd(context: Context, kernel: ScatterAddKernel): void {
  const { ops, traits } = context;
  const { rows, cols, count } = kernel;
  if (rows * cols === 0) return;
  if (count === 0) {
    storeAccess(context, kernel.out, [rows, cols], ops.f32(0));
    return;
  }
  const index = ops.broadcastTo(readAccess(context, kernel.index, [count]), [count]);
  const src = ops.broadcastTo(readAccess(context, kernel.src, [count, cols]), [count, cols]);
  const sums = traits.scattersInOrder ? scatter(ops, index, src, rows) : addByProduct(ops, index, src, rows);
  storeAccess(context, kernel.out, [rows, cols], sums);
}

/** Indices outside go to a row behind the last, which is cut off: backends throw at them, or write somewhere. */
function scatter(ops: Ops, index: Value, src: Value, rows: number): Value {
  const [count, cols] = src.shape as [number, number];
  const inside = ops.compare(
    "logicalAnd",
    ops.compare("greaterEqual", index, ops.i32(0)),
    ops.compare("less", index, ops.i32(rows)),
  );
  const targets = ops.reshape(ops.where(inside, index, ops.i32(rows)), [count, 1]);
  const sums = ops.recorder.emit("scatterND", [targets, src], [rows + 1, cols], "float32", (i, x) =>
    ops.tf.scatterND(i, x, [rows + 1, cols]),
  );
  return ops.slice(sums, [0, 0], [rows, cols]);
}

/**
 * On a GPU scatters and segment sums add with atomics, in another order each time. A product with the one-hot matrix of the indices does not;
 * it is made a stretch of rows at a time, which bounds its memory. Rows outside match nothing.
 */
function addByProduct(ops: Ops, index: Value, src: Value, rows: number): Value {
  const [count, cols] = src.shape as [number, number];
  const stretch = Math.max(1, Math.min(rows, Math.floor(largestOneHot / count)));
  const parts: Value[] = [];
  for (let from = 0; from < rows; from += stretch) {
    const size = Math.min(stretch, rows - from);
    const positions = ops.add(ops.iota(2, 0, size), ops.i32(from));
    const oneHot = ops.cast(ops.compare("equal", positions, ops.reshape(index, [1, count])), "float32");
    parts.push(ops.reshape(ops.matMul(oneHot, src), [size, cols]));
  }
  return ops.concat(parts, 0);
}

/** The elements of an access, all of them, as rows along the last axis. */
function readLines(context: Context, access: CumsumKernel["input"], domain: Shape): Value {
  const { ops } = context;
  const length = domain.at(-1) as number;
  const full = ops.broadcastTo(readAccess(context, access, domain), domain);
  const numbers = full.type === "bool" ? ops.cast(full, "int32") : full;
  return ops.reshape(numbers, [sizeOf(domain) / length, length]);
}

export function recordCumsum(context: Context, { domain, input, output }: CumsumKernel): void {
  if (domain.includes(0)) return;
  const sums = runningSums(context.ops, readLines(context, input, domain));
  storeAccess(context, output, domain, context.ops.reshape(sums, domain));
}

/** Where one sum would run over more floats than this it runs over blocks of so many, so that the rounding errors stay small. */
const sumBlock = 1024;

function runningSums(ops: Ops, x: Value): Value {
  const [rows, length] = x.shape as [number, number];
  if (x.type !== "float32" || length <= sumBlock) return ops.cumsum(x);
  const blocks = Math.ceil(length / sumBlock);
  const missing = blocks * sumBlock - length;
  const whole = missing === 0 ? x : ops.concat([x, ops.broadcastTo(ops.f32(0), [rows, missing])], 1);
  const within = ops.cumsum(ops.reshape(whole, [rows * blocks, sumBlock]));
  const totals = ops.reshape(ops.slice(within, [0, sumBlock - 1], [rows * blocks, 1]), [rows, blocks]);
  // Shifted, not subtracted: ∞ − ∞ is no sum.
  const before = ops.slice(runningSums(ops, totals), [0, 0], [rows, blocks - 1]);
  const starts = ops.concat([ops.broadcastTo(ops.f32(0), [rows, 1]), before], 1);
  const sums = ops.add(within, ops.reshape(starts, [rows * blocks, 1]));
  return ops.slice(ops.reshape(sums, [rows, blocks * sumBlock]), [0, 0], [rows, length]);
}

/**
 * The first position that holds the extreme, or the first NaN. Not `argMax`, which passes NaN over, and of which not every backend promises
 * the first of equals.
 */
export function recordArgReduce(context: Context, { op, domain, input, output }: ArgReduceKernel): void {
  const outer = domain.slice(0, -1);
  if (outer.includes(0)) return;
  const { ops } = context;
  const rowDomain = [...outer, 1];
  if (domain.at(-1) === 0) {
    storeAccess(context, output, rowDomain, ops.i32(0));
    return;
  }
  const x = readLines(context, input, domain);
  const [, length] = x.shape as [number, number];
  const extreme = ops.reduce(op, x, [1]);
  const found = ops.compare("equal", x, extreme);
  const position = ops.iota(2, 1, length);
  const first = (hit: Value): Value => ops.reduce("min", ops.where(hit, position, ops.i32(length)), [1]);
  let result = first(found);
  if (x.type === "float32") {
    const firstNaN = first(ops.isNaN(x));
    result = ops.where(ops.compare("less", firstNaN, ops.i32(length)), firstNaN, result);
  }
  storeAccess(context, output, rowDomain, ops.reshape(result, rowDomain));
}

/** By the backend's `topk`, which is stable, over keys that put the wanted order largest first; NaN counts as +∞. */
export function recordSort(context: Context, { descending, domain, input, values, indices }: SortKernel): void {
  if (domain.includes(0)) return;
  const { ops } = context;
  const x = readLines(context, input, domain);
  const [rows, length] = x.shape as [number, number];
  const isFloat = x.type === "float32";
  const ordered = isFloat ? ops.where(ops.isNaN(x), ops.f32(Number.POSITIVE_INFINITY), x) : x;
  // −1 − x turns the order of integers around, −2^31 included.
  const keys = descending ? ordered : isFloat ? ops.unary("neg", ordered) : ops.sub(ops.i32(-1), ordered);
  const order = ops.recorder.emit("topk", [keys], x.shape, "int32", (k) => {
    const { values: sorted, indices: positions } = ops.tf.topk(k, length, true);
    sorted.dispose();
    return positions;
  });
  const starts = ops.integers(`rows 0 ${length}`, [rows, 1], () =>
    Int32Array.from({ length: rows }, (_, i) => i * length),
  );
  const found = ops.gatherRows(ops.reshape(x, [rows * length, 1]), ops.add(order, starts));
  storeAccess(context, values, domain, ops.reshape(found, domain));
  storeAccess(context, indices, domain, ops.reshape(order, domain));
}
