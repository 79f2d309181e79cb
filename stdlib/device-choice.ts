/** @file Devices as configs and command lines name them, and how an opened one is described. */
import { type ComputeType, type DeviceInfo, type DeviceName, openSession, type Session } from "fgc/runtime";
import { nearestName, UserError } from "./faults.ts";

/** What may be asked for; `cpu` is upstream's name for the processor. */
export type DeviceChoice = DeviceName | "auto" | "cpu";

export const deviceChoices = ["auto", "webgpu", "wasm", "tfjs", "reference"] as const satisfies readonly DeviceChoice[];

export interface DeviceRequest {
  readonly device: string;
  /** Which of several; the best one where null. */
  readonly adapter?: string | null | undefined;
  readonly threads?: number | null | undefined;
  /** Hears of every fallback, once. */
  readonly onNotice: (notice: string) => void;
}

/** A session on the device that was asked for. @throws UserError where there is none of that name */
export function openChosenSession({ device, adapter, threads, onNotice }: DeviceRequest): Promise<Session> {
  return openSession({
    device: resolveDevice(device),
    ...(adapter != null && { adapter }),
    ...(threads != null && { threads }),
    onNotice,
  });
}

/** @throws UserError `device/unknown` */
export function resolveDevice(name: string): DeviceName | "auto" {
  if (name === "cpu") return "wasm";
  const known = deviceChoices.find((choice) => choice === name);
  if (known !== undefined) return known;
  const nearest = /^(cuda|mps|xpu|gpu)(:\d+)?$/.test(name) ? "webgpu" : nearestName(name, deviceChoices);
  throw new UserError("device/unknown", `there is no device "${name}"`, {
    hint: nearest === undefined ? `one of ${deviceChoices.join(", ")}` : `did you mean "${nearest}"?`,
    kind: "usage",
  });
}

/** `webgpu, NVIDIA H100 PCIe`, `wasm, 4 threads`. */
export function describeDevice({ name, adapter, threads, synchronous }: DeviceInfo): string {
  const workers = `${threads} thread${threads === 1 ? "" : "s"}`;
  // A device that works on its own has threads of its own kind.
  return [name, ...(adapter === undefined ? [] : [adapter]), ...(synchronous === true ? [workers] : [])].join(", ");
}

/** What is lost where a device keeps a 16-bit type in 32 bits. */
export function narrowTypeNotice({ name, adapter, features }: DeviceInfo, compute: ComputeType): string | undefined {
  // WGSL has f16 where the adapter offers it, and no bf16.
  if (name !== "webgpu" || compute === "f32" || (compute === "f16" && features.includes("f16"))) return undefined;
  const type = compute === "f16" ? "float16" : "bfloat16";
  return `webgpu on ${adapter ?? "this adapter"} has no ${type}: its numbers are rounded to it, and take the memory and the time of float32`;
}
