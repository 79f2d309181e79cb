/** @file Rewrites of a product that leave its value alone, so that the emitters meet fewer shapes; and batch arithmetic. */
import type { Access, MatmulKernel, MatrixAccess } from "../../../program/kernel.ts";
import { i32, type Operand } from "../asm/code.ts";
import type { FunctionBuilder } from "../asm/function.ts";

/** Batches that share one B and whose rows follow each other are one tall product. */
export function foldBatch(kernel: MatmulKernel): MatmulKernel {
  const asked = kernel.epilogue.some((instr) => instr.op === "index");
  const rank = kernel.batch.length;
  if (rank === 0 || asked) return kernel;
  const extent = kernel.batch[rank - 1] as number;
  const joins = (rowStride: number, batchStride: number): boolean =>
    extent === 1 || batchStride === kernel.m * rowStride;
  const accesses = [...kernel.inputs, ...kernel.outputs.map((output) => output.access)];
  const lists = accesses.flatMap((access) => [access.strides, ...(access.dynamic ?? []).map((d) => d.index.strides)]);
  const fits =
    (extent === 1 || kernel.b.batchStrides[rank - 1] === 0) &&
    joins(kernel.a.rowStride, kernel.a.batchStrides[rank - 1] as number) &&
    lists.every((strides) => joins(strides[rank] as number, strides[rank - 1] as number));
  if (!fits) return kernel;
  const dropBatch = (matrix: MatrixAccess): MatrixAccess => ({
    ...matrix,
    batchStrides: matrix.batchStrides.slice(0, -1),
  });
  const drop = (strides: readonly number[]): readonly number[] => strides.filter((_, axis) => axis !== rank - 1);
  return foldBatch({
    ...mapAccesses(kernel, drop),
    batch: kernel.batch.slice(0, -1),
    m: kernel.m * extent,
    a: dropBatch(kernel.a),
    b: dropBatch(kernel.b),
  });
}

/** (A·B)ᵀ = Bᵀ·Aᵀ. */
export function transposeProduct(kernel: MatmulKernel): MatmulKernel {
  const rank = kernel.batch.length;
  const turn = (matrix: MatrixAccess): MatrixAccess => ({
    ...matrix,
    rowStride: matrix.colStride,
    colStride: matrix.rowStride,
  });
  const swap = (strides: readonly number[]): readonly number[] => [
    ...strides.slice(0, rank),
    strides[rank + 1] as number,
    strides[rank] as number,
  ];
  const epilogue = kernel.epilogue.map((instr) => {
    if (instr.op !== "index" || instr.axis < rank) return instr;
    return { ...instr, axis: instr.axis === rank ? rank + 1 : rank };
  });
  return { ...mapAccesses(kernel, swap), epilogue, m: kernel.n, n: kernel.m, a: turn(kernel.b), b: turn(kernel.a) };
}

function mapAccesses(kernel: MatmulKernel, map: (strides: readonly number[]) => readonly number[]): MatmulKernel {
  const one = (access: Access): Access => ({
    ...access,
    strides: map(access.strides),
    ...(access.dynamic === undefined
      ? {}
      : { dynamic: access.dynamic.map((d) => ({ ...d, index: { ...d.index, strides: map(d.index.strides) } })) }),
  });
  return {
    ...kernel,
    inputs: kernel.inputs.map(one),
    outputs: kernel.outputs.map((output) => ({ ...output, access: one(output.access) })),
  };
}

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
