/**
 * @file The devices that the suites run on: every one that opens on this machine. One that does not is skipped, and the reason printed.
 *
 * `FGC_TEST_DEVICES=wasm,webgpu` picks; those named must open. CI names all four, so that a device cannot drop out unseen.
 */
import { vi } from "vitest";
import type { Device, DeviceOptions } from "../../runtime/device/device.ts";
import { DeviceUnavailableError } from "../../runtime/device/errors.ts";
import { type DeviceName, openSession, type Session } from "../../runtime/index.ts";
import { openDevice } from "../../runtime/session/devices.ts";
import { gpuSkipReason } from "../support/gpu.ts";

export interface TestDevice {
  readonly name: DeviceName;
  /** Plain loops: a step of millions of parameters takes minutes. */
  readonly isSlow: boolean;
  open(): Promise<Session>;
  /** Devices that must agree bit for bit; of the first the results are looked at. */
  openAll(): Promise<readonly Device[]>;
}

/** How each device is opened: one set of options per device that must give the same bits. */
const variants: Readonly<Record<DeviceName, readonly [DeviceOptions, ...DeviceOptions[]]>> = {
  reference: [{}],
  wasm: [{ threads: 1 }, { threads: 4 }],
  webgpu: [{ adapter: "software" }],
  tfjs: [{ adapter: "@tensorflow/tfjs-backend-cpu" }],
};

/** Notices are for users; a test that opens a device on purpose has nothing to be told. */
const quiet = { onNotice: () => {} };

function testDevice(name: DeviceName): TestDevice {
  return {
    name,
    isSlow: name === "reference" || name === "tfjs", // TensorFlow.js with its backend for plain JavaScript
    open: () => openSession({ device: name, ...(name === "wasm" ? {} : variants[name][0]), ...quiet }),
    openAll: () =>
      Promise.all(variants[name].map(async (options) => (await openDevice({ device: name, ...options })).device)),
  };
}

async function skipReason(name: DeviceName): Promise<string | undefined> {
  if (name === "webgpu") {
    const reason = await gpuSkipReason();
    if (reason !== undefined) return reason;
  }
  try {
    const { device } = await openDevice({ device: name, ...variants[name][0] });
    await device.close();
    return undefined;
  } catch (error) {
    if (error instanceof DeviceUnavailableError) return error.message;
    throw error;
  }
}

async function findDevices(): Promise<readonly TestDevice[]> {
  const wanted = process.env["FGC_TEST_DEVICES"]?.split(",");
  const found: TestDevice[] = [];
  for (const name of Object.keys(variants) as DeviceName[]) {
    if (wanted !== undefined && !wanted.includes(name)) continue;
    const reason = await skipReason(name);
    if (reason === undefined) found.push(testDevice(name));
    else if (wanted === undefined) console.warn(`skipped on ${name}: ${reason}`);
    else throw new Error(`FGC_TEST_DEVICES names ${name}, which does not open: ${reason}`);
  }
  return found;
}

export const testDevices: readonly TestDevice[] = await findDevices();

// A software GPU compiles each kernel for a tenth of a second on an idle machine, and a model has a hundred.
vi.setConfig({ testTimeout: 240_000 });
