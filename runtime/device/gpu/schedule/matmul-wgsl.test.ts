/** @file What software drivers cannot run (16-bit floats, matrix units) is at least WGSL that Dawn accepts: its back end `null` validates and computes nothing. */
import { beforeAll, describe, expect, it } from "vitest";
import { Sketch } from "../../../../tests/conformance/sketch.ts";
import { contextFor, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import { openHost } from "../../webgpu/host.ts";
import { printWgsl } from "../../webgpu/wgsl.ts";
import type { Module } from "../ir.ts";
import type { GpuTarget, MatrixUnit } from "../target.ts";
import { scheduleMatmul } from "./matmul.ts";

process.env["FGC_DAWN_FLAGS"] = "backend=null";
const host = await openHost().catch((error: Error) => error.message);
if (typeof host === "string") console.warn(`skipped: ${host}`);

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly dtype: DType;
  readonly transposed: boolean;
}

/** C = A·Bᵀ or Aᵀ·B, with a residual and results in both f32 and the operands' dtype. */
function modulesOf({ m, n, k, dtype, transposed }: Case, target: GpuTarget): readonly Module[] {
  const s = new Sketch(1);
  const [a, b] = [s.input([m, k], dtype), s.input([k, n], dtype)];
  s.push({
    kind: "matmul",
    label: "product",
    batch: [],
    m,
    n,
    k,
    a: {
      buffer: a.buffer,
      offset: 0,
      ...(transposed ? { rowStride: 1, colStride: m } : { rowStride: k, colStride: 1 }),
      batchStrides: [],
    },
    b: {
      buffer: b.buffer,
      offset: 0,
      ...(transposed ? { rowStride: n, colStride: 1 } : { rowStride: 1, colStride: k }),
      batchStrides: [],
    },
    inputs: [s.input([m, n], dtype)],
    epilogue: [
      { op: "load", access: 0, dtype: "f32" },
      { op: "binary", fn: "add", a: 0, b: 1 },
    ],
    outputs: [
      { access: s.output([m, n]), value: 2 },
      { access: s.output([m, n], dtype), value: 2 },
    ],
  });
  const [kernel] = s.kernels;
  if (kernel?.kind !== "matmul") throw new TypeError("a product is wanted");
  return scheduleMatmul(kernel, contextFor(s.program("product"), target)).dispatches.map(({ module }) => module);
}

const unit = (m: number, n: number, k: number, input: "f16" | "f32"): MatrixUnit => ({ m, n, k, input, result: "f32" });
const limits = { sharedBytes: 16_384, invocations: 256, bindings: 8, workgroups: 65_535 };

describe.skipIf(typeof host === "string")("WGSL of products", () => {
  let device: GPUDevice;

  beforeAll(async () => {
    if (typeof host === "string") return;
    const adapter = (await host.gpu.requestAdapter()) as GPUAdapter;
    const wanted = [
      "shader-f16",
      "subgroups",
      "subgroup-size-control",
      "chromium-experimental-subgroup-matrix",
    ] as GPUFeatureName[];
    device = await adapter.requestDevice({ requiredFeatures: wanted.filter((name) => adapter.features.has(name)) });
  });

  async function validate(module: Module): Promise<void> {
    const code = printWgsl(module);
    device.pushErrorScope("validation");
    const shader = device.createShaderModule({ code });
    const { messages } = await shader.getCompilationInfo();
    await device.popErrorScope();
    const [fault] = messages.filter(({ type }) => type === "error");
    if (fault !== undefined) expect.fail(`${fault.message}\n${code.split("\n")[fault.lineNum - 1]}`);
    if (module.uses.matrixUnits) return; // Dawn makes a pipeline only for configurations that the adapter lists.
    await device.createComputePipelineAsync({ layout: "auto", compute: { module: shader } });
  }

  const sizes = [
    { m: 256, n: 256, k: 128 },
    { m: 77, n: 130, k: 50 },
    { m: 3, n: 500, k: 700 },
    { m: 200, n: 5, k: 700 },
    { m: 40, n: 40, k: 3000 },
    { m: 100, n: 100, k: 3 },
  ];
  const kinds: readonly (readonly [string, DType, readonly MatrixUnit[]])[] = [
    ["f32", "f32", []],
    ["f16", "f16", []],
    ["bf16", "bf16", []],
    ["f16 on 16×16×16", "f16", [unit(16, 16, 16, "f16")]],
    ["f16 on 16×8×16", "f16", [unit(16, 8, 16, "f16")]],
    ["f32 on 8×8×8", "f32", [unit(8, 8, 8, "f32")]],
  ];
  const widths = [
    { min: 32, max: 32 },
    { min: 16, max: 32, isFixable: true },
  ];
  it.each(kinds)("%s", async (_, dtype, matrixUnits) => {
    for (const size of sizes)
      for (const [transposed, subgroups] of [false, true].map((is, i) => [is, widths[i]] as const)) {
        const modules = modulesOf(
          { ...size, dtype, transposed },
          syntheticTarget({ limits, matrixUnits, ...(subgroups && { subgroups }) }),
        );
        for (const module of modules) await validate(module);
      }
  });
});
