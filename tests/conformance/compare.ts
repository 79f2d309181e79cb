/** @file Runs a sketch on devices and compares: with the reference within tolerances, with itself bit for bit. */

import { expect } from "vitest";
import type { Device, TypedArray } from "../../runtime/device/device.ts";
import type { DType } from "../../runtime/program/dtype.ts";
import { fromBfloat16Bits, fromFloat16Bits } from "../../runtime/program/float16.ts";
import { validateProgram } from "../../runtime/program/validate.ts";
import {
  type Arithmetic,
  leastMagnitude,
  relativeTolerance,
  smallestNormal,
  storageRounding,
} from "../support/tolerances.ts";
import type { Sketch } from "./sketch.ts";

export type Outputs = ReadonlyMap<string, TypedArray>;

/** The outputs of two runs, the second started before the first was read. */
export async function runTwice(device: Device, sketch: Sketch, name: string): Promise<readonly [Outputs, Outputs]> {
  const program = sketch.program(name);
  expect(validateProgram(program)).toEqual([]);
  const loaded = await device.load(program);
  const first = await loaded.start(sketch.inputs);
  const second = await loaded.start(sketch.inputs);
  const results = await Promise.all([first.read(), second.read()]);
  loaded.dispose();
  return results;
}

export async function runOnce(device: Device, sketch: Sketch, name: string): Promise<Outputs> {
  const loaded = await device.load(sketch.program(name));
  const outputs = await (await loaded.start(sketch.inputs)).read();
  loaded.dispose();
  return outputs;
}

export function expectSameBits(got: Outputs, want: Outputs, what: string): void {
  for (const [name, expected] of want) {
    const same = Buffer.compare(bytesOf(got.get(name) as TypedArray), bytesOf(expected)) === 0;
    expect(same, `${what}: other bits in ${name}`).toBe(true);
  }
}

const bytesOf = (array: TypedArray): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** The outputs as numbers near the reference's; see `support/tolerances.ts`. */
export function expectNear(got: Outputs, want: Outputs, sketch: Sketch, arithmetic: Arithmetic): void {
  for (const { name, dtype } of sketch.buffers.filter(({ kind }) => kind === "output")) {
    const [actual, expected] = [numbersOf(got.get(name), dtype), numbersOf(want.get(name), dtype)];
    expect(actual.length, name).toBe(expected.length);
    const at = firstDifference(actual, expected, dtype, arithmetic);
    if (at >= 0) expect.fail(`${name}[${at}] is ${actual[at]}, the reference has ${expected[at]}`);
  }
}

/** The index of the first number that is further away than allowed; -1 where there is none. */
export function firstDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  dtype: DType,
  arithmetic: Arithmetic,
): number {
  const tolerance = relativeTolerance[arithmetic];
  const exact = dtype === "i32" || dtype === "bool";
  const { relative, absolute } = storageRounding[dtype];
  let largest = leastMagnitude[arithmetic];
  for (let i = 0; i < expected.length; i++) {
    const size = Math.abs(expected[i] as number);
    if (size > largest && size !== Number.POSITIVE_INFINITY) largest = size;
  }
  for (let i = 0; i < expected.length; i++) {
    const [w, g] = [expected[i] as number, actual[i] as number];
    if (w === g || (Number.isNaN(w) && Number.isNaN(g))) continue;
    if (exact) return i;
    const allowed = tolerance * (Math.abs(w) + largest) + relative * Math.abs(w) + absolute;
    if (!(Math.abs(g - w) <= allowed || (Math.abs(w) < smallestNormal && Math.abs(g) < smallestNormal))) return i;
  }
  return -1;
}

export function numbersOf(array: TypedArray | undefined, dtype: DType): ArrayLike<number> {
  if (array === undefined) return [];
  if (dtype === "f16") return Float64Array.from(array, fromFloat16Bits);
  if (dtype === "bf16") return Float64Array.from(array, fromBfloat16Bits);
  return array;
}
