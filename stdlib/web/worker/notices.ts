/** @file What can go wrong while a page trains, in the words of whoever looks at it: what happened, what is safe, what to do. */
import {
  DeviceError,
  DeviceLostError,
  DeviceUnavailableError,
  DTypeError,
  OutOfMemoryError,
  ShapeError,
} from "fgc/runtime";
import { UserError } from "../../faults.ts";
import { templatePlace } from "../../train/script/template-place.ts";
import type { Notice } from "../protocol.ts";

/** What there is to fall back on. */
export interface Circumstances {
  /** Step of the last checkpoint; undefined where there is none. */
  readonly savedStep: number | undefined;
  /** Whether a GPU was at work: the processor may do what it could not. */
  readonly onGpu: boolean;
  /** `import.meta.url` of the trainer. */
  readonly url: string;
}

export function noticeOf(thrown: unknown, { savedStep, onGpu, url }: Circumstances): Notice {
  // The trainer speaks of command lines; what lies below speaks of the device.
  const error = thrown instanceof UserError && thrown.cause instanceof DeviceError ? thrown.cause : thrown;
  const message = error instanceof Error ? error.message : String(error);
  const safe =
    savedStep === undefined ? "There was no checkpoint yet." : `The checkpoint of step ${savedStep} is intact.`;
  const notice = (title: string, hint: string, action: Notice["action"] = "run"): Notice => ({
    name: "run",
    severity: "error",
    title,
    message: `${sentence(message)} ${safe}`,
    hint,
    action,
  });
  if (error instanceof DeviceLostError)
    return notice(
      "The GPU went away",
      "The driver was reset, or another program needed the GPU. Go on from the checkpoint, or without the GPU.",
    );
  if (error instanceof OutOfMemoryError || isAllocationFailure(error))
    return notice(
      "Out of memory",
      "Close other tabs, or build the page with a smaller batch: per_device_train_batch_size, max_length.",
      onGpu ? "wasm" : "run",
    );
  if (error instanceof DeviceUnavailableError) return notice("This device cannot be had", error.hint, "wasm");
  if (error instanceof UserError) {
    if (error.code === "train/loss-not-finite")
      return notice(
        "The loss is not a number",
        `Training has stopped before this step was saved. A lower learning rate or max_grad_norm helps; ${error.hint ?? "go back to the checkpoint"}.`,
      );
    return notice(
      "Training has stopped",
      error.hint === undefined ? error.code : `${sentence(error.hint)} (${error.code})`,
    );
  }
  if (error instanceof ShapeError || error instanceof DTypeError) {
    const place = templatePlace(url, error.classes);
    return notice(
      "The parts of the model do not fit",
      place === undefined ? "Look at the config's layers." : `See ${place}.`,
    );
  }
  return notice(
    "Something failed",
    `The browser's console has more. Go on from ${savedStep === undefined ? "the start" : "the checkpoint"}, or reload the page.`,
    onGpu ? "wasm" : "run",
  );
}

const sentence = (text: string): string => {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
};

/** What engines throw when an array finds no room. */
const isAllocationFailure = (error: unknown): boolean =>
  error instanceof RangeError && /allocation|array length|memory/i.test(error.message);

/** A store that cannot take more. */
export function storageNotice(error: unknown, step: number): Notice {
  const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
  return {
    name: "storage",
    severity: "warning",
    title: isFull ? "The browser's storage for this page is full" : "The checkpoint could not be stored",
    message: `${isFull ? "" : `${sentence(error instanceof Error ? error.message : String(error))} `}Step ${step} is kept in this tab's memory, and lost with it; what was stored before is intact.`,
    hint: "Download the checkpoint before you close the page, and make room: clear the data of other sites.",
    action: "download",
  };
}
