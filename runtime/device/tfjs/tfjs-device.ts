/** @file The device itself: states, the order of what is asked for, and how many runs may be under way. */
import { type DType, type Shape, sizeOf } from "../../program/dtype.ts";
import type { Program } from "../../program/program.ts";
import type { Device, DeviceInfo, LoadedProgram, TypedArray } from "../device.ts";
import { DeviceError } from "../errors.ts";
import type { Tensor, Tf } from "./api.ts";
import type { Backend } from "./backend.ts";
import { lowerProgram } from "./lower.ts";
import { type ProgramHost, TfjsProgram } from "./program.ts";
import { fromTensorData, tensorTypeOf, toTensorData } from "./storage.ts";
import type { Traits } from "./traits.ts";

interface State {
  readonly dtype: DType;
  readonly size: number;
  tensor: Tensor;
}

/** Runs that a backend with a queue of its own may have under way. */
const runsInFlight = 2;

export class TfjsDevice implements Device, ProgramHost {
  readonly name = "tfjs";
  readonly info: DeviceInfo;
  readonly tf: Tf;
  private readonly backend: Backend;
  private readonly traits: Traits;
  private readonly states = new Map<string, State>();
  private readonly programs = new Set<TfjsProgram>();
  private readonly fences: Promise<unknown>[] = [];
  /** Settles when all that was asked for so far is done; absent where it is. */
  private tail: Promise<unknown> | undefined;
  private closed = false;

  constructor(backend: Backend, traits: Traits) {
    this.backend = backend;
    this.traits = traits;
    this.tf = backend.tf;
    this.info = {
      name: "tfjs",
      threads: 1,
      adapter: `${backend.packageName} ${backend.version}`,
      features: featuresOf(backend.name, traits),
      ...(traits.readsAtOnce ? { synchronous: true } : {}),
      notices: backend.notices,
    };
  }

  async load(program: Program): Promise<LoadedProgram> {
    this.check();
    return this.inTurn(async () => {
      const loaded = await TfjsProgram.load(program, lowerProgram(this.tf, this.traits, program), this);
      this.programs.add(loaded);
      return loaded;
    });
  }

  createState(id: string, dtype: DType, shape: Shape, data?: TypedArray): void {
    this.check();
    if (this.states.has(id)) throw new DeviceError(`state ${id} exists already`);
    const size = sizeOf(shape);
    if (data !== undefined && data.length !== size)
      throw new DeviceError(`state ${id} has ${size} elements, not ${data.length}`);
    this.activate();
    const type = tensorTypeOf(dtype);
    const tensor =
      data === undefined ? this.tf.zeros([size], type) : this.tf.tensor(toTensorData(dtype, data), [size], type);
    this.states.set(id, { dtype, size, tensor });
  }

  writeState(id: string, data: TypedArray): void {
    const { dtype, size } = this.state(id);
    if (data.length !== size) throw new DeviceError(`state ${id} has ${size} elements, not ${data.length}`);
    const copy = toTensorData(dtype, data);
    void this.inTurn(() => this.replaceState(id, this.tf.tensor(copy, [size], tensorTypeOf(dtype))));
  }

  async readState(id: string): Promise<TypedArray> {
    const { dtype } = this.state(id);
    return this.inTurn(async () => fromTensorData(dtype, await this.state(id).tensor.data()));
  }

  dropState(id: string): void {
    this.state(id);
    void this.inTurn(() => {
      this.state(id).tensor.dispose();
      this.states.delete(id);
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.tail;
    await Promise.allSettled(this.fences);
    for (const program of this.programs) program.release();
    this.programs.clear();
    for (const { tensor } of this.states.values()) tensor.dispose();
    this.states.clear();
  }

  inTurn<T>(task: () => T | Promise<T>): T | Promise<T> {
    const act = (): T | Promise<T> => {
      this.activate();
      return task();
    };
    const result = this.tail === undefined ? act() : this.tail.then(act);
    if (!(result instanceof Promise)) return result;
    const tail = result
      .catch(() => {}) // its caller's to handle
      .then(() => {
        if (this.tail === tail) this.tail = undefined;
      });
    this.tail = tail;
    return result;
  }

  /** The engine of TensorFlow.js is one for the whole process: somebody else may have chosen another backend meanwhile. */
  private activate(): void {
    if (this.tf.getBackend() !== this.backend.name) void this.tf.setBackend(this.backend.name);
  }

  stateTensor(id: string): Tensor {
    return this.state(id).tensor;
  }

  replaceState(id: string, tensor: Tensor): void {
    const state = this.state(id);
    state.tensor.dispose();
    state.tensor = tensor;
  }

  runStarted(results: readonly Tensor[]): Promise<void> | undefined {
    if (this.traits.readsAtOnce) return undefined;
    const smallest = results.reduce<Tensor | undefined>(
      (least, tensor) => (least === undefined || tensor.size < least.size ? tensor : least),
      undefined,
    );
    if (smallest === undefined) return undefined;
    const probe = this.tf.slice(smallest, [0], [Math.min(1, smallest.size)]);
    const fence = probe
      .data()
      .catch(() => {}) // the fault shows where the run is read
      .then(() => probe.dispose());
    this.fences.push(fence);
    return this.fences.length > runsInFlight ? this.fences.shift()?.then(() => {}) : undefined;
  }

  forget(program: TfjsProgram): void {
    this.programs.delete(program);
  }

  private state(id: string): State {
    const state = this.states.get(id);
    if (state === undefined) throw new DeviceError(`there is no state ${id}`);
    return state;
  }

  private check(): void {
    if (this.closed) throw new DeviceError("the device is closed");
  }
}

function featuresOf(backend: string, traits: Traits): readonly string[] {
  const exact = traits.integersExact ? [] : ["integers below 2^24"];
  return [backend, traits.scattersInOrder ? "host memory" : "device memory", ...exact];
}
