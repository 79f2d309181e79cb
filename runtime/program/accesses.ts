/** @file Every buffer that a kernel touches: the one place that knows where each kind of kernel keeps its accesses. */
import type { Access, BufferId, Kernel, MatrixAccess } from "./kernel.ts";

export interface KernelAccess {
  readonly buffer: BufferId;
  readonly isWrite: boolean;
  /** Read in a loop structure of the kernel's own, not once per point of the domain. */
  readonly isOperand: boolean;
  /** Absent for matrices and index buffers. */
  readonly access?: Access;
}

export function accessesOf(kernel: Kernel): readonly KernelAccess[] {
  const list: KernelAccess[] = [];
  const index = ({ dynamic }: Access): void => {
    for (const d of dynamic ?? []) list.push({ buffer: d.index.buffer, isWrite: false, isOperand: true });
  };
  const read = (access: Access | undefined, isOperand = true): void => {
    if (access === undefined) return;
    list.push({ buffer: access.buffer, isWrite: false, isOperand, access });
    index(access);
  };
  const write = (access: Access | undefined): void => {
    if (access === undefined) return;
    list.push({ buffer: access.buffer, isWrite: true, isOperand: false, access });
    index(access);
  };
  const matrix = ({ buffer }: MatrixAccess): void => void list.push({ buffer, isWrite: false, isOperand: true });
  switch (kernel.kind) {
    case "loop":
      for (const access of kernel.inputs) read(access, false);
      for (const { access } of kernel.outputs) write(access);
      break;
    case "reduce":
      for (const access of kernel.inputs) read(access, false);
      for (const phase of kernel.phases)
        for (const { access } of [...phase.outputs, ...phase.rowOutputs]) write(access);
      break;
    case "matmul":
      matrix(kernel.a);
      matrix(kernel.b);
      for (const access of kernel.inputs) read(access, false);
      for (const { access } of kernel.outputs) write(access);
      break;
    case "attention":
    case "attentionBackward":
      for (const access of [kernel.q, kernel.k, kernel.v, kernel.mask, kernel.firstKey, kernel.slopes]) read(access);
      if (kernel.kvLength !== undefined) list.push({ buffer: kernel.kvLength, isWrite: false, isOperand: true });
      if (kernel.kind === "attention") for (const access of [kernel.out, kernel.lse]) write(access);
      else {
        for (const access of [kernel.out, kernel.lse, kernel.dout]) read(access);
        for (const access of [kernel.dq, kernel.dk, kernel.dv, kernel.dslopes]) write(access);
      }
      break;
    case "scatterAdd":
      read(kernel.index);
      read(kernel.src);
      write(kernel.out);
      break;
    case "cumsum":
    case "argreduce":
      read(kernel.input);
      write(kernel.output);
      break;
    case "sort":
      read(kernel.input);
      write(kernel.values);
      write(kernel.indices);
      break;
  }
  return list;
}
