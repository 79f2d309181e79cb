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
  /** The hardware behind it, as its driver calls it: "NVIDIA H100 PCIe". */
  readonly adapter?: string;
  /** What the engine or adapter offers and this device uses, for logs: "simd", "relaxed-fma" … */
  readonly features: readonly string[];
  /** A run is over when its `start` resolves: reading it at once costs nothing. Absent: several are under way, and a read waits for the device. */
  readonly synchronous?: true;
  /** What was asked for and could not be had, in words ("webgpu: no adapter"); reported once by whoever opened the device. */
  readonly notices: readonly string[];
}

export interface DeviceOptions {
  /** How many threads to run kernels on; the device's own choice where absent. */
  readonly threads?: number;
  /**
   * Which of several: for webgpu a part of the adapter's name, or `software` for a driver that runs on the processor; for tfjs the
   * package of the backend. The best one where absent.
   */
  readonly adapter?: string;
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
   * Starts one run. `inputs` holds an array for each `input` buffer by its name; they are copied before this returns. Resolves as soon
   * as the device takes another order, which may be before the run is over: a GPU keeps a few runs in flight, and here is where it holds
   * its caller back. Runs, reads and writes of states take effect in the order in which they were asked for. A fault of a run that is
   * under way rejects its `read`, and every later order.
   */
  start(inputs: ReadonlyMap<string, TypedArray>): Promise<StartedRun>;
  dispose(): void;
}

/** Exactly one of the two is called, once. */
export interface StartedRun {
  /** The content of each `output` buffer after this run, by name, for the caller to keep. Asking for several runs at once costs one trip. */
  read(): Promise<ReadonlyMap<string, TypedArray>>;
  /** Nobody wants the outputs. */
  drop(): void;
}

/** A run that was over when it started: what devices that compute at once return. */
export function finishedRun(outputs: ReadonlyMap<string, TypedArray>): StartedRun {
  return { read: async () => outputs, drop: () => {} };
}
