/** @file Every function of the scalar language over ordinary numbers and extremes, on every device: errors relative to each single result. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device } from "../../runtime/device/device.ts";
import { openDevice as openReference } from "../../runtime/device/reference/index.ts";
import { type BinaryOp, type UnaryOp, unaryOps } from "../../runtime/program/scalar.ts";
import { testDevices } from "../numerics/devices.ts";
import { functionError, smallestNormal } from "../support/tolerances.ts";
import { runOnce } from "./compare.ts";
import { binary, load, Sketch, unary } from "./sketch.ts";

const extremes = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  Infinity,
  -Infinity,
  NaN,
  1e-40,
  -1e-40,
  3e38,
  -3e38,
  88.7,
  89,
  -87,
  -104,
  1e-8,
  100.5,
  -1e5,
  1e10,
  700000,
  2e4,
];

/** Extremes, then numbers up to 1, to 10 and to 0.01. */
function ordinary(s: Sketch, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Math.fround(extremes[i] ?? s.draws.float() * ([1, 10, 0.01][i % 3] as number)),
  );
}

const arithmetic = ["add", "sub", "mul", "div", "pow", "max", "min"] as const satisfies readonly BinaryOp[];
const comparisons = ["lt", "le", "gt", "ge", "eq", "ne"] as const satisfies readonly BinaryOp[];

/** One function of one operand over 512 numbers. */
function unarySketch(fn: UnaryOp): Sketch {
  const s = new Sketch(7);
  const x = s.set(s.input([512]), ordinary(s, 512));
  return s.loop([512], [x], [load(0), unary(fn, 0)], { 1: s.output([512]) });
}

/** One function of two, over all pairs of 40 numbers. */
function binarySketch(fn: BinaryOp, dtype: "f32" | "bool"): Sketch {
  const s = new Sketch(8);
  const values = ordinary(s, 40);
  const [a, b] = [s.set(s.input([40]), values), s.set(s.input([40]), values)];
  return s.loop(
    [40, 40],
    [
      { ...a, strides: [1, 0] },
      { ...b, strides: [0, 1] },
    ],
    [load(0), load(1), binary(fn, 0, 1)],
    {
      2: s.output([40, 40], dtype),
    },
  );
}

describe.each(testDevices.filter(({ name }) => name !== "reference"))("functions on $name", ({ name, openAll }) => {
  let devices: readonly Device[];
  let reference: Device;
  beforeAll(async () => {
    [devices, reference] = await Promise.all([openAll(), openReference()]);
  });
  afterAll(async () => {
    await Promise.all(devices.map((device) => device.close()));
  });

  async function check(fn: UnaryOp | BinaryOp, sketch: Sketch): Promise<void> {
    const output = `b${sketch.buffers.length - 1}`;
    const result = async (device: Device) => (await runOnce(device, sketch, fn)).get(output) as Float32Array;
    const [want, got] = [await result(reference), await result(devices[0] as Device)];
    const { relative, absolute, flushes } = functionError(name, fn);
    const operands = [...sketch.inputs.values()] as Float32Array[];
    const isTiny = (x: number): boolean => x !== 0 && Math.abs(x) < smallestNormal;
    const wrong: string[] = [];
    want.forEach((w, i) => {
      const g = got[i] as number;
      if (w === g || (Number.isNaN(w) && Number.isNaN(g))) return;
      if (Math.abs(g - w) <= relative * Math.abs(w) + absolute) return;
      const at = operands.length === 1 ? [i] : [Math.floor(i / 40), i % 40];
      const arguments_ = operands.map((operand, k) => operand[at[k] as number] as number);
      if (flushes && (arguments_.some(isTiny) || (isTiny(w) && g === 0))) return;
      wrong.push(`${fn}(${arguments_.join(", ")}) is ${g}, not ${w}`);
    });
    expect(wrong).toEqual([]);
  }

  it.each(unaryOps.filter((fn) => fn !== "not"))("%s", (fn) => check(fn, unarySketch(fn)));
  it.each(arithmetic)("%s", (fn) => check(fn, binarySketch(fn, "f32")));
  it.each(comparisons)("%s", (fn) => check(fn, binarySketch(fn, "bool")));
});
