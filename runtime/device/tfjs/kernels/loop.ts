/** @file Fused element-wise kernels. */
import type { LoopKernel } from "../../../program/kernel.ts";
import type { Context } from "../access.ts";
import { orderAxes, permuteAccess, permuteBody, permuteStores } from "../axis-order.ts";
import { recordBody } from "../scalar-code.ts";
import { PendingStores } from "./stores.ts";

export function recordLoop(context: Context, { domain, inputs, body, outputs }: LoopKernel): void {
  if (domain.includes(0)) return;
  const order = orderAxes(domain, [...inputs, ...outputs.map(({ access }) => access)]);
  const walked = order.map((axis) => domain[axis] as number);
  const accesses = inputs.map((access) => permuteAccess(access, order));
  const stores = new PendingStores();
  stores.add(permuteStores(outputs, order), recordBody(context, permuteBody(body, order), accesses, walked), walked);
  stores.flush(context);
}
