/** @file What a user is told when a device cannot be had, has no room, or goes away. */
import { DeviceError, DeviceLostError, DeviceUnavailableError, OutOfMemoryError } from "fgc/runtime";
import { UserError } from "./faults.ts";

/**
 * A device's fault in the user's terms; anything else as it is.
 *
 * @param checkpoint  what a run may go on from, where there is a run
 */
export function describeDeviceFault(error: unknown, checkpoint?: string): unknown {
  if (!(error instanceof DeviceError)) return error;
  const intact = checkpoint === undefined ? [] : [`the last checkpoint is intact: ${checkpoint}; go on with --resume`];
  const fault = (code: string, ...hints: readonly string[]) =>
    new UserError(code, error.message, {
      hint: hints.length === 0 ? undefined : hints.join("; "),
      kind: "outside",
      cause: error,
    });
  if (error instanceof DeviceUnavailableError) return fault("device/unavailable", error.hint);
  if (error instanceof OutOfMemoryError) {
    const smaller = "make it smaller: per_device_train_batch_size, gradient_checkpointing, dtype";
    return fault("device/out-of-memory", smaller, ...intact);
  }
  return fault(error instanceof DeviceLostError ? "device/lost" : "device/failed", ...intact);
}
