/** @file The tfjs device. */
import type { OpenDevice } from "../device.ts";
import { DeviceUnavailableError } from "../errors.ts";

export const openDevice: OpenDevice = async () => {
  throw new DeviceUnavailableError("the tfjs device is not part of this build", "use --device wasm");
};
