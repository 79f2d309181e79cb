/** @file The devices by name. Each is loaded when it is first wanted; what was wanted and not to be had is reported, never passed over. */
import type { Device, DeviceOptions } from "../device/device.ts";
import { DeviceUnavailableError } from "../device/errors.ts";

export type DeviceName = "webgpu" | "wasm" | "tfjs" | "reference";

export interface OpenOptions extends DeviceOptions {
  readonly device?: DeviceName | "auto";
}

export interface OpenedDevice {
  readonly device: Device;
  /** What the user should know about the choice, once. */
  readonly notices: readonly string[];
}

const loaders: Readonly<Record<DeviceName, (options: DeviceOptions) => Promise<Device>>> = {
  webgpu: async (options) => (await import("../device/webgpu/index.ts")).openDevice(options),
  tfjs: async (options) => (await import("../device/tfjs/index.ts")).openDevice(options),
  wasm: async (options) => (await import("../device/wasm/index.ts")).openDevice(options),
  reference: async (options) => (await import("../device/reference/index.ts")).openDevice(options),
};

/** The fastest first. TensorFlow.js is slower than either of ours wherever ours open, so it is for those who ask. */
const automatic = ["webgpu", "wasm", "reference"] as const satisfies readonly DeviceName[];

/** `auto` is the fastest device that opens here. One asked for by name that does not open is an error, and so is an adapter. */
export async function openDevice({ device = "auto", ...options }: OpenOptions = {}): Promise<OpenedDevice> {
  if (device !== "auto") {
    if (options.adapter !== undefined && (device === "wasm" || device === "reference"))
      throw new DeviceUnavailableError(
        `the ${device} device has no adapters, and '${options.adapter}' is asked for`,
        "leave out the adapter, or ask for the webgpu or the tfjs device",
      );
    return openNamed(device, options);
  }
  if (options.adapter !== undefined) return openNamed("webgpu", options);
  const notices: string[] = [];
  for (const [i, name] of automatic.entries()) {
    const next = automatic[i + 1];
    try {
      const opened = await openNamed(name, options);
      return { ...opened, notices: [...notices, ...opened.notices] };
    } catch (error) {
      if (next === undefined) throw error;
      const notice = describeStep(name, next, error);
      if (notice !== undefined) notices.push(notice);
    }
  }
  throw new DeviceUnavailableError("no device opens here", "this build of fgc contains none");
}

async function openNamed(name: DeviceName, options: DeviceOptions): Promise<OpenedDevice> {
  const device = await loaders[name](options);
  return { device, notices: device.info.notices };
}

/** Nothing where a device needs a package that was never installed: that is how most machines are. */
function describeStep(from: DeviceName, to: DeviceName, error: unknown): string | undefined {
  if (error instanceof DeviceUnavailableError && !error.isInstalled) return undefined;
  const reason = error instanceof Error ? error.message : String(error);
  const price = to === "reference" ? ", which is far slower" : "";
  return `the ${from} device did not open (${reason}); using the ${to} device${price}`;
}
