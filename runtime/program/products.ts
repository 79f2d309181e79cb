/** @file What a product is when there is nothing to multiply: devices with a kernel for products need none for this. */
import type { LoopKernel, MatmulKernel } from "./kernel.ts";

/** A product over no k is zeros, to which its epilogue is applied all the same. */
export function productOverNothing({ label, batch, m, n, inputs, epilogue, outputs }: MatmulKernel): LoopKernel {
  const zero = { op: "const", value: 0, dtype: "f32" } as const; // register 0, where the epilogue expects the product
  return { kind: "loop", label, domain: [...batch, m, n], inputs, body: [zero, ...epilogue], outputs };
}
