/**
 * @file Running sums on GPUs: lines of all lengths, cut into parts or not, views and storage types, on the interpreter of the kernel IR (which takes races,
 * missing barriers and indices out of range for errors) and, where there is one, on the software adapter, against the reference.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNear, expectSameBits, runOnce, runTwice } from "../../../../tests/conformance/compare.ts";
import { Sketch } from "../../../../tests/conformance/sketch.ts";
import { gpuSkipReason } from "../../../../tests/support/gpu.ts";
import { interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import { contiguousStrides, type DType, sizeOf } from "../../../program/dtype.ts";
import type { Access } from "../../../program/kernel.ts";
import type { Device, TypedArray } from "../../device.ts";
import { openDevice } from "../../reference/index.ts";
import { chooseAdapter } from "../../webgpu/adapter.ts";
import { openHost } from "../../webgpu/host.ts";
import { openAdapter } from "../../webgpu/open.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleKernel } from "./index.ts";

interface Spec {
  readonly domain: readonly number[];
  readonly dtype?: DType;
  /** Of the result, if another. */
  readonly to?: DType;
  /** One tensor each; lines side by side; with gaps, from an odd element on; backwards; one element for the whole line. */
  readonly layout?: "plain" | "columns" | "odd" | "backwards" | "broadcast";
}

function sketchOf({ domain, dtype = "f32", to = dtype, layout = "plain" }: Spec): Sketch {
  const s = new Sketch(11);
  const access = (kind: "input" | "output", type: DType): Access => {
    if (layout === "odd") {
      const window = s.window(kind, domain, 3, 2, type);
      return kind === "output" ? s.prefilled(window) : window;
    }
    const plain = s.whole(s.add(kind, type, domain));
    const { strides } = plain;
    if (layout === "backwards")
      return { ...plain, offset: sizeOf(domain) - 1, strides: strides.map((stride) => -stride) };
    if (layout === "columns") return { ...plain, strides: [...contiguousStrides([...domain].reverse())].reverse() };
    if (layout === "broadcast" && kind === "input")
      return { ...plain, strides: strides.map((stride, axis) => (axis === domain.length - 1 ? 0 : stride)) };
    return kind === "output" ? s.prefilled(plain) : plain;
  };
  const [input, output] = [access("input", dtype), access("output", to)];
  return s.push({ kind: "cumsum", label: "cumsum", domain, input, output });
}

const specs: Readonly<Record<string, Spec>> = {
  "one element": { domain: [1] },
  "lines of one element": { domain: [70, 1] },
  "short lines": { domain: [3, 7, 5] },
  "lines of a multiple of four": { domain: [130, 8] },
  "a small workgroup's lines": { domain: [5, 17] },
  "a few elements each": { domain: [4, 260] },
  "two chunks and a rest": { domain: [2, 2051] },
  "chunks that end together": { domain: [2, 2048] },
  "long lines in parts": { domain: [2, 20_000] },
  "one long line in parts, of odd length": { domain: [30_003] },
  "many short lines side by side": { domain: [1100, 40], layout: "columns" },
  "few lines side by side": { domain: [3, 200], layout: "columns" },
  "gaps and odd offsets": { domain: [3, 5, 100], layout: "odd" },
  backwards: { domain: [3, 300], layout: "backwards" },
  "backwards, short": { domain: [3, 15], layout: "backwards" },
  "one element for a line": { domain: [3, 100], layout: "broadcast" },
  "i32 beyond 2^24": { domain: [3, 1001], dtype: "i32" },
  "i32 in parts": { domain: [20_000], dtype: "i32" },
  "counts of true": { domain: [3, 500], dtype: "bool", to: "i32" },
  "counts of true in short lines": { domain: [30, 5], dtype: "bool", to: "i32" },
  "i32 to f32": { domain: [30, 50], dtype: "i32", to: "f32" },
  f16: { domain: [3, 64], dtype: "f16", to: "f32" },
  "bf16 in, f16 out": { domain: [3, 63], dtype: "bf16", to: "f16" },
};

