/**
 * @file Positions of extremes on the interpreter of the kernel IR, against the reference: an invocation, a team, a workgroup and many workgroups per line.
 * What every device must do with them is in `tests/conformance`.
 */
import { describe, expect, it } from "vitest";
import { expectSameBits, runOnce } from "../../../../tests/conformance/compare.ts";
import { perRow, Sketch } from "../../../../tests/conformance/sketch.ts";
import { interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import type { DType } from "../../../program/dtype.ts";
import type { Access } from "../../../program/kernel.ts";
import { openDevice } from "../../reference/index.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleArgReduce } from "./argreduce.ts";

const reference = openDevice();
const { subgroups: _, ...plain } = syntheticTarget();
const targets: readonly (readonly [string, GpuTarget])[] = [
  ["without subgroups", plain],
  ["subgroups of 32", syntheticTarget()],
  ["subgroups of 4", syntheticTarget({ subgroups: { min: 4, max: 4 } })],
  ["small limits", { ...plain, limits: { sharedBytes: 1024, invocations: 32, bindings: 4, workgroups: 3 } }],
];

/** Of the largest and of the smallest. */
function extremes(s: Sketch, domain: readonly number[], input: Access): Sketch {
  for (const op of ["max", "min"] as const) {
    const output = perRow(s.output(domain.slice(0, -1), "i32"), 1);
    s.push({ kind: "argreduce", label: `arg${op}`, op, domain, input, output });
  }
  return s;
}

/** Gives the dispatches of each kernel. */
async function check(s: Sketch, target: GpuTarget): Promise<readonly number[]> {
  const want = await runOnce(await reference, s, "extremes");
  const { outputs, scheduled } = interpretProgram(s.program("extremes"), s.inputs, target, (kernel, context) => {
    if (kernel.kind !== "argreduce") throw new TypeError(`no ${kernel.kind} in these tests`);
    return scheduleArgReduce(kernel, context);
  });
  expectSameBits(outputs, want, "the positions");
  return scheduled.map(({ dispatches }) => dispatches.length);
}

describe.each(targets)("%s", (_name, target) => {
  it.each<[string, readonly number[], number]>([
    ["one element", [1], 1],
    ["tiny lines", [300, 3], 1],
    ["lines of a team", [4, 5, 50], 1],
    ["lines of a workgroup", [3, 3001], 1],
    ["few long lines", [2, 9001], 2],
  ])("%s", async (_case, domain, dispatches) => {
    const s = new Sketch(620);
    expect(await check(extremes(s, domain, s.input(domain)), target)).toEqual([dispatches, dispatches]);
  });

  it("equals: the first", async () => {
    const s = new Sketch(621);
    const values = Array.from({ length: 2 * 8500 }, (_v, i) => (i * 7 + 3) % 5);
    await check(extremes(s, [2, 8500], s.set(s.input([2, 8500]), values)), target);
  });

  it("the smallest i32 only", async () => {
    const s = new Sketch(622);
    const values = new Array<number>(3 * 70).fill(-(2 ** 31));
    await check(extremes(s, [3, 70], s.set(s.input([3, 70], "i32"), values)), target);
  });

  it("NaN before infinities, zeros of both signs alike", async () => {
    const s = new Sketch(623);
    const rows = [
      [1, Infinity, NaN, -Infinity, NaN],
      [-0, 0, -0, 0, -0],
      [0, -0, 0, -0, 0],
      [-Infinity, -Infinity, Infinity, Infinity, 0],
      [1e-45, 0, -1e-45, 1e-45, -1e-45],
    ];
    await check(extremes(s, [5, 5], s.set(s.input([5, 5]), rows.flat())), target);
  });

  it("lines side by side", async () => {
    const s = new Sketch(624);
    const input: Access = { buffer: s.add("input", "f32", [90 * 40]), offset: 0, strides: [1, 40] };
    await check(extremes(s, [40, 90], input), target);
  });

  it.each<DType>(["bool", "f16", "bf16"])("%s", async (dtype) => {
    const s = new Sketch(625);
    await check(extremes(s, [6, 150], s.input([6, 150], dtype)), target);
  });
});
