/** @file Each kind of kernel as operations on whole tensors. */
import type { Kernel } from "../../../program/kernel.ts";
import type { Context } from "../access.ts";
import { recordAttention, recordAttentionBackward } from "./attention.ts";
import { recordLoop } from "./loop.ts";
import { recordMatmul } from "./matmul.ts";
import { recordReduce } from "./reduce.ts";
import { recordArgReduce, recordCumsum, recordScatterAdd, recordSort } from "./rows.ts";

type Recorders = {
  readonly [K in Kernel["kind"]]: (context: Context, kernel: Extract<Kernel, { kind: K }>) => void;
};

const recorders: Recorders = {
  loop: recordLoop,
  reduce: recordReduce,
  matmul: recordMatmul,
  attention: recordAttention,
  attentionBackward: recordAttentionBackward,
  scatterAdd: recordScatterAdd,
  cumsum: recordCumsum,
  argreduce: recordArgReduce,
  sort: recordSort,
};

/** Records what the kernel reads, computes and stores. All of its loads see what the buffers held before it. */
export function recordKernel(context: Context, kernel: Kernel): void {
  const record = recorders[kernel.kind] as (context: Context, kernel: Kernel) => void;
  record(context, kernel);
}
