/** @file Batches: which kernels go together, and that they compute what they compute one by one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNear, expectSameBits, runOnce, runTwice } from "../../../tests/conformance/compare.ts";
import { binary, index, load, Sketch, unary } from "../../../tests/conformance/sketch.ts";
import { gpuSkipReason } from "../../../tests/support/gpu.ts";
import { syntheticTarget } from "../../../tests/support/gpu-interpreted.ts";
import type { Access } from "../../program/kernel.ts";
import type { Program } from "../../program/program.ts";
import type { Device } from "../device.ts";
import { openDevice as openReference } from "../reference/index.ts";
import { openDevice } from "../webgpu/index.ts";
import { batchKernels, scheduleBatch } from "./batch.ts";
import type { ScheduleContext } from "./target.ts";

/** All kernels in one stage. */
class OneStage extends Sketch {
  override program(name: string): Program {
    const program = super.program(name);
    return { ...program, stages: program.kernels.map(() => 0) };
  }
}

/** An optimizer's update of tensors of these sizes: two results, one operand that all of them share. */
function updates(sizes: readonly number[]): Sketch {
  const s = new OneStage(1);
  const rate: Access = { ...s.input([1]), strides: [0] };
  for (const n of sizes) {
    const [x, g] = [s.input([n]), s.input([n])];
    const body = [load(0), load(1), load(2), binary("mul", 1, 2), binary("sub", 0, 3), index(0), unary("abs", 3)];
    s.loop([n], [x, g, rate], body, { 4: s.output([n]), 5: s.output([n], "i32"), 6: s.output([n]) });
  }
  return s;
}

const sizes = [4096, 1000, 70_001, 128, 5, 333, 6, 65_536];

/** One heap for each kind of buffer. */
function contextFor({ buffers }: Sketch): ScheduleContext {
  const places = new Map<number, { heap: string; offset: number }>();
  const ends = new Map<string, number>();
  for (const { id, kind, shape } of buffers) {
    const offset = ends.get(kind) ?? 0;
    places.set(id, { heap: kind, offset });
    ends.set(kind, offset + Math.ceil(shape.reduce((size, extent) => size * extent, 4) / 256) * 256);
  }
  const placeOf = (id: number) => places.get(id) as { heap: string; offset: number };
  return {
    target: syntheticTarget(),
    buffers,
    placeOf,
    memoryOf: (id) => `${placeOf(id).heap}+${placeOf(id).offset}`,
  };
}

describe("groups", () => {
  it("join equal code over vectors, and equal code over single elements", () => {
    const s = updates(sizes);
    const groups = batchKernels(s.program("updates"), contextFor(s));
    expect(groups.map((group) => group.map((kernel) => (kernel.kind === "loop" ? kernel.domain[0] : 0)))).toEqual([
      [4096, 1000, 70_001, 128, 333, 65_536],
      [5, 6],
    ]);
  });

  it("keep stages apart", () => {
    const s = updates([64, 64, 64]);
    const program = { ...s.program("updates"), stages: [0, 0, 1] };
    expect(batchKernels(program, contextFor(s)).map((group) => group.length)).toEqual([2, 1]);
  });

  it("have a text that tells neither how many they are nor where their buffers lie", () => {
    const module = (list: readonly number[]) => {
      const s = updates(list);
      const [group = []] = batchKernels(s.program("updates"), contextFor(s));
      return scheduleBatch(group, contextFor(s)).dispatches[0]?.module;
    };
    expect(module([64, 128, 256])).toEqual(module([1000, 72]));
  });
});

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("batches on the software adapter", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ adapter: "software" });
  });
  afterAll(() => device.close());

  it("compute what the reference computes, kernel by kernel", async () => {
    const s = updates(sizes);
    const [first, second] = await runTwice(device, s, "updates");
    expectNear(first, await runOnce(await openReference(), s, "updates"), s, "elementwise");
    expectSameBits(second, first, "the second run");
  });
});
