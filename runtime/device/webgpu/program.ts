/**
 * @file A loaded Program: its pipelines and bindings, made once, and its runs. A run is one command buffer: one compute pass, then copies
 * of the outputs into a slot on their way back.
 */

import { sizeOf } from "../../program/dtype.ts";
import type { BufferDecl, Program } from "../../program/program.ts";
import type { LoadedProgram, StartedRun, TypedArray } from "../device.ts";
import { DeviceError } from "../errors.ts";
import type { Counters } from "./counters.ts";
import type { Faults } from "./faults.ts";
import { emptyArray, type Formats } from "./format.ts";
import { type Place, requirePlace } from "./layout.ts";
import type { GpuMemory } from "./memory.ts";
import { storageUsage } from "./memory.ts";
import type { Pace } from "./pace.ts";
import type { Pipelines } from "./pipelines.ts";
import type { Plan } from "./plan.ts";
import type { Profile } from "./profile.ts";
import { Readback, type Slot } from "./readback.ts";
import type { States } from "./states.ts";
import type { Turns } from "./turns.ts";

/** What programs of a device share. */
export interface ProgramHost {
  readonly device: GPUDevice;
  readonly faults: Faults;
  readonly formats: Formats;
  readonly memory: GpuMemory;
  readonly pipelines: Pipelines;
  readonly states: States;
  readonly pace: Pace;
  readonly turns: Turns;
  readonly profile: Profile | undefined;
  readonly counters: Counters;
}

interface Step {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [x: number, y: number, z: number];
}

interface Input {
  readonly decl: BufferDecl;
  readonly place: Place;
}

interface Output extends Input {
  /** Byte of the slot. */
  readonly at: number;
  readonly bytes: number;
}

export class WebGpuProgram implements LoadedProgram {
  private readonly host: ProgramHost;
  private readonly program: Program;
  private readonly plan: Plan;
  private readonly compiled: readonly GPUComputePipeline[];
  /** Heaps of its own: inputs and constants. */
  private readonly heaps: Map<string, GPUBuffer>;
  private readonly inputs: readonly Input[];
  private readonly outputs: readonly Output[];
  private readonly readback: Readback | undefined;
  private readonly uploads: UploadBlocks;
  private steps: readonly Step[] = [];
  /** The shared regions that `steps` are bound to. */
  private bound = new Map<string, GPUBuffer>();
  private statesSeen: number;
  private isDisposed = false;

  static async make(host: ProgramHost, program: Program, plan: Plan): Promise<WebGpuProgram> {
    const compiled = Promise.all(
      plan.dispatches.map(({ code, signature, kind, label }) =>
        host.pipelines.get(code, signature, `${kind} ${label}`),
      ),
    );
    compiled.catch(() => {}); // waited for below; until then a rejection is nobody's
    const heaps = new Map<string, GPUBuffer>();
    try {
      for (const [name, bytes] of [...plan.layout.own, ...sizes(plan.constants)]) {
        if (heaps.has(name)) continue;
        heaps.set(name, await host.memory.allocate(bytes, storageUsage, `the ${name} of program ${program.name}`));
      }
      const made = new WebGpuProgram(host, program, plan, await compiled, heaps);
      await host.turns.take(() => made.bind());
      return made;
    } catch (error) {
      for (const buffer of heaps.values()) host.memory.release(buffer);
      throw error;
    }
  }

  private constructor(
    host: ProgramHost,
    program: Program,
    plan: Plan,
    compiled: readonly GPUComputePipeline[],
    heaps: Map<string, GPUBuffer>,
  ) {
    this.host = host;
    this.program = program;
    this.plan = plan;
    this.compiled = compiled;
    this.heaps = heaps;
    this.statesSeen = host.states.generation;
    for (const [name, content] of plan.constants)
      host.device.queue.writeBuffer(heaps.get(name) as GPUBuffer, 0, content);
    const of = (kind: BufferDecl["kind"]): Input[] =>
      program.buffers
        .filter((decl) => decl.kind === kind)
        .map((decl) => ({ decl, place: requirePlace(plan.layout, decl.id) }));
    this.inputs = of("input");
    let at = 0;
    this.outputs = of("output").map(({ decl, place }) => {
      const output = { decl, place, at, bytes: host.formats.bytes(decl.dtype, sizeOf(decl.shape)) };
      at += output.bytes;
      return output;
    });
    this.readback = at === 0 ? undefined : new Readback(host.device, host.faults, at);
    this.uploads = new UploadBlocks(
      [...plan.layout.own].filter(([name]) => name.startsWith("inputs")).map(([name, bytes]) => ({ name, bytes })),
    );
  }

  /** Makes the bind groups, over the shared regions as they are now. */
  private async bind(): Promise<void> {
    const { host, plan } = this;
    this.bound = new Map();
    for (const [name, bytes] of plan.regions)
      this.bound.set(
        name,
        await host.memory.region(name, bytes, `the ${nameOfRegion(name)} of program ${this.program.name}`),
      );
    const groups = new Map<string, GPUBindGroup>();
    this.steps = plan.dispatches.map(({ signature, places, grid }, i) => {
      const key = `${signature} ${places.map(({ heap, offset, bytes }) => `${heap}+${offset}:${bytes}`).join(" ")}`;
      let group = groups.get(key);
      if (group === undefined) {
        group = host.device.createBindGroup({
          layout: host.pipelines.layout(signature),
          entries: places.map(({ heap, offset, bytes }, binding) => ({
            binding,
            resource: { buffer: this.bufferOf(heap), offset, size: bytes },
          })),
        });
        groups.set(key, group);
      }
      return { pipeline: this.compiled[i] as GPUComputePipeline, group, grid };
    });
  }

