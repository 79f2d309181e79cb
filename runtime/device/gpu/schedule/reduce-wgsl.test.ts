/** @file Loops and reductions in 16 bits and over wide subgroups, which software drivers lack, are WGSL that Dawn accepts: its back end `null` validates and computes nothing. */
import { beforeAll, describe, expect, it } from "vitest";
import { loopCases } from "../../../../tests/conformance/cases/loop.ts";
import { reduceCases } from "../../../../tests/conformance/cases/reduce.ts";
import { contextFor, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import { openHost } from "../../webgpu/host.ts";
import { printWgsl } from "../../webgpu/wgsl.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleKernel } from "./index.ts";

process.env["FGC_DAWN_FLAGS"] = "backend=null";
const host = await openHost().catch((error: Error) => error.message);
if (typeof host === "string") console.warn(`skipped: ${host}`);

/** The null adapter takes more bindings than a real one must. */
const limits = { sharedBytes: 16_384, invocations: 256, bindings: 10, workgroups: 65_535 };

describe.skipIf(typeof host === "string")("WGSL of loops and reductions", () => {
  let device: GPUDevice;

  beforeAll(async () => {
    if (typeof host === "string") return;
    const adapter = (await host.gpu.requestAdapter()) as GPUAdapter;
    const wanted = ["shader-f16", "subgroups"] as GPUFeatureName[];
    device = await adapter.requestDevice({ requiredFeatures: wanted.filter((name) => adapter.features.has(name)) });
  });

  it.each<[string, GpuTarget]>([
    ["f16, subgroups of 32", syntheticTarget({ limits })],
    ["f16, subgroups of 4 to 64", syntheticTarget({ limits, subgroups: { min: 4, max: 64 } })],
    ["no f16, no subgroups", { limits, f16: false, matrixUnits: [] }],
  ])("%s", async (_, target) => {
    const seen = new Set<string>();
    for (const { sketch } of [...loopCases, ...reduceCases]) {
      const drawn = sketch();
      const context = contextFor(drawn, target);
      for (const { module } of drawn.kernels.flatMap((kernel) => scheduleKernel(kernel, context).dispatches)) {
        // In one arena with what is written, what is only read is writable too, and gives control flow no promise.
        const code = printWgsl({ ...module, bindings: module.bindings.map((each) => ({ ...each, isWritten: true })) });
        if (seen.has(code)) continue;
        seen.add(code);
        device.pushErrorScope("validation");
        const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
        await device.popErrorScope();
        const [fault] = messages.filter(({ type }) => type === "error");
        if (fault !== undefined) expect.fail(`${fault.message}\n${code.split("\n")[fault.lineNum - 1]}`);
      }
    }
    expect(seen.size).toBeGreaterThan(50);
  });
});
