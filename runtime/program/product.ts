/** @file Rewrites of a product that leave its value alone, so that devices meet fewer shapes. */
import type { Access, LoopKernel, MatmulKernel, MatrixAccess } from "./kernel.ts";

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

/** A product over no k is zeros, to which its epilogue is applied all the same. */
export function productOverNothing({ label, batch, m, n, inputs, epilogue, outputs }: MatmulKernel): LoopKernel {
  const zero = { op: "const", value: 0, dtype: "f32" } as const; // register 0, where the epilogue expects the product
  return { kind: "loop", label, domain: [...batch, m, n], inputs, body: [zero, ...epilogue], outputs };
}
