/** @file Attention in 16 bits and over wide subgroups, which software drivers lack, is WGSL that Dawn accepts: its back end `null` validates and computes nothing. */
import { beforeAll, describe, expect, it } from "vitest";
import { Sketch } from "../../../../tests/conformance/sketch.ts";
import { contextFor, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import type { Access, AttentionDims, AttentionKernel } from "../../../program/kernel.ts";
import { openHost } from "../../webgpu/host.ts";
import { printWgsl } from "../../webgpu/wgsl.ts";
import type { Module } from "../ir.ts";
import type { GpuTarget, MatrixUnit } from "../target.ts";
import { scheduleKernel } from "./index.ts";

process.env["FGC_DAWN_FLAGS"] = "backend=null";
const host = await openHost().catch((error: Error) => error.message);
if (typeof host === "string") console.warn(`skipped: ${host}`);

/** Every option at once. */
function modulesOf(dims: AttentionDims, dtype: DType, target: GpuTarget): readonly Module[] {
  const s = new Sketch(1);
  const { batch, heads, kvHeads, queries, keys, headDim } = dims;
  const head = (kind: "temp" | "output", h: number, t: number): Access =>
    s.whole(s.add(kind, dtype, [batch, h, t, headDim]));
  const [q, k, v] = [head("temp", heads, queries), head("temp", kvHeads, keys), head("temp", kvHeads, keys)];
  const common: AttentionKernel = {
    kind: "attention",
    label: "attention",
    dims,
    scale: 0.125,
    masking: { causal: true, window: 100 },
    ...{ q, k, v, out: head("output", heads, queries), lse: s.output([batch, heads, queries]) },
    mask: { ...s.temp([queries, keys], "bool"), strides: [0, 0, keys, 1] },
    firstKey: { ...s.temp([queries], "i32"), strides: [0, 0, 1, 0] },
    slopes: s.temp([heads]),
    kvLength: s.scalar(keys),
  };
  s.push(common, {
    ...common,
    kind: "attentionBackward",
    dout: head("temp", heads, queries),
    ...{ dq: head("output", heads, queries), dk: head("output", kvHeads, keys), dv: head("output", kvHeads, keys) },
    dslopes: s.output([heads]),
  });
  const context = contextFor(s.program("attention"), target);
  return s.kernels.flatMap((kernel) => scheduleKernel(kernel, context).dispatches.map(({ module }) => module));
}

const unit = (m: number, n: number, k: number): MatrixUnit => ({ m, n, k, input: "f16", result: "f32" });
const limits = { sharedBytes: 16_384, invocations: 256, bindings: 8, workgroups: 65_535 };

describe.skipIf(typeof host === "string")("WGSL of attention", () => {
  let device: GPUDevice;

  beforeAll(async () => {
    if (typeof host === "string") return;
    const adapter = (await host.gpu.requestAdapter()) as GPUAdapter;
    const wanted = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"] as GPUFeatureName[];
    device = await adapter.requestDevice({ requiredFeatures: wanted.filter((name) => adapter.features.has(name)) });
  });

  async function validate(module: Module): Promise<void> {
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
      // Dawn makes a pipeline only for configurations that the adapter lists.
      if (module.uses.matrixUnits) continue;
      await device.createComputePipelineAsync({ layout: "auto", compute: { module: shader } });
    }
  }

  const dims = (queries: number, keys: number, headDim: number): AttentionDims => ({
    ...{ batch: 64, heads: 4, kvHeads: 2 },
    ...{ queries, keys, headDim },
  });
  const shapes = [dims(130, 150, 64), dims(40, 40, 20), dims(30, 30, 7), dims(1, 5000, 64), dims(5, 40, 128)];
  const { subgroups: _, ...plain } = syntheticTarget({ limits });
  it.each<[string, DType, GpuTarget]>([
    ["f32", "f32", plain],
    ["f16", "f16", plain],
    ["bf16", "bf16", plain],
    ["f32 over subgroups", "f32", syntheticTarget({ limits })],
    ["f16 over subgroups", "f16", syntheticTarget({ limits })],
    ["f16 on matrix units", "f16", syntheticTarget({ limits, matrixUnits: [unit(16, 16, 16)] })],
    ["f16 on small matrix units", "f16", syntheticTarget({ limits, matrixUnits: [unit(8, 8, 8)] })],
  ])("%s", async (_name, dtype, target) => {
    for (const shape of shapes) for (const module of modulesOf(shape, dtype, target)) await validate(module);
  });
});
