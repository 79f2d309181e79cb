/**
 * @file Runs a Program's kernels as they are scheduled for any target, on the interpreter of the GPU kernel IR: the judge of schedules for
 * hardware that is not at hand. Every buffer has memory of its own.
 */
import type { TypedArray } from "../../runtime/device/device.ts";
import type { Binding } from "../../runtime/device/gpu/ir.ts";
import {
  type GpuTarget,
  type Operand,
  type ScheduleContext,
  type ScheduledKernel,
  storageFormat,
} from "../../runtime/device/gpu/target.ts";
import { type DType, sizeOf } from "../../runtime/program/dtype.ts";
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from "../../runtime/program/float16.ts";
import type { Kernel } from "../../runtime/program/kernel.ts";
import type { Program } from "../../runtime/program/program.ts";
import { type BoundData, interpret } from "./gpu-interpreter.ts";

export type Schedule = (kernel: Kernel, context: ScheduleContext) => ScheduledKernel;

/** Subgroups of 32, 16-bit floats, matrix units as on NVIDIA; what is not given is taken from there. */
export function syntheticTarget(offer: Partial<GpuTarget> = {}): GpuTarget {
  return {
    limits: { sharedBytes: 32_768, invocations: 256, bindings: 12, workgroups: 65_535 },
    f16: true,
    subgroups: { min: 32, max: 32 },
    matrixUnits: [],
    ...offer,
  };
}

export interface InterpretedRun {
  /** Of buffers of kind `output`, as the reference device gives them. */
  readonly outputs: ReadonlyMap<string, TypedArray>;
  readonly scheduled: readonly ScheduledKernel[];
}

export function contextFor({ buffers }: Pick<Program, "buffers">, target: GpuTarget): ScheduleContext {
  return {
    target,
    buffers,
    memoryOf: (id) => `b${id}`,
    placeOf: (id) => ({ heap: `b${id}`, offset: 0 }),
  };
}

export function interpretProgram(
  program: Program,
  inputs: ReadonlyMap<string, TypedArray>,
  target: GpuTarget,
  schedule: Schedule,
): InterpretedRun {
  const context = contextFor(program, target);
  const memory = program.buffers.map(({ dtype, shape, name, data }) => {
    const { scalar, bytes } = storageFormat(dtype, target);
    const length = (Math.max(1, Math.ceil((sizeOf(shape) * bytes) / 16)) * 16) / bytes;
    const array = scalar === "i32" ? new Int32Array(length) : scalar === "u32" ? new Uint32Array(length) : null;
    const values = array ?? new Float32Array(length);
    const given = data ?? inputs.get(name);
    if (given !== undefined) values.set(Array.from(given, (element) => decode(dtype, element)));
    return values;
  });
  const scheduled = program.kernels.map((kernel) => schedule(kernel, context));
  const subgroupSize = target.subgroups?.min ?? 32;
  for (const { dispatches, scratch } of scheduled) {
    // What lies there before is anybody's guess: NaN betrays whoever reads it.
    const areas = scratch.map((bytes) => new Float32Array(bytes / 4).fill(Number.NaN));
    const bound = (operand: Operand, { type }: Binding): BoundData => {
      if (operand.kind === "buffer") return memory[operand.id] as BoundData;
      if (operand.kind !== "scratch") throw new TypeError(`the interpreter binds no ${operand.kind}`);
      const area = areas[operand.index] as Float32Array<ArrayBuffer>;
      return type.scalar === "u32" ? new Uint32Array(area.buffer) : area;
    };
    for (const { module, operands, grid } of dispatches) {
      const bindings = operands.map((operand, i) => bound(operand, module.bindings[i] as Binding));
      interpret(module, bindings, grid, { subgroupSize });
    }
  }
  const outputs = new Map<string, TypedArray>();
  for (const { id, kind, name, dtype, shape } of program.buffers)
    if (kind === "output")
      outputs.set(name, encode(dtype, (memory[id] as BoundData).subarray(0, sizeOf(shape)) as BoundData));
  return { outputs, scheduled };
}

function decode(dtype: DType, element: number): number {
  return dtype === "f16" ? fromFloat16Bits(element) : dtype === "bf16" ? fromBfloat16Bits(element) : element;
}

function encode(dtype: DType, values: BoundData): TypedArray {
  switch (dtype) {
    case "f16":
      return Uint16Array.from(values, toFloat16Bits);
    case "bf16":
      return Uint16Array.from(values, toBfloat16Bits);
    case "bool":
      return Uint8Array.from(values);
    case "f32":
    case "i32":
      return values as TypedArray;
  }
}
