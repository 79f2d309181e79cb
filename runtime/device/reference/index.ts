/** @file The reference device: every kernel as a plain loop over typed arrays. Slow and obvious; what the others are compared with. */
import { bytesPerElement, type DType, type Shape, sizeOf } from "../../program/dtype.ts";
import type { BufferDecl, Program } from "../../program/program.ts";
import {
  type Device,
  type DeviceInfo,
  finishedRun,
  type LoadedProgram,
  type OpenDevice,
  type TypedArray,
} from "../device.ts";
import { allocate, type Buffer } from "./buffers.ts";
import { runKernel } from "./kernels.ts";

class ReferenceDevice implements Device {
  readonly name = "reference";
  readonly info: DeviceInfo = { name: "reference", threads: 1, synchronous: true, features: [], notices: [] };
  private readonly states = new Map<string, Buffer>();

  createState(id: string, dtype: DType, shape: Shape, data?: TypedArray): void {
    if (this.states.has(id)) throw new Error(`state ${id} exists`);
    const buffer = { dtype, data: allocate(dtype, sizeOf(shape)) };
    if (data !== undefined) buffer.data.set(data);
    this.states.set(id, buffer);
  }

  writeState(id: string, data: TypedArray): void {
    const buffer = this.state(id);
    if (data.length !== buffer.data.length)
      throw new Error(`${data.length} elements for state ${id} of ${buffer.data.length}`);
    buffer.data.set(data);
  }

  async readState(id: string): Promise<TypedArray> {
    return this.state(id).data.slice();
  }

  dropState(id: string): void {
    this.states.delete(id);
  }

  close(): void {
    this.states.clear();
  }

  load(program: Program): LoadedProgram {
    const arena = new ArrayBuffer(program.arenaBytes);
    const place = (decl: BufferDecl): Buffer => {
      const size = sizeOf(decl.shape);
      if (decl.kind === "state") return this.state(decl.name);
      if (decl.kind === "temp") return { dtype: decl.dtype, data: viewArena(arena, decl, size) };
      const data = allocate(decl.dtype, size);
      if (decl.data !== undefined) data.set(decl.data);
      return { dtype: decl.dtype, data };
    };
    const buffers = program.buffers.map(place);
    return {
      start: async (inputs) => {
        for (const decl of program.buffers) {
          if (decl.kind !== "input") continue;
          const data = inputs.get(decl.name);
          if (data === undefined || data.length !== sizeOf(decl.shape))
            throw new Error(`input '${decl.name}' is missing or has the wrong size`);
          buffers[decl.id]?.data.set(data);
        }
        for (const kernel of program.kernels) runKernel(kernel, buffers);
        const outputs = program.buffers.filter((decl) => decl.kind === "output");
        return finishedRun(new Map(outputs.map((decl) => [decl.name, (buffers[decl.id] as Buffer).data.slice()])));
      },
      dispose: () => {},
    };
  }

  private state(id: string): Buffer {
    const buffer = this.states.get(id);
    if (buffer === undefined) throw new Error(`there is no state ${id}`);
    return buffer;
  }
}

function viewArena(arena: ArrayBuffer, decl: BufferDecl, size: number): TypedArray {
  const at = decl.arenaOffset ?? 0;
  if (at + size * bytesPerElement[decl.dtype] > arena.byteLength)
    throw new RangeError(`buffer ${decl.id} leaves the arena`);
  switch (decl.dtype) {
    case "f32":
      return new Float32Array(arena, at, size);
    case "i32":
      return new Int32Array(arena, at, size);
    case "bool":
      return new Uint8Array(arena, at, size);
    case "f16":
    case "bf16":
      return new Uint16Array(arena, at, size);
  }
}

export const openDevice: OpenDevice = async () => new ReferenceDevice();
