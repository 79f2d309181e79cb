/**
 * @file The wasm device: Programs become WebAssembly (SIMD, relaxed SIMD where it fuses), run by a team of threads over one shared
 * memory.
 *
 *     program ─ emit/ ─▶ functions ─ plan.ts ─▶ module + waits ─ program.ts ─▶ addresses ─ threads/ ─▶ runs
 */
import { bytesPerElement, type DType, type Shape, sizeOf } from "../../program/dtype.ts";
import type { Program } from "../../program/program.ts";
import type { Device, DeviceInfo, DeviceOptions, OpenDevice, TypedArray } from "../device.ts";
import { DeviceError } from "../errors.ts";
import type { MicroKernels } from "./emit/stage.ts";
import { type Block, DeviceMemory } from "./memory.ts";
import { type Plan, planProgram } from "./plan.ts";
import { Profile } from "./profile.ts";
import { emptyArray, type ProgramHost, type SharedRegions, viewOf, WasmProgram } from "./program.ts";
import { compileOptimized, usableCores } from "./threads/host.ts";
import { Team } from "./threads/team.ts";
import { chooseTiles, detectCapabilities } from "./tuning.ts";

export const openDevice: OpenDevice = async (options = {}) => {
  const memory = new DeviceMemory();
  const { fma: fused, relaxedUnfused } = detectCapabilities(memory);
  const fma = fused && options.deterministicFma !== true;
  const micro = await chooseTiles(fma);
  const { threads, notices } = chooseThreads(options, memory.shared);
  const team = await Team.start(memory.memory, threads);
  if (relaxedUnfused)
    notices.push("wasm: this processor has no fused multiply-add; matmuls reach about two thirds of what they could");
  const tile = (shape: MicroKernels["gemm"]): string => `${shape.mr}x${shape.nv * 4}`;
  const info: DeviceInfo = {
    name: "wasm",
    threads,
    features: ["simd", ...(fma ? ["relaxed-fma"] : []), `tile ${tile(micro.gemm)}`],
    notices,
    synchronous: true,
  };
  return new WasmDevice(info, memory, team, micro, fma);
};

function chooseThreads(options: DeviceOptions, shared: boolean): { threads: number; notices: string[] } {
  const notices: string[] = [];
  const asked = options.threads ?? numberFrom(process.env["FGC_THREADS"]);
  const wanted = Math.max(1, Math.floor(asked ?? usableCores()));
  if (!shared && wanted > 1)
    notices.push("wasm: one thread, since this page may not share memory: it is not cross-origin isolated");
  const threads = shared ? wanted : 1;
  const most = 256;
  if (threads > most) notices.push(`wasm: ${threads} threads were asked for, ${most} are used`);
  return { threads: Math.min(threads, most), notices };
}

function numberFrom(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && text !== "" && Number.isFinite(value) && value >= 1 ? value : undefined;
}

interface State {
  readonly block: Block;
  readonly dtype: DType;
  readonly size: number;
}

class WasmDevice implements Device, ProgramHost {
  readonly name = "wasm";
  readonly info: DeviceInfo;
  readonly memory: DeviceMemory;
  readonly team: Team;
  readonly profile: Profile | undefined = process.env["FGC_PROFILE"] === "1" ? new Profile() : undefined;
  private readonly micro: MicroKernels;
  private readonly fma: boolean;
  private readonly states = new Map<string, State>();
  private readonly programs = new Set<WasmProgram>();
  private shared: SharedRegions;
  private nextId = 1;
  private closed = false;

  constructor(info: DeviceInfo, memory: DeviceMemory, team: Team, micro: MicroKernels, fma: boolean) {
    this.info = info;
    this.memory = memory;
    this.team = team;
    this.micro = micro;
    this.fma = fma;
    const empty = (): Block => memory.allocate(0, "an empty region");
    this.shared = { arena: empty(), scratch: empty(), threadScratch: empty(), threadStride: 0 };
  }

  async load(program: Program): Promise<WasmProgram> {
    this.check();
    const plan = planProgram(program, {
      threads: this.team.threads,
      micro: this.micro,
      fma: this.fma,
      maximumPages: this.memory.maximumPages,
      shared: this.memory.shared,
    });
    const module = await compileOptimized(() => WebAssembly.compile(plan.bytes));
    this.check();
    this.makeRoom(program, plan);
    const loaded = new WasmProgram(this.nextId++, program, plan, module, this);
    this.programs.add(loaded);
    return loaded;
  }

  /** Grows the shared regions to what `plan` needs; programs that know the old places are told the new ones. */
  private makeRoom(program: Program, plan: Plan): void {
    const { arena, scratch, threadScratch, threadStride } = this.shared;
    const stride = Math.max(threadStride, plan.threadScratchBytes);
    const grown = (block: Block, bytes: number, what: string): Block => {
      if (block.bytes >= bytes) return block;
      this.memory.release(block);
      return this.memory.allocate(bytes, `${what} of program ${program.name}`);
    };
    this.shared = {
      arena: grown(arena, program.arenaBytes, "the arena"),
      scratch: grown(scratch, plan.sharedScratchBytes, "scratch memory"),
      threadScratch: grown(threadScratch, stride * this.team.threads, "the threads' scratch memory"),
      threadStride: stride,
    };
    for (const loaded of this.programs) loaded.bind();
  }

  regions(): SharedRegions {
    return this.shared;
  }

  stateBlock(id: string): Block {
    return this.state(id).block;
  }

  forget(program: WasmProgram): void {
    this.programs.delete(program);
  }

  createState(id: string, dtype: DType, shape: Shape, data?: TypedArray): void {
    this.check();
    if (this.states.has(id)) throw new DeviceError(`state ${id} exists already`);
    const size = sizeOf(shape);
    const block = this.memory.allocate(size * bytesPerElement[dtype], `state ${id} [${shape.join(", ")}]`);
    this.states.set(id, { block, dtype, size });
    if (data === undefined) viewOf(this.memory.memory, block.address, dtype, size).fill(0);
    else this.writeState(id, data);
  }

  writeState(id: string, data: TypedArray): void {
    const { block, dtype, size } = this.state(id);
    if (data.length !== size) throw new DeviceError(`state ${id} has ${size} elements, not ${data.length}`);
    viewOf(this.memory.memory, block.address, dtype, size).set(data);
  }

  async readState(id: string): Promise<TypedArray> {
    const { block, dtype, size } = this.state(id);
    const copy = emptyArray(dtype, size);
    copy.set(viewOf(this.memory.memory, block.address, dtype, size));
    return copy;
  }

  dropState(id: string): void {
    this.memory.release(this.state(id).block);
    this.states.delete(id);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.team.close();
    if (this.profile !== undefined) console.error(this.profile.table());
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
