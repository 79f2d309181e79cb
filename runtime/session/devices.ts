/** @file The devices by name. Each is loaded when it is first wanted; what was wanted and not to be had is reported, never passed over. */
import type { Device, DeviceOptions } from "../device/device.ts";

export type DeviceName = "webgpu" | "wasm" | "tfjs" | "reference";

export interface OpenOptions extends DeviceOptions {
  readonly device?: DeviceName | "auto";
}

const loaders: Readonly<Record<DeviceName, (options: DeviceOptions) => Promise<Device>>> = {
  webgpu: async (options) => (await import("../device/webgpu/index.ts")).openDevice(options),
  tfjs: async (options) => (await import("../device/tfjs/index.ts")).openDevice(options),
  wasm: async (options) => (await import("../device/wasm/index.ts")).openDevice(options),
  reference: async (options) => (await import("../device/reference/index.ts")).openDevice(options),
};

/** `auto` is the fastest device that opens here. A device asked for by name that does not open is an error. */
export async function openDevice({
  device = "auto",
  ...options
}: OpenOptions = {}): Promise<{ device: Device; notices: readonly string[] }> {
  if (device !== "auto") {
    const opened = await loaders[device](options);
    return { device: opened, notices: opened.info.notices };
  }
  try {
    const opened = await loaders.wasm(options);
    return { device: opened, notices: opened.info.notices };
  } catch (error) {
    const opened = await loaders.reference(options);
    const reason = error instanceof Error ? error.message : String(error);
    return {
      device: opened,
      notices: [
        `the wasm device did not open (${reason}); using the reference device, which is far slower`,
        ...opened.info.notices,
      ],
    };
  }
}
