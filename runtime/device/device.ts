/**
 * @file What a device is: something that takes Programs, and holds state buffers between their runs.
 *
 * A device folder's `index.ts` exports `openDevice: OpenDevice`. State buffers belong to the device and are shared by all of its
 * programs under their id, so a training step and a generation step see the same parameters without copying.
 */
import type { DType, Shape } from "../program/dtype.ts";
import type { Program } from "../program/program.ts";

/** Elements as the host holds them: f32 in Float32Array, i32 in Int32Array, bool in Uint8Array, f16 and bf16 as bits in Uint16Array. */
export type TypedArray = Float32Array | Int32Array | Uint8Array | Uint16Array;

export interface DeviceInfo {
  readonly name: string;
  readonly threads: number;
  /** What the engine or adapter offers and this device uses, for logs: "simd", "relaxed-fma" … */
  readonly features: readonly string[];
  /** What was asked for and could not be had, in words ("webgpu: no adapter"); reported once by whoever opened the device. */
  readonly notices: readonly string[];
}

export interface DeviceOptions {
  /** How many threads to run kernels on; the device's own choice where absent. */
  readonly threads?: number;
  /** Never contract a multiplication and an addition into one rounding, so that hosts with and without FMA agree. */
  readonly deterministicFma?: boolean;
}

export type OpenDevice = (options?: DeviceOptions) => Promise<Device>;

export interface Device {
  readonly name: string;
  readonly info: DeviceInfo;
  /** Compiles the kernels and places the buffers. Every state buffer that `program` names must exist. */
  load(program: Program): LoadedProgram | Promise<LoadedProgram>;
  /** A buffer that outlives runs; zeros where `data` is absent. @throws where the id is taken */
  createState(id: string, dtype: DType, shape: Shape, data?: TypedArray): void;
  /** Replaces the whole content. */
  writeState(id: string, data: TypedArray): void;
  /** A copy of the content, after every run that was started before. */
  readState(id: string): Promise<TypedArray>;
  dropState(id: string): void;
  close(): void | Promise<void>;
}

export interface LoadedProgram {
  /**
   * One run. `inputs` holds an array for each `input` buffer by its name; the result one for each `output` buffer, which the
   * caller may keep. State buffers that the kernels write have their new content afterwards. Runs do not overlap.
   */
  run(inputs: ReadonlyMap<string, TypedArray>): Promise<ReadonlyMap<string, TypedArray>>;
  dispose(): void;
}
