/**
 * @file The errors of the vector functions, in units in the last place of f32, against `Math` in double precision: a sweep through all
 * exponents and signs with a stride in the bits, with fused multiply-adds and without, and special values.
 */
import { describe, expect, it } from "vitest";
import { type Code, type Local, v128 } from "../asm/code.ts";
import { FunctionBuilder } from "../asm/function.ts";
import { ModuleBuilder } from "../asm/module.ts";
import { detectCapabilities } from "../tuning.ts";
import { mathImports, VectorMath } from "./vector-math.ts";

type Unary = "exp" | "expNonPositive" | "expm1" | "log" | "log1p" | "tanh" | "sigmoid" | "erf" | "sin" | "cos";

const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
const { fma: hostFuses } = detectCapabilities({ memory, shared: true });
const most = 1 << 19;

/** `name` over all of `inputs`, four at a time. */
function evaluate(name: Unary, fma: boolean, inputs: Float32Array): Float32Array {
  const module = new ModuleBuilder(mathImports);
  const math = new VectorMath(module, fma);
  const f = new FunctionBuilder("apply", ["i32", "i32", "i32"]);
  const [from, to, count] = f.params as readonly [Local, Local, Local];
  f.while(
    () => count,
    () => {
      const x = f.let("v128", v128.load(from));
      const value: Code = math[name](f, x);
      f.emit(v128.store(to, value));
      f.bump(from, 16);
      f.bump(to, 16);
      f.bump(count, -4);
    },
  );
  module.add(f, "apply");
  const bytes = module.encode({ initial: 1, maximum: 64 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory },
    math: Math as unknown as WebAssembly.ModuleImports,
  });
  const [at, out] = [1024, 1024 + most * 4];
  if (inputs.length > most) throw new Error("too many inputs for the memory");
  new Float32Array(memory.buffer, at, inputs.length).set(inputs);
  const padded = Math.ceil(inputs.length / 4) * 4;
  (exports["apply"] as (from: number, to: number, count: number) => void)(at, out, padded);
  return new Float32Array(memory.buffer, out, inputs.length).slice();
}

/** Floats of both signs from every exponent: up to 2 × 230 000. */
function sweep(low: number, high: number): Float32Array {
  const bits = new Int32Array(most - 8);
  let count = 0;
  const value = new Float32Array(1);
  const word = new Int32Array(value.buffer);
  // Odd, so that the low bits of the mantissa vary too.
  for (let b = 0; b < 0x7f800000; b += 9221) {
    for (const sign of [0, -0x80000000]) {
      word[0] = b | sign;
      const x = value[0] as number;
      if (x >= low && x <= high) bits[count++] = b | sign;
    }
  }
  return new Float32Array(bits.buffer, 0, count);
}

/** Even steps, where a sweep of the exponents is thin. */
function ramp(low: number, high: number): Float32Array {
  const n = 200_000;
  return Float32Array.from({ length: n }, (_, i) => low + ((high - low) * (i + 0.37)) / n);
}

/** The distance of neighbouring f32 at |x|; that of denormals below the normal ones. */
function ulp(x: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(x))));
  return 2 ** (exponent - 23);
}

function worst(
  name: Unary,
  fma: boolean,
  inputs: Float32Array,
  exact: (x: number) => number,
  unit: (want: number, x: number) => number = ulp,
): { error: number; at: number } {
  const got = evaluate(name, fma, inputs);
  let result = { error: 0, at: Number.NaN };
  inputs.forEach((x, i) => {
    const want = exact(x);
    const value = got[i] as number;
    if (Object.is(Math.fround(want), value)) return;
    const error = Math.abs(want - value) / unit(want, x);
    if (!(error <= result.error)) result = { error, at: x };
  });
  return result;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** erf in double precision: its series below 2.5, the continued fraction of erfc above. */
function erf(x: number): number {
  const t = Math.abs(x);
  if (t > 6) return Math.sign(x);
  if (t < 2.5) {
    let [term, sum] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 100; n > 0; n--) fraction = n / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction));
}

