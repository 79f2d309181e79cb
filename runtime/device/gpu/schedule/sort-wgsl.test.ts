/** @file Sorts and positions of extremes in 16 bits and over wide subgroups, which software drivers lack, are WGSL that Dawn accepts: its back end `null` validates and computes nothing. */
import { beforeAll, describe, expect, it } from "vitest";
import { perRow, Sketch } from "../../../../tests/conformance/sketch.ts";
import { contextFor, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import { openHost } from "../../webgpu/host.ts";
import { printWgsl } from "../../webgpu/wgsl.ts";
import type { Module } from "../ir.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleKernel } from "./index.ts";

process.env["FGC_DAWN_FLAGS"] = "backend=null";
const host = await openHost().catch((error: Error) => error.message);
if (typeof host === "string") console.warn(`skipped: ${host}`);

const limits = { sharedBytes: 16_384, invocations: 256, bindings: 8, workgroups: 65_535 };

function modulesOf(dtype: DType, target: GpuTarget): readonly Module[] {
  const s = new Sketch(1);
  const domains = [
    [2, 150_000],
    [64, 1001],
    [4096, 3],
  ];
  for (const domain of domains) {
    const input = s.temp(domain, dtype);
    const [values, indices] = [s.output(domain, dtype), s.output(domain, "i32")];
    const output = perRow(s.output(domain.slice(0, -1), "i32"), 1);
    s.push(
      { kind: "sort", label: "sort", descending: true, domain, input, values, indices },
      { kind: "argreduce", label: "argmin", op: "min", domain, input, output },
    );
  }
  const context = contextFor(s, target);
  return s.kernels.flatMap((kernel) => scheduleKernel(kernel, context).dispatches.map(({ module }) => module));
}

describe.skipIf(typeof host === "string")("WGSL of sorts and positions of extremes", () => {
  let device: GPUDevice;

  beforeAll(async () => {
    if (typeof host === "string") return;
    const adapter = (await host.gpu.requestAdapter()) as GPUAdapter;
    const wanted = ["shader-f16", "subgroups"] as GPUFeatureName[];
    device = await adapter.requestDevice({ requiredFeatures: wanted.filter((name) => adapter.features.has(name)) });
  });

  it.each<[DType, string, GpuTarget]>([
    ["f32", "subgroups of 32", syntheticTarget({ limits })],
    ["f16", "subgroups of 4 to 64", syntheticTarget({ limits, subgroups: { min: 4, max: 64 } })],
    ["bf16", "subgroups of 128", syntheticTarget({ limits, subgroups: { min: 128, max: 128 } })],
    ["i32", "no subgroups", { limits, f16: false, matrixUnits: [] }],
  ])("%s, %s", async (dtype, _, target) => {
    for (const module of modulesOf(dtype, target)) {
      // In one arena with what is written, what is only read is writable too, and gives control flow no promise.
      const writable = { ...module, bindings: module.bindings.map((binding) => ({ ...binding, isWritten: true })) };
      for (const variant of [module, writable]) {
        const code = printWgsl(variant);
        device.pushErrorScope("validation");
        const shader = device.createShaderModule({ code });
        const { messages } = await shader.getCompilationInfo();
        await device.popErrorScope();
        const [fault] = messages.filter(({ type }) => type === "error");
        if (fault !== undefined) expect.fail(`${fault.message}\n${code.split("\n")[fault.lineNum - 1]}`);
        await device.createComputePipelineAsync({ layout: "auto", compute: { module: shader } });
      }
    }
  });
});
