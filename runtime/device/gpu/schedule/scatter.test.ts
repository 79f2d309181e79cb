/**
 * @file Scatter-add on GPUs: buckets, tiles and runs of all sizes, views and storage types, on the interpreter of the kernel IR (which takes races, missing
 * barriers and indices out of range for errors) and, where there is one, on the software adapter, against the reference; sums in the order of the entries.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNear, expectSameBits, runOnce, runTwice } from "../../../../tests/conformance/compare.ts";
import { Sketch } from "../../../../tests/conformance/sketch.ts";
import { gpuSkipReason } from "../../../../tests/support/gpu.ts";
import { interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import type { Access } from "../../../program/kernel.ts";
import type { Device } from "../../device.ts";
import { openDevice } from "../../reference/index.ts";
import { chooseAdapter } from "../../webgpu/adapter.ts";
import { openHost } from "../../webgpu/host.ts";
import { openAdapter } from "../../webgpu/open.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleKernel } from "./index.ts";

interface Spec {
  readonly rows: number;
  readonly cols: number;
  readonly count: number;
  readonly at: (i: number) => number;
  readonly dtype?: DType;
  /** One tensor each; the source by columns; everything with gaps, from an odd element on; one source row for all; both backwards. */
  readonly layout?: "plain" | "columns" | "odd" | "broadcast" | "backwards";
}

function sketchOf({ rows, cols, count, at, dtype = "f32", layout = "plain" }: Spec): Sketch {
  const s = new Sketch(7);
  const step = layout === "odd" ? 3 : 1;
  const indices = s.set(
    s.input([Math.max(1, count * step)], "i32"),
    Array.from({ length: count * step }, (_, i) => at(Math.floor(i / step))),
  );
  const index: Access = { ...indices, strides: [step] };
  const matrix = (kind: "input" | "output", height: number): Access => {
    const plain = { buffer: s.buffers.length, offset: 0, strides: [cols, 1] };
    if (layout === "odd") {
      const access = { ...plain, offset: 3, strides: [cols + 1, 1] };
      s.add(kind, dtype, [3 + height * (cols + 1)]);
      return kind === "output" ? s.prefilled(access) : access;
    }
    s.add(kind, dtype, [Math.max(1, height * cols)]);
    if (layout === "backwards") return { ...plain, offset: height * cols - 1, strides: [-cols, -1] };
    if (kind === "output") return s.prefilled(plain);
    if (layout === "columns") return { ...plain, strides: [1, height] };
    return layout === "broadcast" ? { ...plain, strides: [0, 1] } : plain;
  };
  const [src, out] = [matrix("input", count), matrix("output", rows)];
  return s.push({ kind: "scatterAdd", label: "scatter", rows, cols, count, index, src, out });
}

const mixed = (rows: number) => (i: number) => ((i * 7919 + (i >> 3)) % (rows + 3)) - 1;

const specs: Readonly<Record<string, Spec>> = {
  "a few rows, four columns at a time": { rows: 5, cols: 8, count: 90, at: mixed(5) },
  "columns that are no multiple of four": { rows: 40, cols: 5, count: 300, at: mixed(40) },
  "one row": { rows: 1, cols: 4, count: 700, at: () => 0 },
  "many entries of few rows: several tiles": { rows: 3, cols: 1, count: 1500, at: (i) => i % 4 },
  "buckets of two rows, the last one short": { rows: 259, cols: 2, count: 400, at: mixed(259) },
  "buckets of many rows": { rows: 66_000, cols: 1, count: 200, at: (i) => (i * i * 331) % 66_000 },
  "buckets of more rows than a workgroup has invocations": {
    rows: 140_003,
    cols: 1,
    count: 30,
    at: (i) => 140_002 - i,
  },
  "nothing inside": { rows: 6, cols: 4, count: 20, at: (i) => (i % 2 === 0 ? -1 - i : 6 + i) },
  "the ends of i32": { rows: 6, cols: 4, count: 20, at: (i) => [2 ** 31 - 1, -(2 ** 31), 5, 0][i % 4] as number },
  "no entries": { rows: 6, cols: 5, count: 0, at: () => 0 },
  f16: { rows: 9, cols: 12, count: 60, at: mixed(9), dtype: "f16" },
  bf16: { rows: 9, cols: 12, count: 60, at: mixed(9), dtype: "bf16" },
  i32: { rows: 9, cols: 12, count: 60, at: mixed(9), dtype: "i32" },
  "the source by columns": { rows: 9, cols: 12, count: 60, at: mixed(9), layout: "columns" },
  "gaps and odd offsets": { rows: 9, cols: 12, count: 60, at: mixed(9), layout: "odd" },
  "one source row for all": { rows: 9, cols: 12, count: 60, at: mixed(9), layout: "broadcast" },
  backwards: { rows: 9, cols: 12, count: 60, at: mixed(9), layout: "backwards" },
};

