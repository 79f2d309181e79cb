/** @file From a kernel of a Program to dispatches: the one place that knows which schedule serves which kind. */
import type { Kernel } from "../../../program/kernel.ts";
import type { ScheduleContext, ScheduledKernel } from "../target.ts";
import { scheduleArgReduce } from "./argreduce.ts";
import { scheduleAttention } from "./attention.ts";
import { scheduleAttentionBackward } from "./attention-backward.ts";
import { scheduleCumsum } from "./cumsum.ts";
import { scheduleLoop } from "./loop.ts";
import { scheduleMatmul } from "./matmul.ts";
import { scheduleReduce } from "./reduce.ts";
import { scheduleScatterAdd } from "./scatter.ts";
import { scheduleSort } from "./sort.ts";

export function scheduleKernel(kernel: Kernel, context: ScheduleContext): ScheduledKernel {
  return (schedules[kernel.kind] as Schedule<Kernel>)(kernel, context);
}

export type Schedule<K extends Kernel> = (kernel: K, context: ScheduleContext) => ScheduledKernel;

const schedules: { readonly [K in Kernel["kind"]]: Schedule<Extract<Kernel, { kind: K }>> } = {
  loop: scheduleLoop,
  reduce: scheduleReduce,
  matmul: scheduleMatmul,
  attention: scheduleAttention,
  attentionBackward: scheduleAttentionBackward,
  cumsum: scheduleCumsum,
  argreduce: scheduleArgReduce,
  sort: scheduleSort,
  scatterAdd: scheduleScatterAdd,
};
