/** @file Arithmetic on the batch axes of a product. */
import { i32, type Operand } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";

/** Σ coordinate·stride in bytes over the batch axes, from a flat batch number. */
export function batchTerms(
  f: FunctionBuilder,
  flat: Operand,
  batch: readonly number[],
  strides: readonly number[],
  bytes: number,
): Operand {
  let sum: Operand = 0;
  const rest = f.let("i32", flat);
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const extent = batch[axis] as number;
    const stride = (strides[axis] ?? 0) * bytes;
    if (stride !== 0 && extent > 1) sum = i32.add(sum, i32.mul(axis === 0 ? rest : i32.rem_u(rest, extent), stride));
    // Kept in a local: the terms so far must not see the quotient.
    if (axis > 0) {
      const kept: Operand = f.let("i32", sum);
      sum = kept;
      f.set(rest, i32.div_u(rest, extent));
    }
  }
  return sum;
}
