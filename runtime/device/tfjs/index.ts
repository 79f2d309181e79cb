/**
 * @file The tfjs device: Programs over the op API of TensorFlow.js, on whatever backend the user has installed.
 *
 * `backend.ts` finds it, `traits.ts` asks what it gets right, `lower.ts` turns a Program into a list of ops, `program.ts` runs the list.
 */
import type { OpenDevice } from "../device.ts";
import { openBackend } from "./backend.ts";
import { TfjsDevice } from "./tfjs-device.ts";
import { findTraits } from "./traits.ts";

export const openDevice: OpenDevice = async ({ adapter } = {}) => {
  const backend = await openBackend(adapter);
  return new TfjsDevice(backend, await findTraits(backend.tf));
};
