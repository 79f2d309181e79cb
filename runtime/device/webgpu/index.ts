/** @file The webgpu device. */
import type { OpenDevice } from "../device.ts";
import { DeviceUnavailableError } from "../errors.ts";

export const openDevice: OpenDevice = async () => {
  throw new DeviceUnavailableError("the webgpu device is not part of this build", "use --device wasm");
};