const limits = { sharedBytes: 16_384, invocations: 256, bindings: 8, workgroups: 65_535 };
const narrow: GpuTarget = { limits: { ...limits, invocations: 64, workgroups: 100 }, f16: false, matrixUnits: [] };
const targets: Readonly<Record<string, GpuTarget>> = {
  "subgroups of 32": syntheticTarget({ limits }),
  "subgroups of 4 to 64": syntheticTarget({ limits, subgroups: { min: 4, max: 64 } }),
  "no subgroups, no f16, small workgroups and grids": narrow,
};

const reference = openDevice();

describe.each(Object.entries(specs))("scatterAdd: %s", (name, spec) => {
  it.each(Object.entries(targets))("%s", async (_, target) => {
    const sketch = sketchOf(spec);
    const { outputs, scheduled } = interpretProgram(sketch.program(name), sketch.inputs, target, scheduleKernel);
    expectNear(outputs, await runOnce(await reference, sketch, name), sketch, "reduction");
    for (const { dispatches } of scheduled)
      for (const { module, operands, grid } of dispatches) {
        const shared = module.shared.reduce((sum, { type, length }) => sum + length * type.width * 4, 0);
        expect(shared).toBeLessThanOrEqual(limits.sharedBytes);
        expect(operands.length).toBeLessThanOrEqual(target.limits.bindings);
        expect(Math.max(...grid)).toBeLessThanOrEqual(target.limits.workgroups);
      }
  });
});

it("adds in the order of the entries", () => {
  const s = new Sketch(1);
  const [rows, cols, count] = [3, 4, 600];
  const index = s.set(
    s.input([count], "i32"),
    Array.from({ length: count }, (_, i) => (i * i) % 3),
  );
  const [src, out] = [s.input([count, cols]), s.output([rows, cols])];
  s.push({ kind: "scatterAdd", label: "scatter", rows, cols, count, index, src, out });
  const want = new Float32Array(rows * cols);
  const terms = s.inputs.get(`b${src.buffer}`) as Float32Array;
  for (let i = 0; i < count; i++)
    for (let j = 0; j < cols; j++) {
      const at = ((i * i) % 3) * cols + j;
      want[at] = (want[at] as number) + (terms[i * cols + j] as number);
    }
  const { outputs } = interpretProgram(s.program("order"), s.inputs, syntheticTarget(), scheduleKernel);
  expect(outputs.get(`b${out.buffer}`)).toEqual(want);
});

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("scatterAdd on the software adapter", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openAdapter(await chooseAdapter(await openHost(), "software"));
  });
  afterAll(() => device.close());

  const large: Readonly<Record<string, Spec>> = {
    "16,384 entries of 2,048 rows": { rows: 2048, cols: 8, count: 16_384, at: (i) => (i * i * 31) % 2100 },
    "a row that has most of 16,384 entries": { rows: 50_257, cols: 4, count: 16_384, at: (i) => (i % 5 ? 220 : i * 3) },
  };
  it.each(Object.entries({ ...specs, ...large }))("%s", async (name, spec) => {
    const sketch = sketchOf(spec);
    const [got, again] = await runTwice(device, sketch, name);
    expectNear(got, await runOnce(await reference, sketch, name), sketch, "reduction");
    expectSameBits(again, got, "the second run");
  });
});