const limits = { sharedBytes: 16_384, invocations: 256, bindings: 8, workgroups: 65_535 };
const targets: Readonly<Record<string, GpuTarget>> = {
  "subgroups of 32": syntheticTarget({ limits }),
  "subgroups of 4 to 64": syntheticTarget({ limits, subgroups: { min: 4, max: 64 } }),
  "subgroups of 64": syntheticTarget({ limits, subgroups: { min: 64, max: 64 } }),
  "no subgroups, no f16, small workgroups and grids": {
    limits: { ...limits, invocations: 64, workgroups: 20 },
    f16: false,
    matrixUnits: [],
  },
};

const reference = openDevice();

/** Sums of i32 that f32 could not hold. */
function prepared(spec: Spec): Sketch {
  const sketch = sketchOf(spec);
  for (const values of sketch.inputs.values())
    if (spec.dtype === "i32" && spec.to === undefined) for (let i = 0; i < values.length; i++) scale(values, i);
  return sketch;
}

function scale(values: TypedArray, at: number): void {
  values[at] = (values[at] as number) * 90_000_001;
}

describe.each(Object.entries(specs))("cumsum: %s", (name, spec) => {
  it.each(Object.entries(targets))("%s", async (_, target) => {
    const sketch = prepared(spec);
    const { outputs, scheduled } = interpretProgram(sketch.program(name), sketch.inputs, target, scheduleKernel);
    const want = await runOnce(await reference, sketch, name);
    expectNear(outputs, want, sketch, "reduction");
    if (spec.dtype === "i32" && spec.to === undefined) expectSameBits(outputs, want, "integers");
    for (const { module, operands, grid } of scheduled.flatMap(({ dispatches }) => dispatches)) {
      const shared = module.shared.reduce((sum, { type, length }) => sum + length * type.width * 4, 0);
      expect(shared).toBeLessThanOrEqual(limits.sharedBytes);
      expect(operands.length).toBeLessThanOrEqual(target.limits.bindings);
      expect(Math.max(...grid)).toBeLessThanOrEqual(target.limits.workgroups);
    }
  });
});

it.each([12, 300, 12_000])("what is not finite spoils nothing in front of it: lines of %i", (length) => {
  const s = new Sketch(1);
  const at = Math.floor(length * 0.7);
  const input = s.input([2, length]);
  const data = s.inputs.get(`b${input.buffer}`) as Float32Array;
  data[at] = Number.NaN;
  data[length + at] = Number.POSITIVE_INFINITY;
  s.push({ kind: "cumsum", label: "cumsum", domain: [2, length], input, output: s.output([2, length]) });
  for (const target of Object.values(targets)) {
    const { outputs } = interpretProgram(s.program("not finite"), s.inputs, target, scheduleKernel);
    const [sums] = [...outputs.values()] as [TypedArray];
    const [nan, infinite] = [sums.slice(0, length), sums.slice(length)];
    expect(nan.findIndex((value) => Number.isNaN(value))).toBe(at);
    expect(nan.slice(at).every((value) => Number.isNaN(value))).toBe(true);
    expect(infinite.findIndex((value) => !Number.isFinite(value))).toBe(at);
    expect(infinite.slice(at).every((value) => value === Number.POSITIVE_INFINITY)).toBe(true);
  }
});

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("cumsum on the software adapter", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openAdapter(await chooseAdapter(await openHost(), "software"));
  });
  afterAll(() => device.close());

  const long: Readonly<Record<string, Spec>> = { "1,000,003 elements": { domain: [1_000_003] } };
  it.each(Object.entries({ ...specs, ...long }))("%s", async (name, spec) => {
    const sketch = prepared(spec);
    const [got, again] = await runTwice(device, sketch, name);
    expectNear(got, await runOnce(await reference, sketch, name), sketch, "reduction");
    expectSameBits(again, got, "the second run");
  });

  it.each([
    [300, 8],
    [300, 40],
    [2, 20_000],
  ])("in place: [%i, %i]", async (rows, length) => {
    const s = new Sketch(3);
    const domain = [rows, length];
    const [input, before, after, output] = [s.input(domain), s.temp(domain), s.temp(domain), s.output(domain)];
    const load = { op: "load", access: 0, dtype: "f32" } as const;
    s.loop(domain, [input], [load], { 0: before });
    s.push({ kind: "cumsum", label: "cumsum", domain, input: before, output: after });
    s.loop(domain, [after], [load], { 0: output });
    const [got] = await runTwice(device, s, "in place");
    expectNear(got, await runOnce(await reference, s, "in place"), s, "reduction");
  });
});
