/** @file The WebGPU device: what the parts of this folder are together. */
import type { DType, Shape } from "../../program/dtype.ts";
import type { Program } from "../../program/program.ts";
import type { Device, DeviceInfo, LoadedProgram, TypedArray } from "../device.ts";
import type { GpuTarget } from "../gpu/target.ts";
import { newCounters } from "./counters.ts";
import { Faults } from "./faults.ts";
import { Formats } from "./format.ts";
import { GpuMemory } from "./memory.ts";
import { Pace } from "./pace.ts";
import { Pipelines } from "./pipelines.ts";
import { planProgram, type ScheduleKernel } from "./plan.ts";
import { Profile } from "./profile.ts";
import { type ProgramHost, WebGpuProgram } from "./program.ts";
import { RangeReader } from "./range-reader.ts";
import { States } from "./states.ts";
import { Turns } from "./turns.ts";

export interface WebGpuDeviceOptions {
  readonly info: DeviceInfo;
  readonly target: GpuTarget;
  readonly hasProfile: boolean;
  readonly isSoftware: boolean;
  readonly schedule: ScheduleKernel;
}

export class WebGpuDevice implements Device, ProgramHost {
  readonly name = "webgpu";
  readonly info: DeviceInfo;
  readonly target: GpuTarget;
  readonly device: GPUDevice;
  readonly faults: Faults;
  readonly formats: Formats;
  readonly memory: GpuMemory;
  readonly pipelines: Pipelines;
  readonly states: States;
  readonly pace: Pace;
  readonly turns = new Turns();
  readonly profile: Profile | undefined;
  readonly counters = newCounters();
  private readonly schedule: ScheduleKernel;
  private isClosed = false;

  constructor(device: GPUDevice, { info, target, hasProfile, isSoftware, schedule }: WebGpuDeviceOptions) {
    this.device = device;
    this.info = info;
    this.target = target;
    this.schedule = schedule;
    this.faults = new Faults(device, info.adapter ?? "GPU");
    this.formats = new Formats(target);
    this.memory = new GpuMemory(device, this.faults);
    this.pipelines = new Pipelines(device, this.faults, { isSoftware });
    const reader = new RangeReader(device, this.faults);
    this.states = new States(device, this.memory, this.formats, this.faults, reader);
    this.pace = new Pace(device.queue);
    this.profile = hasProfile ? new Profile(device) : undefined;
  }

  async load(program: Program): Promise<LoadedProgram> {
    this.faults.check();
    const states = program.buffers.filter(({ kind }) => kind === "state");
    const labels = new Map(states.map(({ name, label }) => [name, label ?? name]));
    await this.turns.take(() =>
      this.states.place(
        states.map(({ name }) => name),
        labels,
      ),
    );
    const plan = planProgram(program, {
      schedule: this.schedule,
      target: this.target,
      formats: this.formats,
      largestBuffer: this.memory.largestBuffer,
      stateOf: (id) => {
        const { heap, offset, bytes } = this.states.placeOf(id);
        return { heap: heap.name, offset, bytes };
      },
      stateHeapBytes: (heap) => this.states.heap(heap)?.size,
    });
    const loaded = await WebGpuProgram.make(this, program, plan);
    this.faults.check();
    return loaded;
  }

  createState(id: string, dtype: DType, shape: Shape, data?: TypedArray): void {
    this.faults.check();
    this.states.create(id, dtype, shape, data);
  }

  writeState(id: string, data: TypedArray): void {
    this.faults.check();
    const write = this.states.prepareWrite(id, data);
    void this.turns.take(async () => write());
  }

  readState(id: string): Promise<TypedArray> {
    return this.turns.take(async () => {
      this.faults.check();
      return this.states.read(id);
    });
  }

  dropState(id: string): void {
    this.states.drop(id);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.profile !== undefined) console.error(await this.profile.table());
    this.faults.close();
    this.device.destroy();
  }
}
