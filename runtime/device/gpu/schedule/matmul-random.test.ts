/** @file Products drawn from seeds, in any layout and type, for GPUs drawn from seeds, on the interpreter: what nobody thought of. */
import { expect, it } from "vitest";
import { expectNear, runOnce } from "../../../../tests/conformance/compare.ts";
import { binary, type Draws, load, Sketch, unary } from "../../../../tests/conformance/sketch.ts";
import { interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import { contiguousStrides, sizeOf } from "../../../program/dtype.ts";
import type { Access, MatmulKernel, MatrixAccess } from "../../../program/kernel.ts";
import { openDevice } from "../../reference/index.ts";
import type { GpuTarget, MatrixUnit } from "../target.ts";
import { scheduleKernel } from "./index.ts";

const reference = openDevice();
const seeds = 60;

type FloatType = "f32" | "f16" | "bf16";
const drawType = (d: Draws): FloatType => d.pick(["f32", "f32", "f16", "bf16"]);

/** Transposed or not, with gaps between lines and elements, anywhere in its buffer, one for all batch entries or one for each. */
function drawMatrix(s: Sketch, batch: readonly number[], rows: number, cols: number, dtype: FloatType): MatrixAccess {
  const d = s.draws;
  const isTransposed = d.int(0, 1) === 1;
  const step = d.int(0, 9) === 0 ? 2 : 1;
  const offset = d.pick([0, 0, 4, 3]);
  const [lines, length] = isTransposed ? [cols, rows] : [rows, cols];
  const pitch = length * step + d.pick([0, 0, 1, 4]);
  const isShared = d.int(0, 2) === 0;
  const size = lines * pitch;
  return {
    buffer: s.add("input", dtype, [offset + (isShared ? 1 : sizeOf(batch)) * size]),
    offset,
    rowStride: isTransposed ? step : pitch,
    colStride: isTransposed ? pitch : step,
    batchStrides: contiguousStrides(batch).map((stride) => (isShared ? 0 : stride * size)),
  };
}

/** Rows or columns side by side. */
function drawOutput(s: Sketch, domain: readonly number[]): Access {
  const access = s.output(domain, s.draws.pick(["f32", "f32", "f16"]));
  if (s.draws.int(0, 3) > 0) return access;
  const [m] = domain.slice(-2) as [number, number];
  return { ...access, strides: [...access.strides.slice(0, -2), 1, m] };
}

function drawCode(s: Sketch, domain: readonly number[]): Pick<MatmulKernel, "inputs" | "epilogue" | "outputs"> {
  const plain = { inputs: [], epilogue: [], outputs: [{ access: drawOutput(s, domain), value: 0 }] };
  const weight = s.draws.pick(["none", "light", "heavy"]);
  if (weight === "none") return plain;
  const bias = { ...s.input(domain.slice(-1)), strides: domain.map((_, i) => (i === domain.length - 1 ? 1 : 0)) };
  const inputs = [s.input(domain), bias];
  const light = [load(0), load(1), binary("add", 0, 2), binary("mul", 3, 1)];
  if (weight === "light") return { inputs, epilogue: light, outputs: [{ access: drawOutput(s, domain), value: 4 }] };
  const epilogue = [...light, unary("tanh", 4), unary("erf", 5), unary("sigmoid", 6), unary("exp", 7)];
  return { inputs, epilogue, outputs: [...plain.outputs, { access: s.output(domain), value: 8 }] };
}

function drawProduct(seed: number): Sketch {
  const s = new Sketch(seed);
  const d = s.draws;
  const extent = (): number => d.int(1, d.pick([2, 9, 20, 70, 140]));
  const [m, n, k] = [extent(), extent(), d.int(1, d.pick([4, 20, 100, 700]))];
  const batch = d.pick<readonly number[]>([[], [], [2], [3, 2], [1], [2, 1, 2]]);
  const left = drawType(d);
  const right = d.int(0, 2) > 0 ? left : drawType(d);
  const [a, b] = [drawMatrix(s, batch, m, k, left), drawMatrix(s, batch, k, n, right)];
  const code = drawCode(s, [...batch, m, n]);
  return s.push({ kind: "matmul", label: "product", batch, m, n, k, a, b, ...code });
}

function drawTarget(d: Draws): GpuTarget {
  const sizes = [
    [16, 16, 16],
    [16, 8, 16],
    [8, 8, 8],
    [8, 16, 16],
  ] as const;
  const [m, n, k] = d.pick(sizes);
  const unit: MatrixUnit = { m, n, k, input: d.pick(["f16", "f32"]), result: "f32" };
  return syntheticTarget({
    f16: d.int(0, 3) > 0,
    matrixUnits: d.int(0, 1) === 1 ? [unit] : [],
    subgroups: d.pick<NonNullable<GpuTarget["subgroups"]>>([
      { min: 32, max: 32 },
      { min: 4, max: 4 },
      { min: 16, max: 32, isFixable: true },
      { min: 8, max: 32 },
    ]),
    limits: {
      sharedBytes: d.pick([16_384, 32_768, 49_152]),
      invocations: d.pick([256, 1024]),
      bindings: d.pick([4, 8, 12]),
      workgroups: d.pick([65_535, 3, 7]),
    },
  });
}

it.each(Array.from({ length: seeds }, (_, seed) => seed))("seed %i", async (seed) => {
  const s = drawProduct(seed);
  const target = drawTarget(s.draws);
  const want = await runOnce(await reference, s, "product");
  const { outputs, scheduled } = interpretProgram(s.program("product"), s.inputs, target, scheduleKernel);
  expectNear(outputs, want, s, "product");
  for (const { module } of scheduled.flatMap(({ dispatches }) => dispatches)) {
    const bytes = ({ scalar }: { readonly scalar: string }): number => (scalar === "f16" ? 2 : 4);
    const shared = module.shared.reduce((sum, { type, length }) => sum + length * type.width * bytes(type), 0);
    expect(shared).toBeLessThanOrEqual(target.limits.sharedBytes);
    expect(module.workgroupSize).toBeLessThanOrEqual(target.limits.invocations);
  }
});
