import { describe, expect, it } from "vitest";
import type { DType } from "../../program/dtype.ts";
import { toBfloat16Bits, toFloat16Bits } from "../../program/float16.ts";
import type { TypedArray } from "../device.ts";
import { emptyArray, Formats } from "./format.ts";

const values = [0, -0, 1, -1, 0.5, 65504, -2.5, 2 ** -14, 2 ** -24, 3e4];
const samples: readonly { dtype: DType; elements: TypedArray }[] = [
  { dtype: "f32", elements: Float32Array.of(1.5, -0, Number.POSITIVE_INFINITY, 3e-40) },
  { dtype: "i32", elements: Int32Array.of(-1, 0, 2147483647, -2147483648) },
  { dtype: "bool", elements: Uint8Array.of(1, 0, 1, 1, 0) },
  { dtype: "f16", elements: Uint16Array.from(values, toFloat16Bits) },
  { dtype: "bf16", elements: Uint16Array.from(values, toBfloat16Bits) },
];

describe("elements", () => {
  for (const f16 of [true, false]) {
    for (const { dtype, elements } of samples) {
      it(`of ${dtype} come back as they were${f16 ? ", with 16-bit storage" : ""}`, () => {
        const formats = new Formats({ f16 });
        const memory = new ArrayBuffer(512);
        formats.encode(dtype, elements, memory, 256);
        const back = emptyArray(dtype, elements.length + 1);
        formats.decode(dtype, memory, back, 1, elements.length, 256);
        expect(back.subarray(1)).toEqual(elements);
      });
    }
  }

  it("lie as f32 where the adapter has no 16-bit floats", () => {
    const memory = new ArrayBuffer(8);
    new Formats({ f16: false }).encode("f16", Uint16Array.of(0x3c00, 0x0001), memory, 0);
    expect([...new Float32Array(memory)]).toEqual([1, 2 ** -24]);
  });

  it("take ranges of whole vectors, never empty", () => {
    const formats = new Formats({ f16: true });
    expect([0, 1, 4, 5].map((n) => formats.bytes("f32", n))).toEqual([16, 16, 16, 32]);
    expect(formats.bytes("f16", 9)).toBe(32);
    expect(formats.bytes("bool", 5)).toBe(32);
  });
});
