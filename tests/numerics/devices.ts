/** @file The devices that the numeric suites run on: every one that this checkout has. */
import { existsSync } from "node:fs";
import { type DeviceName, openSession, type Session } from "../../runtime/index.ts";

export interface TestDevice {
  readonly name: DeviceName;
  open(): Promise<Session>;
}

const hasWasm = existsSync(new URL("../../runtime/device/wasm/index.ts", import.meta.url));
const names: readonly string[] =
  process.env["FGC_TEST_DEVICES"]?.split(",") ?? (hasWasm ? ["reference", "wasm"] : ["reference"]);

/** `FGC_TEST_DEVICES=reference,wasm` picks. */
export const testDevices: readonly TestDevice[] = (["reference", "wasm"] as const)
  .filter((name) => names.includes(name))
  .map((name) => ({ name, open: () => openSession({ device: name }) }));
