import { describe, expect, it } from "vitest";
import { accumulator, scheduleAddition } from "../../../tests/support/gpu-program.ts";
import type { Program } from "../../program/program.ts";
import { f32, KernelBuilder, u32 } from "../gpu/build.ts";
import type { GpuTarget } from "../gpu/target.ts";
import { Formats } from "./format.ts";
import { type PlanOptions, planProgram, type ScheduleKernel } from "./plan.ts";

const target: GpuTarget = {
  limits: { sharedBytes: 16384, invocations: 256, bindings: 8, workgroups: 65535 },
  f16: false,
  matrixUnits: [],
};

const options = (changes: Partial<PlanOptions> = {}): PlanOptions => ({
  schedule: scheduleAddition,
  target,
  formats: new Formats(target),
  largestBuffer: 1 << 20,
  stateOf: () => ({ heap: "states0", offset: 512, bytes: 16 }),
  stateHeapBytes: () => 4096,
  ...changes,
});

/** A kernel of one dispatch with these bindings and nothing in it. */
const scheduleBindings =
  (bind: (k: KernelBuilder, context: Parameters<ScheduleKernel>[1]) => readonly number[]): ScheduleKernel =>
  (_, context) => {
    const k = new KernelBuilder(64);
    const scratch = bind(k, context);
    return { dispatches: [{ ...k.finish(), grid: [1, 1, 1] }], scratch };
  };

describe("a plan", () => {
  it("makes all bindings of a heap writable where a kernel writes into it, and no others", () => {
    const { dispatches } = planProgram(accumulator(4), options());
    expect(
      dispatches.map(({ label, signature, places }) => [label, signature, places.map(({ heap }) => heap)]),
    ).toEqual([
      ["sum", "wrr", ["arena0", "inputs0", "states0"]],
      ["keep", "wrr", ["states0", "arena0", "consts0"]],
      ["out", "wrr", ["outputs0", "arena0", "consts0"]],
    ]);
    const inPlace: ScheduleKernel = scheduleBindings((k, context) => {
      k.buffer(context, 2, { isWritten: false });
      k.bind({ kind: "scratch", index: 0 }, f32, { isWritten: true });
      k.bind({ kind: "scratch", index: 1 }, f32, { isWritten: false });
      return [8, 1000];
    });
    const [first] = planProgram(accumulator(4), options({ schedule: inPlace })).dispatches;
    expect(first?.signature).toBe("rww");
    expect(first?.places.slice(1)).toEqual([
      { heap: "scratch0", offset: 0, bytes: 16 },
      { heap: "scratch0", offset: 256, bytes: 1008 },
    ]);
  });

  it("gives equal constants of dispatches one place, and heaps as a whole", () => {
    const schedule: ScheduleKernel = scheduleBindings((k) => {
      for (const words of [[1, 2], [3], [1, 2]]) k.bind({ kind: "data", words }, u32, { isWritten: false });
      k.bind({ kind: "heap", of: 1 }, f32, { isWritten: true });
      return [];
    });
    const { dispatches, constants } = planProgram(accumulator(4), options({ schedule }));
    expect(dispatches[0]?.places).toEqual([
      { heap: "words0", offset: 0, bytes: 16 },
      { heap: "words0", offset: 256, bytes: 16 },
      { heap: "words0", offset: 0, bytes: 16 },
      { heap: "states0", offset: 0, bytes: 4096 },
    ]);
    expect([...new Uint32Array(constants.get("words0") as ArrayBuffer, 0, 2)]).toEqual([1, 2]);
  });

  it("cuts the arena into pieces that can be bound", () => {
    const program = accumulator(1000);
    const [sum] = program.kernels;
    const chain: Program = {
      ...program,
      buffers: [
        ...program.buffers,
        ...[5, 6].map((id) => ({ id, kind: "temp" as const, dtype: "f32" as const, shape: [1000], name: "" })),
      ],
      // Three temporaries that live at the same time.
      kernels: [2, 5, 6].map((to) => ({
        ...(sum as object),
        outputs: [{ access: { buffer: to, offset: 0, strides: [1] }, value: 2 }],
      })) as never,
      stages: [0, 0, 0],
    };
    const { layout } = planProgram(chain, options({ largestBuffer: 8192 }));
    expect([2, 5, 6].map((id) => layout.places[id])).toEqual([
      { heap: "arena0", offset: 0, bytes: 4000 },
      { heap: "arena0", offset: 4096, bytes: 4000 },
      { heap: "arena1", offset: 0, bytes: 4000 },
    ]);
    expect([...layout.regions].filter(([name]) => name.startsWith("arena"))).toEqual([
      ["arena0", 8192],
      ["arena1", 4096],
    ]);
  });

  it("leaves out kernels over nothing, and gives empty tensors a place of their own", () => {
    const nothing: ScheduleKernel = (kernel, context) => {
      const scheduled = scheduleAddition(kernel, context);
      return { ...scheduled, dispatches: scheduled.dispatches.map((dispatch) => ({ ...dispatch, grid: [0, 1, 1] })) };
    };
    const { dispatches, layout } = planProgram(accumulator(0), options({ schedule: nothing }));
    expect(dispatches).toEqual([]);
    expect(layout.places[2]).toMatchObject({ heap: "outputs0", bytes: 16 });
  });

  it("refuses a schedule that breaks WebGPU's rules", () => {
    const wrong: readonly (readonly [ScheduleKernel, string])[] = [
      [
        scheduleBindings((k) => {
          k.bind({ kind: "buffer", id: 1 }, f32, { isWritten: true });
          k.bind({ kind: "heap", of: 1 }, f32, { isWritten: false });
          return [];
        }),
        'loop "sum": bindings 0 and 1 share memory, and one of them is written',
      ],
      [
        scheduleBindings((k) => {
          for (let i = 0; i < 9; i++) k.bind({ kind: "data", words: [i] }, u32, { isWritten: false });
          return [];
        }),
        'loop "sum": 9 bindings, where 8 are to be had',
      ],
    ];
    for (const [schedule, message] of wrong)
      expect(() => planProgram(accumulator(4), options({ schedule }))).toThrow(message);
  });
});
