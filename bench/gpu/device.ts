/** @file The device under test, and what it tells about itself. */
import type { Device } from "../../runtime/device/device.ts";
import type { Counters } from "../../runtime/device/webgpu/counters.ts";
import { WebGpuDevice } from "../../runtime/device/webgpu/device.ts";
import type { ProfileRow } from "../../runtime/device/webgpu/profile.ts";
import { Executor } from "../../runtime/execute/executor.ts";
import { type DeviceName, openDevice } from "../../runtime/session/devices.ts";
import { Session } from "../../runtime/session/session.ts";
import type { Setting } from "./measure.ts";
import type { Options } from "./options.ts";

export class OpenedDevice {
  readonly device: Device;
  readonly setting: Setting;
  private readonly gpu: WebGpuDevice | undefined;

  constructor(device: Device) {
    this.device = device;
    this.gpu = device instanceof WebGpuDevice ? device : undefined;
    const { name, adapter = name, features } = device.info;
    this.setting = { device: name, adapter, features: features.join(", ") };
  }

  session(): Session {
    return new Session(new Executor(this.device), () => {});
  }

  counters(): Counters | undefined {
    return this.gpu && { ...this.gpu.counters };
  }

  /** Since `before`: dispatches of a run, and what one costs this thread. Nothing where the device does not dispatch. */
  perRun(before: Counters | undefined): {
    dispatchesPerStep?: number;
    hostUsPerDispatch?: number;
    hostMsPerStep?: number;
  } {
    const now = this.counters();
    if (before === undefined || now === undefined || now.runs === before.runs) return {};
    const [runs, dispatches] = [now.runs - before.runs, now.dispatches - before.dispatches];
    const hostMs = now.hostMs - before.hostMs;
    return {
      dispatchesPerStep: dispatches / runs,
      hostUsPerDispatch: (1000 * hostMs) / dispatches,
      hostMsPerStep: hostMs / runs,
    };
  }

  /** Where the device was opened to keep time: what each kernel took so far. */
  async profile(): Promise<readonly ProfileRow[]> {
    return (await this.gpu?.profile?.rows()) ?? [];
  }
}

export async function openForBench({ device, adapter }: Options, { profiled = false } = {}): Promise<OpenedDevice> {
  const key = "FGC_PROFILE";
  const kept = process.env[key];
  process.env[key] = profiled ? "1" : "0";
  try {
    const options = { device: device as DeviceName, ...(adapter === undefined ? {} : { adapter }) };
    const { device: opened, notices } = await openDevice(options);
    for (const notice of notices) console.error(`bench: ${notice}`);
    return new OpenedDevice(opened);
  } finally {
    if (kept === undefined) delete process.env[key];
    else process.env[key] = kept;
  }
}
