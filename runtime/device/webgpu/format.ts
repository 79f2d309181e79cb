/** @file Elements on the host ↔ elements in GPU memory, where they differ: no bytes there, and 16-bit floats only with `shader-f16`. */
import type { DType } from "../../program/dtype.ts";
import { fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from "../../program/float16.ts";
import type { TypedArray } from "../device.ts";
import { type StorageFormat, storageFormat } from "../gpu/target.ts";
import { align } from "./usage.ts";

export class Formats {
  private readonly target: { readonly f16: boolean };

  constructor(target: { readonly f16: boolean }) {
    this.target = target;
  }

  of(dtype: DType): StorageFormat {
    return storageFormat(dtype, this.target);
  }

  /** Bytes of so many elements, as a range that may be bound: whole vectors of four, and never empty. */
  bytes(dtype: DType, elements: number): number {
    return Math.max(16, align(elements * this.of(dtype).bytes, 16));
  }

  bytesPerElement(): Readonly<Record<DType, number>> {
    const bytes = (dtype: DType): number => this.of(dtype).bytes;
    return { f32: bytes("f32"), i32: bytes("i32"), bool: bytes("bool"), f16: bytes("f16"), bf16: bytes("bf16") };
  }

  /** Writes elements to `at` (a multiple of 4) of `memory`. */
  encode(dtype: DType, elements: ArrayLike<number>, memory: ArrayBuffer, at: number): void {
    const { length } = elements;
    switch (dtype) {
      case "f32":
        new Float32Array(memory, at, length).set(elements);
        return;
      case "i32":
        new Int32Array(memory, at, length).set(elements);
        return;
      case "bool":
        new Uint32Array(memory, at, length).set(elements);
        return;
      case "f16":
        if (this.target.f16) new Uint16Array(memory, at, length).set(elements);
        else {
          const values = halfValues();
          const to = new Float32Array(memory, at, length);
          for (let i = 0; i < length; i++) to[i] = values[elements[i] as number] as number;
        }
        return;
      case "bf16": {
        const to = new Uint32Array(memory, at, length);
        for (let i = 0; i < length; i++) to[i] = (elements[i] as number) << 16;
        return;
      }
    }
  }

  /** Elements `from` … `from + count` of `to`, out of `memory`, where the first lies at byte `at`. */
  decode(dtype: DType, memory: ArrayBuffer, to: TypedArray, from: number, count: number, at = 0): void {
    switch (dtype) {
      case "f32":
        to.set(new Float32Array(memory, at, count), from);
        return;
      case "i32":
        to.set(new Int32Array(memory, at, count), from);
        return;
      case "bool":
        to.set(new Uint32Array(memory, at, count), from);
        return;
      case "f16":
      case "bf16": {
        if (dtype === "f16" && this.target.f16) {
          to.set(new Uint16Array(memory, at, count), from);
          return;
        }
        const bitsOf = dtype === "f16" ? toFloat16Bits : toBfloat16Bits;
        const values = new Float32Array(memory, at, count);
        for (let i = 0; i < count; i++) to[from + i] = bitsOf(values[i] as number);
        return;
      }
    }
  }
}

/** The 65536 values of f16: a table is ten times as fast as taking bits apart. */
let halves: Float32Array | undefined;

function halfValues(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => fromFloat16Bits(bits));
  return halves;
}

/** What `read` gives for a dtype. */
export function emptyArray(dtype: DType, elements: number): TypedArray {
  switch (dtype) {
    case "f32":
      return new Float32Array(elements);
    case "i32":
      return new Int32Array(elements);
    case "bool":
      return new Uint8Array(elements);
    case "f16":
    case "bf16":
      return new Uint16Array(elements);
  }
}
