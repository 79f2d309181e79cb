/** @file Loops and reductions for hardware that is not at hand, on the interpreter, which also finds races and reads out of range. */
import { describe, expect, it } from "vitest";
import { loopCases } from "../../../../tests/conformance/cases/loop.ts";
import { reduceCases } from "../../../../tests/conformance/cases/reduce.ts";
import { expectNear, runOnce } from "../../../../tests/conformance/compare.ts";
import { interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import { sizeOf } from "../../../program/dtype.ts";
import { openDevice } from "../../reference/index.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleKernel } from "./index.ts";

const reference = openDevice();

const targets: Readonly<Record<string, GpuTarget>> = {
  "subgroups of 32, 16-bit floats": syntheticTarget(),
  "no subgroups, no 16-bit floats": (() => {
    const { subgroups: _, ...rest } = syntheticTarget({ f16: false });
    return rest;
  })(),
  "subgroups of 8 to 32, workgroups of 1024": syntheticTarget({
    subgroups: { min: 8, max: 32 },
    limits: { sharedBytes: 49_152, invocations: 1024, bindings: 10, workgroups: 65_535 },
  }),
};

/** What the interpreter does in a moment. */
const largest = 300_000;

describe.each(Object.entries(targets))("%s", (_, target) => {
  for (const [cases, arithmetic] of [
    [loopCases, "elementwise"],
    [reduceCases, "reduction"],
  ] as const)
    for (const { name, sketch: draw } of cases) {
      const sketch = draw();
      const elements = sketch.buffers.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      if (elements > largest) continue;
      it(name, async () => {
        const want = await runOnce(await reference, sketch, name);
        const { outputs } = interpretProgram(sketch.program(name), sketch.inputs, target, scheduleKernel);
        expectNear(outputs, want, sketch, arithmetic);
        expect(outputs.size).toBe(want.size);
      });
    }
});
