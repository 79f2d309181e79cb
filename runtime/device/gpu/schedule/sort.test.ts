/**
 * @file Sorts on the interpreter of the kernel IR, against the reference bit for bit: lines that share a workgroup, lines of one block, and lines of
 * many runs, for GPUs with little and with much shared memory. What every device must do with sorts is in `tests/conformance`.
 */
import { describe, expect, it } from "vitest";
import { expectSameBits, runOnce } from "../../../../tests/conformance/compare.ts";
import { Sketch } from "../../../../tests/conformance/sketch.ts";
import { interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import type { Access } from "../../../program/kernel.ts";
import { openDevice } from "../../reference/index.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleSort } from "./sort.ts";

const reference = openDevice();
const target = syntheticTarget();
const withLimits = (limits: Partial<GpuTarget["limits"]>): GpuTarget =>
  syntheticTarget({ limits: { ...target.limits, ...limits } });

/** Both directions. */
function sorts(s: Sketch, domain: readonly number[], input: Access): Sketch {
  const dtype = s.buffers[input.buffer]?.dtype as DType;
  for (const descending of [false, true]) {
    const [values, indices] = [s.output(domain, dtype), s.output(domain, "i32")];
    s.push({ kind: "sort", label: "sort", descending, domain, input, values, indices });
  }
  return s;
}

/** Gives the dispatches of each sort. */
async function check(s: Sketch, gpu: GpuTarget = target): Promise<readonly number[]> {
  const want = await runOnce(await reference, s, "sort");
  const { outputs, scheduled } = interpretProgram(s.program("sort"), s.inputs, gpu, (kernel, context) => {
    if (kernel.kind !== "sort") throw new TypeError(`no ${kernel.kind} in these tests`);
    return scheduleSort(kernel, context);
  });
  expectSameBits(outputs, want, "the sort");
  return scheduled.map(({ dispatches }) => dispatches.length);
}

describe("one dispatch", () => {
  it.each<[string, readonly number[]]>([
    ["one element", [1]],
    ["lines of one element", [5, 1]],
    ["pairs", [700, 2]],
    ["lines that share workgroups", [41, 3, 7]],
    ["powers of two", [9, 64]],
    ["a line per workgroup", [3, 1000]],
    ["the longest block", [1, 4096]],
  ])("%s", async (_, domain) => {
    const s = new Sketch(600);
    expect(await check(sorts(s, domain, s.input(domain)))).toEqual([1, 1]);
  });

  it.each<DType>(["i32", "bool", "f16", "bf16"])("%s", async (dtype) => {
    const s = new Sketch(601);
    await check(sorts(s, [6, 150], s.input([6, 150], dtype)));
  });

  it("f16 where the adapter has none", async () => {
    const s = new Sketch(602);
    await check(sorts(s, [2, 100], s.input([2, 100], "f16")), syntheticTarget({ f16: false }));
  });

  it("the extremes of i32", async () => {
    const s = new Sketch(603);
    const values = [2 ** 31 - 1, 0, -(2 ** 31), -1, 2 ** 31 - 1, 1, -(2 ** 31)];
    await check(sorts(s, [7], s.set(s.input([7], "i32"), values)));
  });

  it("zeros, infinities, NaN and subnormals", async () => {
    const s = new Sketch(604);
    const values = [0, -0, Infinity, NaN, -Infinity, 1e-45, -1e-45, -0, 0, NaN, Infinity, 3e38, -3e38];
    await check(sorts(s, [13], s.set(s.input([13]), values)));
  });
});

describe("runs", () => {
  it.each<[string, readonly number[], Partial<GpuTarget["limits"]>, number]>([
    ["two runs", [2, 2500], { sharedBytes: 16_384 }, 2],
    ["one merge of eight", [3, 1000], { sharedBytes: 1024 }, 2],
    ["a short last run", [5, 1025], { sharedBytes: 1024 }, 3],
    ["three merges, few invocations", [2, 1500], { sharedBytes: 160, invocations: 32 }, 4],
    ["a grid of two axes", [2, 3000], { sharedBytes: 2048, workgroups: 5 }, 3],
  ])("%s", async (_, domain, limits, dispatches) => {
    const s = new Sketch(610);
    expect(await check(sorts(s, domain, s.input(domain)), withLimits(limits))).toEqual([dispatches, dispatches]);
  });

  it("equal elements keep their order across runs", async () => {
    const s = new Sketch(611);
    const values = Array.from({ length: 2 * 900 }, (_, i) => (i * 7) % 5);
    await check(sorts(s, [2, 900], s.set(s.input([2, 900], "i32"), values)), withLimits({ sharedBytes: 512 }));
  });

  it("elements with the largest and the smallest key", async () => {
    const s = new Sketch(612);
    const values = Array.from({ length: 500 }, (_, i) => (i % 3 === 0 ? 2 ** 31 - 1 : -(2 ** 31)));
    await check(sorts(s, [500], s.set(s.input([500], "i32"), values)), withLimits({ sharedBytes: 512 }));
  });

  it("strided and backward lines", async () => {
    const s = new Sketch(613);
    const input: Access = { buffer: s.add("input", "f32", [700 * 3 + 2]), offset: 700 * 3 + 1, strides: [-1, -3] };
    await check(sorts(s, [3, 700], input), withLimits({ sharedBytes: 512 }));
  });

  it("a vocabulary of 150,000 takes four dispatches", () => {
    const s = new Sketch(614);
    const [values, indices] = [s.output([150_000]), s.output([150_000], "i32")];
    const input = s.whole(s.add("temp", "f32", [150_000]));
    const { scratch, dispatches } = scheduleSort(
      { kind: "sort", label: "sort", descending: true, domain: [150_000], input, values, indices },
      { target, buffers: s.buffers, memoryOf: String, placeOf: (id) => ({ heap: String(id), offset: 0 }) },
    );
    expect([dispatches.length, scratch.length]).toEqual([4, 4]);
  });
});