/** What trigonometric functions promise: relative to the result, but no finer than the argument can be reduced. */
const reduced = (want: number, x: number): number => Math.max(ulp(want), 2 ** -24 * Math.abs(x));

const cases: readonly {
  readonly name: Unary;
  readonly exact: (x: number) => number;
  readonly range: readonly [number, number];
  readonly dense: readonly [number, number];
  readonly bound: number;
  readonly unit?: (want: number, x: number) => number;
}[] = [
  { name: "exp", exact: Math.exp, range: [-103.9, 88.7], dense: [-104, 88.7], bound: 1 },
  { name: "expNonPositive", exact: Math.exp, range: [-86.9, 0], dense: [-20, 0], bound: 1 },
  { name: "expm1", exact: Math.expm1, range: [-100, 88.7], dense: [-4, 4], bound: 1.5 },
  { name: "log", exact: Math.log, range: [1e-45, 3.4e38], dense: [0.5, 2], bound: 0.8 },
  { name: "log1p", exact: Math.log1p, range: [-0.999999, 3.4e38], dense: [-0.9, 2], bound: 1.5 },
  { name: "tanh", exact: Math.tanh, range: [-3.4e38, 3.4e38], dense: [-10, 10], bound: 1.25 },
  { name: "sigmoid", exact: sigmoid, range: [-87, 3.4e38], dense: [-20, 20], bound: 2.5 },
  { name: "erf", exact: erf, range: [-3.4e38, 3.4e38], dense: [-4.5, 4.5], bound: 1.1 },
  { name: "sin", exact: Math.sin, range: [-3.4e38, 3.4e38], dense: [-2048, 2048], bound: 1.1, unit: reduced },
  { name: "cos", exact: Math.cos, range: [-3.4e38, 3.4e38], dense: [-2048, 2048], bound: 1, unit: reduced },
];

for (const fma of hostFuses ? [true, false] : [false]) {
  describe(fma ? "fused" : "unfused", () => {
    it.each(cases)("$name is within $bound ulp", ({ name, exact, range, dense, bound, unit }) => {
      for (const inputs of [sweep(...range), ramp(...dense)]) {
        const { error, at } = worst(name, fma, inputs, exact, unit);
        expect(error, `at ${at}`).toBeLessThanOrEqual(bound);
      }
    });
  });
}

describe("special values", () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const f32 = Math.fround;
  it.each<[Unary, number[], number[]]>([
    ["exp", [nan, inf, -inf, 0, -0, 89, -105], [nan, inf, 0, 1, 1, inf, 0]],
    ["expNonPositive", [-inf, 0, -0, -88], [0, 1, 1, 0]],
    ["expm1", [nan, inf, -inf, 0, -0, 1e-20], [nan, inf, -1, 0, -0, f32(1e-20)]],
    ["log", [nan, inf, -1, -inf, 0, -0, 1], [nan, inf, nan, nan, -inf, -inf, 0]],
    ["log1p", [nan, inf, -2, -1, 0, -0, 1e-20], [nan, inf, nan, -inf, 0, -0, f32(1e-20)]],
    ["tanh", [nan, inf, -inf, 0, -0, 1e-30], [nan, 1, -1, 0, -0, f32(1e-30)]],
    ["sigmoid", [nan, inf, -inf, 0], [nan, 1, 0, 0.5]],
    ["erf", [nan, inf, -inf, 0, -0], [nan, 1, -1, 0, -0]],
    ["sin", [nan, inf, 0, -0], [nan, nan, 0, -0]],
    ["cos", [nan, inf, 0, -0], [nan, nan, 1, 1]],
  ])("%s", (name, inputs, want) => {
    // In each lane, in company of ordinary values.
    for (const fma of hostFuses ? [true, false] : [false])
      for (const [i, input] of inputs.entries())
        for (let lane = 0; lane < 4; lane++) {
          const vector = Float32Array.of(0.5, 0.25, 0.75, 1).map((x, l) =>
            l === lane ? input : name === "expNonPositive" ? -x : x,
          );
          expect(evaluate(name, fma, vector)[lane], `${name}(${input})`).toBe(want[i]);
        }
  });
});
