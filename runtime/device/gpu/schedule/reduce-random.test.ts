/** @file Reductions drawn from seeds, in any layout, in place and not, for GPUs drawn from seeds, on the interpreter: what nobody thought of. */
import { expect, it } from "vitest";
import { expectNear, runOnce } from "../../../../tests/conformance/compare.ts";
import {
  binary,
  cast,
  constant,
  type Draws,
  index,
  load,
  perRow,
  Sketch,
  unary,
} from "../../../../tests/conformance/sketch.ts";
import { interpretProgram, syntheticTarget } from "../../../../tests/support/gpu-interpreted.ts";
import { contiguousStrides, type DType, sizeOf } from "../../../program/dtype.ts";
import type { Access, ReducePhase } from "../../../program/kernel.ts";
import { openDevice } from "../../reference/index.ts";
import type { GpuTarget } from "../target.ts";
import { scheduleKernel } from "./index.ts";

const reference = openDevice();
const seeds = 80;

const none = { reduce: [], rowBody: [], outputs: [], rowOutputs: [] } as const;
const drawType = (d: Draws): DType => d.pick(["f32", "f32", "f16", "bf16"]);

/** The domain's axes in another order in memory, or some of them not at all. */
function drawOperand(s: Sketch, domain: readonly number[]): Access {
  const order = s.draws.int(0, 1) === 0 ? domain.map((_, i) => i) : [...domain.keys()].reverse();
  const kept = s.draws.int(0, 2) === 0 ? new Set(order.filter(() => s.draws.int(0, 1) === 1)) : new Set(order);
  const stored = contiguousStrides(order.map((axis) => (kept.has(axis) ? (domain[axis] as number) : 1)));
  const offset = s.draws.pick([0, 0, 4, 1]);
  return {
    buffer: s.add("input", drawType(s.draws), [offset + sizeOf(domain)]),
    offset,
    strides: domain.map((_, axis) => (kept.has(axis) ? (stored[order.indexOf(axis)] as number) : 0)),
  };
}

function drawReduction(seed: number): Sketch {
  const s = new Sketch(seed);
  const d = s.draws;
  const most = d.pick([5, 40, 300]);
  const domain =
    d.int(0, 5) === 0
      ? [d.int(1, 3), d.pick([9_000, 9_001])]
      : Array.from({ length: d.int(1, 3) }, () => d.int(1, most) * d.pick([1, 1, 4]));
  while (sizeOf(domain) > 20_000 && domain.length > 2) domain.pop();
  if (sizeOf(domain) > 30_000) domain[0] = 7;
  const innerRank = d.int(1, domain.length);
  const outer = domain.slice(0, domain.length - innerRank);
  const row = (dtype: DType = "f32"): Access => perRow(s.output(outer, dtype), innerRank);
  const [x, y] = [drawOperand(s, domain), drawOperand(s, domain)];
  const held = s.output(domain);
  const isInPlace = d.int(0, 1) === 1;
  if (isInPlace) s.loop(domain, [x], [load(0)], { 0: held });
  const phases: ReducePhase[] = [
    {
      ...none,
      body: [load(0), load(1), binary("add", 0, 1), cast(0, "i32"), index(domain.length - 1), binary("add", 3, 4)],
      reduce: [
        { op: "max", value: 2 },
        { op: "sum", value: 0 },
        { op: "min", value: 5 },
      ],
      rowBody: [cast(2, "f32"), binary("add", 1, 3)],
      rowOutputs: [
        { access: row(drawType(d)), value: 4 },
        { access: row("i32"), value: 2 },
      ],
    },
    {
      ...none,
      body: [load(0), load(1), binary("add", 5, 6), binary("sub", 7, 0), unary("exp", 8)],
      reduce: [
        { op: "sum", value: 9 },
        { op: "prod", value: 9 },
      ],
      rowBody: [constant(1, "f32"), binary("max", 5, 7)],
      rowOutputs: [{ access: row(), value: 6 }],
    },
    {
      ...none,
      body: [load(0), load(1), binary("add", 9, 10), binary("sub", 11, 0), unary("exp", 12), binary("div", 13, 8)],
      outputs: [
        { access: held, value: 14 },
        { access: s.output(domain, drawType(d)), value: 9 },
      ],
    },
  ];
  return s.push({
    kind: "reduce",
    label: "drawn",
    domain,
    innerRank,
    inputs: [isInPlace ? held : x, y],
    phases: phases.slice(0, d.int(1, 3)),
  });
}

function drawTarget(d: Draws): GpuTarget {
  const target = syntheticTarget({
    f16: d.int(0, 1) === 1,
    limits: {
      sharedBytes: d.pick([16_384, 32_768]),
      invocations: d.pick([256, 1024]),
      bindings: 10,
      workgroups: d.pick([65_535, 7]),
    },
  });
  const min = d.pick([0, 4, 16, 32, 64]);
  const { subgroups: _, ...without } = target;
  return min === 0 ? without : { ...target, subgroups: { min, max: 64 } };
}

it.each(Array.from({ length: seeds }, (_, seed) => seed))("seed %i", async (seed) => {
  const s = drawReduction(seed);
  const target = drawTarget(s.draws);
  const want = await runOnce(await reference, s, "reduction");
  const { outputs, scheduled } = interpretProgram(s.program("reduction"), s.inputs, target, scheduleKernel);
  expectNear(outputs, want, s, "reduction");
  for (const { module } of scheduled.flatMap(({ dispatches }) => dispatches)) {
    const shared = module.shared.reduce((sum, { type, length }) => sum + length * type.width * 4, 0);
    expect(shared).toBeLessThanOrEqual(target.limits.sharedBytes);
    expect(module.workgroupSize).toBeLessThanOrEqual(target.limits.invocations);
  }
});