  private bufferOf(heap: string): GPUBuffer {
    const buffer = this.heaps.get(heap) ?? this.bound.get(heap) ?? this.host.states.heap(heap);
    if (buffer === undefined) throw new Error(`program ${this.program.name}: there is no heap ${heap}`);
    return buffer;
  }

  private get isBound(): boolean {
    for (const [name, buffer] of this.bound) if (this.host.memory.currentRegion(name) !== buffer) return false;
    return true;
  }

  async start(inputs: ReadonlyMap<string, TypedArray>): Promise<StartedRun> {
    this.host.faults.check();
    const blocks = this.uploads.take();
    for (const { decl, place } of this.inputs)
      this.host.formats.encode(
        decl.dtype,
        inputs.get(decl.name) as TypedArray,
        blocks.get(place.heap) as ArrayBuffer,
        place.offset,
      );
    return this.host.turns.take(() => this.launch(blocks));
  }

  private async launch(blocks: ReadonlyMap<string, ArrayBuffer>): Promise<StartedRun> {
    const { host } = this;
    const pause = host.pace.wait();
    if (pause !== undefined) await pause;
    host.faults.check();
    if (this.isDisposed) throw new DeviceError(`program ${this.program.name} was disposed`);
    if (this.statesSeen !== host.states.generation) this.checkStates();
    if (!this.isBound) await this.bind();
    const from = performance.now();
    // Dawn's own staging: 25–35 µs for 128 KiB and less, where a ring of mapped buffers took 40–50 and a second wait (SwiftShader; null: 16, 22).
    for (const [heap, block] of blocks) host.device.queue.writeBuffer(this.bufferOf(heap), 0, block);
    this.uploads.giveBack(blocks);
    const encoder = host.device.createCommandEncoder();
    if (host.profile === undefined) this.encode(encoder);
    else host.profile.encode(encoder, this.plan.dispatches, this.steps);
    const slot = this.readback?.take();
    if (slot !== undefined)
      for (const { place, at, bytes } of this.outputs)
        encoder.copyBufferToBuffer(this.bufferOf(place.heap), place.offset, slot.buffer, slot.offset + at, bytes);
    host.device.queue.submit([encoder.finish()]);
    host.counters.runs++;
    host.counters.dispatches += this.steps.length;
    host.counters.hostMs += performance.now() - from;
    host.profile?.submitted();
    host.pace.submitted();
    return this.runOf(slot);
  }

  /** Some state was dropped since the last run. */
  private checkStates(): void {
    const { states } = this.host;
    for (const { kind, id, name, label } of this.program.buffers)
      if (kind === "state" && !states.isAt(name, requirePlace(this.plan.layout, id)))
        throw new DeviceError(`program ${this.program.name} uses state ${label ?? name}, which was dropped`);
    this.statesSeen = states.generation;
  }

  private encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass();
    let pipeline: GPUComputePipeline | undefined;
    let group: GPUBindGroup | undefined;
    for (const step of this.steps) {
      if (step.pipeline !== pipeline) {
        pipeline = step.pipeline;
        pass.setPipeline(pipeline);
      }
      if (step.group !== group) {
        group = step.group;
        pass.setBindGroup(0, group);
      }
      pass.dispatchWorkgroups(...step.grid);
    }
    pass.end();
  }

  private runOf(slot: Slot | undefined): StartedRun {
    const { host } = this;
    return {
      read: async () => {
        if (slot === undefined) {
          await host.faults.wait(host.device.queue.onSubmittedWorkDone());
          host.faults.check();
          return new Map();
        }
        const memory = await slot.read();
        return new Map(
          this.outputs.map(({ decl, at }) => {
            const elements = sizeOf(decl.shape);
            const data = emptyArray(decl.dtype, elements);
            host.formats.decode(decl.dtype, memory, data, 0, elements, at);
            return [decl.name, data] as const;
          }),
        );
      },
      drop: () => slot?.drop(),
    };
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.readback?.dispose();
    for (const buffer of this.heaps.values()) this.host.memory.release(buffer);
    this.heaps.clear();
  }
}

const nameOfRegion = (region: string): string =>
  region.startsWith("arena") ? "arena (temporaries)" : region.startsWith("scratch") ? "scratch memory" : "outputs";

const sizes = (contents: ReadonlyMap<string, ArrayBuffer>): [string, number][] =>
  [...contents].map(([name, { byteLength }]) => [name, byteLength]);

/** Host memory in which inputs are put together; more than one set only where runs are asked for faster than they begin. */
class UploadBlocks {
  private readonly heaps: readonly { readonly name: string; readonly bytes: number }[];
  private spare: ReadonlyMap<string, ArrayBuffer> | undefined;

  constructor(heaps: readonly { readonly name: string; readonly bytes: number }[]) {
    this.heaps = heaps;
  }

  take(): ReadonlyMap<string, ArrayBuffer> {
    const blocks = this.spare ?? new Map(this.heaps.map(({ name, bytes }) => [name, new ArrayBuffer(bytes)]));
    this.spare = undefined;
    return blocks;
  }

  giveBack(blocks: ReadonlyMap<string, ArrayBuffer>): void {
    this.spare = blocks;
  }
}
