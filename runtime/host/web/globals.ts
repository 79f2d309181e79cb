/** @file What Node has as globals and the library uses by name. The build puts these in their place. */
import { Buffer } from "./buffer.ts";
import process from "./process.ts";

export { Buffer, process };

/** Calls that wait for a turn of the event loop, in order. */
const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/**
 * Runs `call` after what the event loop already holds: messages of the page among them. A message to oneself, since timers have a floor of 4 ms,
 * which a step may not take.
 */
export function setImmediate(call: () => void): void {
  if (channel === undefined) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  waiting.push(call);
  channel.port2.postMessage(null);
}
