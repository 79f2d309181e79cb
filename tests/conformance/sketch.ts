/** @file Hand-written Programs: buffers and kernels are written down one by one, inputs are drawn from a seed. */

import type { TypedArray } from "../../runtime/device/device.ts";
import { bytesPerElement, contiguousStrides, type DType, type Shape, sizeOf } from "../../runtime/program/dtype.ts";
import type { Access, Kernel } from "../../runtime/program/kernel.ts";
import { replanArena } from "../../runtime/program/memory.ts";
import { type BufferDecl, type Program, programVersion } from "../../runtime/program/program.ts";
import { randomBits } from "../../runtime/program/random.ts";
import type { BinaryOp, Instr, UnaryOp } from "../../runtime/program/scalar.ts";

/** Draws that depend on nothing but the seed. */
export class Draws {
  private count = 0;
  private readonly seed: number;
  constructor(seed: number) {
    this.seed = seed;
  }
  int(low: number, high: number): number {
    return low + ((randomBits(this.seed, 0, this.count++) >>> 8) % (high - low + 1));
  }
  float(): number {
    return ((randomBits(this.seed, 1, this.count++) >>> 8) / 2 ** 24) * 2 - 1;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }
}

const arrays = { f32: Float32Array, i32: Int32Array, bool: Uint8Array, f16: Uint16Array, bf16: Uint16Array } as const;

export class Sketch {
  readonly buffers: BufferDecl[] = [];
  readonly kernels: Kernel[] = [];
  readonly inputs = new Map<string, TypedArray>();
  readonly draws: Draws;

  constructor(seed: number) {
    this.draws = new Draws(seed);
  }

  add(kind: BufferDecl["kind"], dtype: DType, shape: Shape): number {
    const id = this.buffers.length;
    const name = `b${id}`;
    this.buffers.push({ id, kind, dtype, shape, name });
    if (kind === "input") {
      const data = new arrays[dtype](sizeOf(shape));
      for (let i = 0; i < data.length; i++) data[i] = this.element(dtype);
      this.inputs.set(name, data);
    }
    return id;
  }

  /** f16 and bf16 are drawn as bits: both signs, from subnormal (f16) to a few units. */
  private element(dtype: DType): number {
    switch (dtype) {
      case "f32":
        return this.draws.float();
      case "i32":
        return this.draws.int(-20, 20);
      case "bool":
        return this.draws.int(0, 1);
      case "bf16":
        return (this.draws.int(0, 1) << 15) | this.draws.int(0x3c00, 0x4080);
      case "f16":
        return (this.draws.int(0, 1) << 15) | this.draws.int(0, 0x4400);
    }
  }

  /** Replaces the start of an input's data. */
  set(access: Access, values: ArrayLike<number>): Access {
    (this.inputs.get(`b${access.buffer}`) as TypedArray).set(values);
    return access;
  }

  /** A contiguous access. */
  whole(buffer: number): Access {
    return { buffer, offset: 0, strides: contiguousStrides((this.buffers[buffer] as BufferDecl).shape) };
  }
  input(shape: Shape, dtype: DType = "f32"): Access {
    return this.whole(this.add("input", dtype, shape));
  }
  output(shape: Shape, dtype: DType = "f32"): Access {
    return this.whole(this.add("output", dtype, shape));
  }
  temp(shape: Shape, dtype: DType = "f32"): Access {
    return this.whole(this.add("temp", dtype, shape));
  }
  /** An i32 scalar. */
  scalar(value: number): number {
    return this.set(this.input([], "i32"), [value]).buffer;
  }

  /** A strided window into a buffer of its own: `offset` elements in front, rows of `domain` padded by `gap` elements. */
  window(kind: "input" | "output", domain: Shape, offset: number, gap: number, dtype: DType = "f32"): Access {
    const padded = domain.map((extent, axis) => (axis === domain.length - 1 ? extent + gap : extent));
    return { buffer: this.add(kind, dtype, [offset + sizeOf(padded)]), offset, strides: contiguousStrides(padded) };
  }

  /** Writes something everywhere first, so that what a kernel leaves alone is known, and is seen if it does not. */
  prefilled(access: Access): Access {
    const { dtype, shape } = this.buffers[access.buffer] as BufferDecl;
    const value = dtype === "bool" ? constant(1, "bool") : constant(-7, dtype === "i32" ? "i32" : "f32");
    this.loop(shape, [], [value], { 0: this.whole(access.buffer) });
    return access;
  }

  push(...kernels: readonly Kernel[]): this {
    this.kernels.push(...kernels);
    return this;
  }

  loop(
    domain: Shape,
    inputs: readonly Access[],
    body: readonly Instr[],
    outputs: Readonly<Record<number, Access>>,
  ): this {
    const stores = Object.entries(outputs).map(([value, access]) => ({ access, value: Number(value) }));
    return this.push({ kind: "loop", label: "loop", domain, inputs, body, outputs: stores });
  }

  /** Temporaries are placed by the planner, so that results take over dying operands as they do in real Programs. */
  program(name: string): Program {
    const draft: Program = {
      version: programVersion,
      name,
      buffers: this.buffers,
      kernels: this.kernels,
      arenaBytes: 0,
    };
    const { offsets, arenaBytes } = replanArena(draft, { bytesPer: bytesPerElement, alignment: 64 });
    const buffers = this.buffers.map(
      (buffer): BufferDecl =>
        buffer.kind === "temp" ? { ...buffer, arenaOffset: offsets.get(buffer.id) ?? 0 } : buffer,
    );
    return { ...draft, buffers, arenaBytes: Math.max(arenaBytes, 64) };
  }
}

/** What is run on every device. */
export interface KernelCase {
  readonly name: string;
  readonly sketch: () => Sketch;
}

export const load = (access: number, dtype: "f32" | "i32" | "bool" = "f32"): Instr => ({ op: "load", access, dtype });
export const constant = (value: number, dtype: "f32" | "i32" | "bool" = "f32"): Instr => ({
  op: "const",
  value,
  dtype,
});
export const index = (axis: number): Instr => ({ op: "index", axis });
export const unary = (fn: UnaryOp, a: number): Instr => ({ op: "unary", fn, a });
export const binary = (fn: BinaryOp, a: number, b: number): Instr => ({ op: "binary", fn, a, b });
export const where = (cond: number, a: number, b: number): Instr => ({ op: "where", cond, a, b });
export const cast = (a: number, to: "f32" | "i32" | "bool"): Instr => ({ op: "cast", a, to });

/** A result with one element per row, addressed from the whole domain: strides 0 on the reduced axes. */
export function perRow(access: Access, innerRank: number): Access {
  return { ...access, strides: [...access.strides, ...new Array<number>(innerRank).fill(0)] };
}
