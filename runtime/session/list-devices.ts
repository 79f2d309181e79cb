/** @file Every device with what it offers on this machine, or why it cannot be had: `fgc devices`. */
import type { DeviceDescription } from "../device/description.ts";
import { DeviceUnavailableError } from "../device/errors.ts";
import { type DeviceName, openDevice } from "./devices.ts";

/** Those that offer a choice describe it themselves; the others are opened and asked. */
const describers: Readonly<Record<DeviceName, () => Promise<DeviceDescription>>> = {
  webgpu: async () => (await import("../device/webgpu/index.ts")).describeDevice(),
  wasm: () => describeByOpening("wasm"),
  tfjs: () => describeByOpening("tfjs"),
  reference: () => describeByOpening("reference"),
};

/** What each device says of itself on this machine, those that do not open with the reason. */
export async function listDevices(): Promise<readonly DeviceDescription[]> {
  const found: DeviceDescription[] = [];
  for (const [name, describe] of Object.entries(describers)) {
    try {
      found.push(await describe());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const hint = error instanceof DeviceUnavailableError ? { hint: error.hint } : {};
      found.push({ name, available: false, reason, ...hint, features: [], adapters: [] });
    }
  }
  return found;
}

async function describeByOpening(name: DeviceName): Promise<DeviceDescription> {
  const { device } = await openDevice({ device: name });
  const { threads, features } = device.info;
  await device.close();
  return { name, available: true, threads, features, adapters: [] };
}
