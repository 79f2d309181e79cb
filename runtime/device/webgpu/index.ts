/**
 * @file The webgpu device: Programs become WGSL, run through `navigator.gpu` or Dawn.
 *
 *     program ─ gpu/schedule/ ─▶ modules ─ plan.ts ─▶ WGSL, places, grids ─ pipelines.ts ─▶ program.ts ─▶ runs ─ readback.ts ─▶ outputs
 */
import type { OpenDevice } from "../device.ts";
import { chooseAdapter } from "./adapter.ts";
import { openHost } from "./host.ts";
import { openAdapter } from "./open.ts";

export { describeDevice } from "./describe.ts";

export const openDevice: OpenDevice = async ({ adapter, deterministicFma = false } = {}) =>
  openAdapter(await chooseAdapter(await openHost(), adapter), { deterministicFma });
