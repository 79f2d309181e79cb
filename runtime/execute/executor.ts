/**
 * @file Runs Programs on a device: in the order asked for, with inputs checked against their declarations and
 * state buffers created when a program first names them. All that a bundle compiled ahead of time needs beside its Programs.
 */
import type { Device, StartedRun, TypedArray } from "../device/device.ts";
import { type DType, type Shape, sizeOf } from "../program/dtype.ts";
import type { BufferDecl, Program } from "../program/program.ts";

/** An array of elements with what they mean. */
export interface HostTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The content of a state when it is first needed; zeros where undefined. */
export type InitialState = (id: string) => TypedArray | undefined;

export interface PreparedProgram {
  readonly program: Program;
  /** Starts a run after what was asked for before; resolves when the device takes the next. */
  start(inputs: ReadonlyMap<string, TypedArray>): Promise<PendingOutputs>;
  dispose(): void;
}

/** The outputs of a run that may still be under way. Exactly one of the two is called, once. */
export interface PendingOutputs {
  read(): Promise<ReadonlyMap<string, HostTensor>>;
  drop(): void;
}

export class Executor {
  readonly device: Device;
  private readonly states = new Set<string>();
  /** Settles when everything asked for so far has been done. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(device: Device) {
    this.device = device;
  }

  /** Creates a state unless it exists. */
  ensureState(id: string, dtype: DType, shape: Shape, initial: () => TypedArray | undefined): void {
    if (this.states.has(id)) return;
    this.device.createState(id, dtype, shape, initial());
    this.states.add(id);
  }

  async prepare(program: Program, initial: InitialState): Promise<PreparedProgram> {
    for (const decl of program.buffers) {
      if (decl.kind === "state") this.ensureState(decl.name, decl.dtype, decl.shape, () => initial(decl.name));
    }
    const loaded = await this.device.load(program);
    const declared = program.buffers.filter((decl) => decl.kind === "input");
    const outputs = new Map(program.buffers.filter((decl) => decl.kind === "output").map((decl) => [decl.name, decl]));
    return {
      program,
      // Not an async function: an input that does not fit is the caller's mistake, told before anything is queued.
      start: (inputs) => {
        for (const decl of declared) checkInput(program, decl, inputs.get(decl.name));
        return this.inTurn(async () => pendingOutputs(await loaded.start(inputs), outputs));
      },
      dispose: () => loaded.dispose(),
    };
  }

  readState(id: string): Promise<TypedArray> {
    return this.inTurn(() => this.device.readState(id));
  }

  /** Takes effect after the runs that were asked for before. */
  writeState(id: string, data: TypedArray): void {
    const copy = data.slice();
    void this.inTurn(async () => this.device.writeState(id, copy));
  }

  async close(): Promise<void> {
    await this.queue.catch(() => {});
    await this.device.close();
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.queue.then(task);
    // A failed run is its caller's to handle; what comes after it still runs.
    this.queue = result.catch(() => {});
    return result;
  }
}

function pendingOutputs(run: StartedRun, outputs: ReadonlyMap<string, BufferDecl>): PendingOutputs {
  return {
    drop: () => run.drop(),
    read: async () => {
      const results = new Map<string, HostTensor>();
      for (const [name, data] of await run.read()) {
        const decl = outputs.get(name);
        if (decl !== undefined) results.set(name, { data, shape: decl.shape, dtype: decl.dtype });
      }
      return results;
    },
  };
}

const arrayNames: Readonly<Record<DType, string>> = {
  f32: "Float32Array",
  i32: "Int32Array",
  bool: "Uint8Array",
  f16: "Uint16Array",
  bf16: "Uint16Array",
};

function checkInput(program: Program, decl: BufferDecl, data: TypedArray | undefined): void {
  const wanted = `${arrayNames[decl.dtype]} of ${sizeOf(decl.shape)} for [${decl.shape.join(", ")}]`;
  if (data === undefined) throw new TypeError(`${program.name}: input '${decl.name}' is missing; wants a ${wanted}`);
  if (data.constructor.name !== arrayNames[decl.dtype] || data.length !== sizeOf(decl.shape)) {
    throw new TypeError(
      `${program.name}: input '${decl.name}' is a ${data.constructor.name} of ${data.length}; wants a ${wanted}`,
    );
  }
}
