/** @file Claims of an adapter, tried: true ones stay, false ones go and are told. */
import { describe, expect, it } from "vitest";
import { gpuSkipReason } from "../../../tests/support/gpu.ts";
import type { GpuTarget } from "../gpu/target.ts";
import { chooseAdapter } from "./adapter.ts";
import { openHost } from "./host.ts";
import { checkTarget } from "./self-check.ts";

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const claimed: GpuTarget = {
  limits: { sharedBytes: 16384, invocations: 256, bindings: 8, workgroups: 65535 },
  f16: false,
  subgroups: { min: 4, max: 4 },
  matrixUnits: [],
};

describe.skipIf(reason !== undefined)("what an adapter claims", () => {
  it("stays where it is so", async () => {
    const { adapter } = await chooseAdapter(await openHost(), "software");
    const device = await adapter.requestDevice({ requiredFeatures: ["subgroups" as GPUFeatureName] });
    expect(await checkTarget(device, claimed)).toEqual({ target: claimed, notices: [] });
    device.destroy();
  });

  it("goes where it is not, and nothing else does", async () => {
    const { adapter } = await chooseAdapter(await openHost(), "software");
    const device = await adapter.requestDevice({ requiredFeatures: ["subgroups" as GPUFeatureName] });
    let stray = 0;
    device.addEventListener("uncapturederror", () => stray++);
    const unit = { m: 16, n: 16, k: 16, input: "f16", result: "f32" } as const;
    const { target, notices } = await checkTarget(device, { ...claimed, matrixUnits: [unit] });
    expect(target).toEqual(claimed);
    expect(notices).toEqual([expect.stringContaining("16x16x16 f16 to f32")]);
    device.destroy();

    const plain = await (await chooseAdapter(await openHost(), "software")).adapter.requestDevice();
    const without = await checkTarget(plain, { ...claimed, matrixUnits: [unit] });
    expect(without.target.subgroups).toBeUndefined();
    expect(without.target.matrixUnits).toEqual([]);
    expect(without.notices).toHaveLength(1);
    expect(stray).toBe(0);
    plain.destroy();
  });
});
