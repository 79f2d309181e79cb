/** @file Which device is opened for what was asked. */
import { expect, it } from "vitest";
import { DeviceUnavailableError } from "../device/errors.ts";
import { openDevice } from "./devices.ts";

it("an adapter beside a device that has none is refused, not passed over", async () => {
  const opening = openDevice({ device: "wasm", adapter: "software" });
  await expect(opening).rejects.toThrow(DeviceUnavailableError);
  await expect(opening).rejects.toThrow("the wasm device has no adapters, and 'software' is asked for");
});

it("the device that is asked for is opened", async () => {
  const { device } = await openDevice({ device: "reference" });
  expect(device.info.name).toBe("reference");
});
