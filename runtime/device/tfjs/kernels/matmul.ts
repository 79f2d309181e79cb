/** @file Products. A transposed operand is a flag of the op, not a copy; a batch that shares one right-hand side is one tall product. */
import { sizeOf } from "../../../program/dtype.ts";
import type { MatmulKernel, MatrixAccess } from "../../../program/kernel.ts";
import { foldBatch, productOverNothing } from "../../../program/product.ts";
import { type Context, readAccess } from "../access.ts";
import { recordBody } from "../scalar-code.ts";
import type { Value } from "../values.ts";
import { recordLoop } from "./loop.ts";
import { PendingStores } from "./stores.ts";

export function recordMatmul(context: Context, kernel: MatmulKernel): void {
  if (kernel.k === 0) {
    recordLoop(context, productOverNothing(kernel));
    return;
  }
  const { batch, m, n, k, a, b, inputs, epilogue, outputs } = foldBatch(kernel);
  const domain = [...batch, m, n];
  if (domain.includes(0)) return;
  const { ops } = context;
  const [left, right] = [readMatrix(context, a, batch, m, k), readMatrix(context, b, batch, k, n)];
  const product = multiply(context, left.value, right.value, {
    transposeA: left.transposed,
    transposeB: right.transposed,
  });
  const registers = recordBody(context, epilogue, inputs, domain, [{ value: ops.reshape(product, domain) }]);
  const stores = new PendingStores();
  stores.add(outputs, registers, domain);
  stores.flush(context);
}

/** Batches of matrices [B or 1, rows, cols], with flags for operands whose last two axes are swapped. */
export function multiply(
  { ops, traits }: Context,
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false } = {},
): Value {
  const work = sizeOf(a.shape) * (b.shape.at(transposeB ? -2 : -1) as number);
  if (traits.multipliesTransposed || work < worthACopy) return ops.matMul(a, b, { transposeA, transposeB });
  return ops.matMul(transposeA ? ops.transpose(a, [0, 2, 1]) : a, transposeB ? ops.transpose(b, [0, 2, 1]) : b);
}

/** Multiplications; below, the loop is fast enough, and the wasm backend (4.22) was seen to leave its memory in plain products after 17×1 · 1×17. */
const worthACopy = 2 ** 20;

/** [batch or 1, rows, cols], or with the last two swapped where the elements lie so. */
function readMatrix(
  context: Context,
  { buffer, offset, rowStride, colStride, batchStrides }: MatrixAccess,
  batch: readonly number[],
  rows: number,
  cols: number,
): { readonly value: Value; readonly transposed: boolean } {
  const { ops } = context;
  const transposed = Math.abs(rowStride) < Math.abs(colStride) && rows > 1;
  const [extents, strides] = transposed
    ? [
        [cols, rows],
        [colStride, rowStride],
      ]
    : [
        [rows, cols],
        [rowStride, colStride],
      ];
  const isShared = batchStrides.every((stride, axis) => stride === 0 || batch[axis] === 1);
  const walked = isShared ? [] : batch;
  const access = { buffer, offset, strides: [...(isShared ? [] : batchStrides), ...strides] };
  const found = readAccess(context, access, [...walked, ...extents]);
  const full = ops.broadcastTo(found, [...walked, ...extents]);
  return { value: ops.reshape(full, [sizeOf(walked), ...extents]), transposed };
}
