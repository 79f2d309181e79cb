/**
 * @file How exact the elementary functions are: dense draws over the arguments that matter, in units in the last place of f32, on the software
 * adapter. Its arithmetic rounds correctly, so what is measured is the formulas; a GPU adds that it may divide less exactly and flush denormals.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runOnce } from "../../../tests/conformance/compare.ts";
import { binary, load, Sketch, unary } from "../../../tests/conformance/sketch.ts";
import { gpuSkipReason } from "../../../tests/support/gpu.ts";
import type { UnaryOp } from "../../program/scalar.ts";
import type { Device } from "../device.ts";
import { erf } from "../reference/scalar.ts";
import { openDevice } from "../webgpu/index.ts";

const reason = await gpuSkipReason();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const draws = 40_000;

/** The distance in units in the last place of the wanted number. */
function ulps(got: number, want: number): number {
  const rounded = Math.abs(Math.fround(want));
  if (rounded < 2 ** -126) return Math.abs(got) < 2 ** -125 ? 0 : Number.POSITIVE_INFINITY; // may be flushed
  if (rounded === Number.POSITIVE_INFINITY) return Math.abs(got) > 3.4e38 ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(got - want) / 2 ** (Math.floor(Math.log2(rounded)) - 23);
}

interface Range {
  readonly low: number;
  readonly high: number;
  /** Evenly by magnitude, of both signs where `low` is below 0. */
  readonly byMagnitude?: boolean;
}

function drawFrom(s: Sketch, { low, high, byMagnitude = false }: Range): number {
  const t = (s.draws.float() + 1) / 2;
  if (!byMagnitude) return Math.fround(low + t * (high - low));
  const size = 2 ** (-40 + t * (40 + Math.log2(high)));
  return Math.fround(low < 0 && s.draws.int(0, 1) === 1 ? -size : size);
}

describe.skipIf(reason !== undefined)("elementary functions", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ adapter: "software" });
  });
  afterAll(() => device.close());

  const functions: readonly [UnaryOp, (x: number) => number, Range, number][] = [
    ["exp", Math.exp, { low: -87, high: 88.7 }, 1],
    ["expm1", Math.expm1, { low: -20, high: 88.7 }, 1.5],
    ["expm1", Math.expm1, { low: -1, high: 1, byMagnitude: true }, 1.5],
    ["log", Math.log, { low: 0.5, high: 2 }, 1],
    ["log", Math.log, { low: 0, high: 1e38, byMagnitude: true }, 1],
    ["log1p", Math.log1p, { low: -0.99, high: 4 }, 2.5],
    ["log1p", Math.log1p, { low: 0, high: 1e30, byMagnitude: true }, 2.5],
    ["tanh", Math.tanh, { low: -10, high: 10 }, 1.5],
    ["tanh", Math.tanh, { low: -1, high: 1, byMagnitude: true }, 1.5],
    ["sigmoid", (x) => 1 / (1 + Math.exp(-x)), { low: -85, high: 30 }, 2.5],
    ["erf", erf, { low: -4.5, high: 4.5 }, 1.5],
    ["erf", erf, { low: -1, high: 1, byMagnitude: true }, 1.5],
    ["rsqrt", (x) => 1 / Math.sqrt(x), { low: 0, high: 1e38, byMagnitude: true }, 2],
    ["sqrt", Math.sqrt, { low: 0, high: 1e38, byMagnitude: true }, 2],
  ];
  it.each(functions)("%s, range %#", async (fn, exact, range, bound) => {
    const s = new Sketch(1);
    const x = s.set(
      s.input([draws]),
      Array.from({ length: draws }, () => drawFrom(s, range)),
    );
    s.loop([draws], [x], [load(0), unary(fn, 0)], { 1: s.output([draws]) });
    const [got] = [...(await runOnce(device, s, fn)).values()] as [Float32Array];
    const values = s.inputs.get("b0") as Float32Array;
    const worst = values.reduce((most, value, i) => Math.max(most, ulps(got[i] as number, exact(value))), 0);
    expect(worst).toBeLessThanOrEqual(bound);
  });

  it.each<["sin" | "cos", number, number]>([
    ["sin", 3, 2 ** -23],
    ["cos", 3, 2 ** -23],
    ["sin", 2048, 2 ** -23],
    ["cos", 2048, 2 ** -23],
    ["sin", 1e6, 2 ** -23],
    ["cos", 1e30, 2 ** -23],
  ])("%s up to %d", async (fn, high, bound) => {
    const s = new Sketch(2);
    const x = s.set(
      s.input([draws]),
      Array.from({ length: draws }, () => drawFrom(s, { low: -high, high })),
    );
    s.loop([draws], [x], [load(0), unary(fn, 0)], { 1: s.output([draws]) });
    const [got] = [...(await runOnce(device, s, fn)).values()] as [Float32Array];
    const values = s.inputs.get("b0") as Float32Array;
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs((got[i] as number) - Math[fn](value))), 0);
    expect(worst).toBeLessThanOrEqual(bound);
  });

  it.each<[string, Range, Range]>([
    ["decay rates", { low: 0.9, high: 0.99999 }, { low: 1, high: 2000 }],
    ["bases of rotary embeddings", { low: 100, high: 1e6 }, { low: -1, high: 0 }],
    ["anything", { low: 0, high: 1e10, byMagnitude: true }, { low: -4, high: 4 }],
  ])("pow of %s", async (_, bases, exponents) => {
    const s = new Sketch(3);
    const [x, y] = [bases, exponents].map((range) =>
      s.set(
        s.input([draws]),
        Array.from({ length: draws }, () => drawFrom(s, range)),
      ),
    ) as [ReturnType<Sketch["input"]>, ReturnType<Sketch["input"]>];
    s.loop([draws], [x, y], [load(0), load(1), binary("pow", 0, 1)], { 2: s.output([draws]) });
    const [got] = [...(await runOnce(device, s, "pow")).values()] as [Float32Array];
    const [a, b] = [s.inputs.get("b0"), s.inputs.get("b1")] as [Float32Array, Float32Array];
    const worst = a.reduce((most, value, i) => Math.max(most, ulps(got[i] as number, value ** (b[i] as number))), 0);
    expect(worst).toBeLessThanOrEqual(1.5);
  });
});
