/** @file A Program on the wasm device: its buffers placed, its addresses written where the kernels read them, its runs. */
import { bytesPerElement, type DType, sizeOf } from "../../program/dtype.ts";
import type { BufferDecl, Program } from "../../program/program.ts";
import { finishedRun, type LoadedProgram, type StartedRun, type TypedArray } from "../device.ts";
import { DeviceError } from "../errors.ts";
import { headWords } from "./emit/stage.ts";
import type { Block, DeviceMemory } from "./memory.ts";
import type { Plan } from "./plan.ts";
import type { Profile } from "./profile.ts";
import type { Team } from "./threads/team.ts";

/** Memory that all programs share, since they never run at once. It may move when a program needs more. */
export interface SharedRegions {
  readonly arena: Block;
  readonly scratch: Block;
  readonly threadScratch: Block;
  readonly threadStride: number;
}

export interface ProgramHost {
  readonly memory: DeviceMemory;
  readonly team: Team;
  readonly profile: Profile | undefined;
  regions(): SharedRegions;
  stateBlock(id: string): Block;
  forget(program: WasmProgram): void;
}

interface Exports {
  run(parameters: number, thread: number, threads: number): number;
  await(done: number, units: number): number;
  barrier(threads: number): number;
  readonly [stage: string]: (...operands: number[]) => number;
}

const arrayTypes = {
  f32: Float32Array,
  i32: Int32Array,
  bool: Uint8Array,
  f16: Uint16Array,
  bf16: Uint16Array,
} as const;

/** The elements of a block, in place. */
export function viewOf(memory: WebAssembly.Memory, address: number, dtype: DType, size: number): TypedArray {
  return new arrayTypes[dtype](memory.buffer, address, size);
}

export function emptyArray(dtype: DType, size: number): TypedArray {
  return new arrayTypes[dtype](size);
}

export class WasmProgram implements LoadedProgram {
  readonly id: number;
  private readonly program: Program;
  private readonly plan: Plan;
  private readonly host: ProgramHost;
  private readonly exports: Exports;
  private readonly parameters: Block;
  /** Inputs, outputs and constants: this program's own. */
  private readonly own = new Map<number, Block>();
  /** States never move, and one that is dropped meanwhile must not keep the others from being bound again. */
  private readonly states = new Map<number, Block>();
  private disposed = false;

  constructor(id: number, program: Program, plan: Plan, module: WebAssembly.Module, host: ProgramHost) {
    this.id = id;
    this.program = program;
    this.plan = plan;
    this.host = host;
    const { memory } = host.memory;
    this.parameters = host.memory.allocate(plan.parameterBytes, `the parameters of program ${program.name}`);
    for (const decl of program.buffers) this.place(decl);
    this.bind();
    const instance = new WebAssembly.Instance(module, {
      env: { memory },
      math: Math as unknown as WebAssembly.ModuleImports,
    });
    this.exports = instance.exports as unknown as Exports;
    host.team.send({ id, module, parameters: this.parameters.address });
  }

  private place(decl: BufferDecl): void {
    if (decl.kind === "temp") return;
    if (decl.kind === "state") {
      this.states.set(decl.id, this.host.stateBlock(decl.name));
      return;
    }
    const size = sizeOf(decl.shape);
    const block = this.host.memory.allocate(
      size * bytesPerElement[decl.dtype],
      `${decl.kind} ${decl.label ?? decl.name} [${decl.shape.join(", ")}]`,
    );
    this.own.set(decl.id, block);
    if (decl.kind === "const") {
      const view = viewOf(this.host.memory.memory, block.address, decl.dtype, size);
      if (decl.data === undefined) view.fill(0);
      else view.set(decl.data);
    }
  }

  /** Writes all addresses into the parameter block; again whenever a shared region has moved. */
  bind(): void {
    const words = new Int32Array(this.host.memory.memory.buffer, this.parameters.address, this.plan.countersFrom / 4);
    const regions = this.host.regions();
    const addresses = this.program.buffers.map((decl) => {
      if (decl.kind === "temp") return regions.arena.address + (decl.arenaOffset ?? 0);
      return ((decl.kind === "state" ? this.states : this.own).get(decl.id) as Block).address;
    });
    for (const stage of this.plan.stages) {
      const at = stage.parameters / 4;
      words[at] = regions.scratch.address + stage.scratch;
      words[at + 1] = regions.threadScratch.address;
      words[at + 2] = regions.threadStride;
      stage.bindings.forEach((binding, i) => {
        words[at + headWords + i] = (addresses[binding.buffer] as number) + binding.offset;
      });
    }
  }

  start(inputs: ReadonlyMap<string, TypedArray>): Promise<StartedRun> {
    // Not an async function body: what is thrown becomes the promise's rejection, and nothing waits a turn of the event loop.
    return new Promise((resolve) => resolve(finishedRun(this.runNow(inputs))));
  }

  private runNow(inputs: ReadonlyMap<string, TypedArray>): ReadonlyMap<string, TypedArray> {
    if (this.disposed) throw new DeviceError(`program ${this.program.name} has been disposed of`);
    const { memory } = this.host.memory;
    for (const decl of this.program.buffers) {
      if (decl.kind !== "input") continue;
      const data = inputs.get(decl.name);
      const size = sizeOf(decl.shape);
      if (data === undefined || data.length !== size) {
        throw new DeviceError(
          `program ${this.program.name}: input ${decl.name} needs ${size} elements, got ${data?.length ?? "none"}`,
        );
      }
      viewOf(memory, (this.own.get(decl.id) as Block).address, decl.dtype, size).set(data);
    }
    const { team, profile } = this.host;
    this.counters().fill(0);
    const own =
      profile === undefined
        ? () => this.exports.run(this.parameters.address, 0, team.threads)
        : () => this.runProfiled(profile);
    team.run(this.id, own);
    const outputs = new Map<string, TypedArray>();
    for (const decl of this.program.buffers) {
      if (decl.kind !== "output") continue;
      const size = sizeOf(decl.shape);
      const result = emptyArray(decl.dtype, size);
      result.set(viewOf(memory, (this.own.get(decl.id) as Block).address, decl.dtype, size));
      outputs.set(decl.name, result);
    }
    return outputs;
  }

  /** What threads have taken and finished of each stage. */
  private counters(): Int32Array {
    const { countersFrom, parameterBytes } = this.plan;
    const from = this.parameters.address + countersFrom;
    return new Int32Array(this.host.memory.memory.buffer, from, (parameterBytes - countersFrom) / 4);
  }

  /** The same stages one by one, with the clock read between them; the other threads run as ever. */
  private runProfiled(profile: Profile): number {
    const { threads } = this.host.team;
    const { exports } = this;
    const at = this.parameters.address;
    const { stages } = this.plan;
    for (const { label, kind, units, waitsFor, parameters, counters, ...stage } of stages) {
      if (units === 0) continue;
      for (const before of threads > 1 ? waitsFor : []) {
        const { counters: done, units: all } = stages[before] as Plan["stages"][number];
        if (profile.time(`(waiting for ${kind})`, "", () => exports.await(at + done, all)) !== 0) return 1;
      }
      const run = exports[threads > 1 ? stage.claim : stage.function] as (...operands: number[]) => number;
      profile.time(label, kind, () =>
        threads > 1 ? run(at + parameters, at + counters, 0, threads) : run(at + parameters, 0, 0, units),
      );
    }
    return profile.time("(end)", "", () => exports.barrier(threads));
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.host.forget(this);
    this.host.team.send({ id: this.id });
    for (const block of [...this.own.values(), this.parameters]) this.host.memory.release(block);
  }
}
