/**
 * @file What the wasm device asks of a browser: cores, threads. Takes the place of `host.ts` in the library for pages. The device runs in a worker
 * of the page, which may block; its threads are workers of that worker.
 */
import type { Thread } from "./host.ts";

export type { Thread };

/** Cores, as far as the browser tells. */
export function usableCores(): number {
  return Math.max(1, navigator.hardwareConcurrency);
}

/** Only pages that are isolated from other origins may (headers COOP and COEP); others have one thread. */
export const canShareMemory = (): boolean => globalThis.crossOriginIsolated === true;

/** Browsers coarsen the clock, more so where the page is not isolated. */
export const clockStepMs = (): number => (canShareMemory() ? 0.005 : 0.1);

/** Browsers have relaxed SIMD on, or not at all. */
export function enableRelaxedSimd(): void {}

/** Browsers replace baseline code by optimized code while it runs. */
export const compileOptimized = <T>(compile: () => Promise<T>): Promise<T> => compile();

/**
 * A worker cannot ask for its messages, so to receive one it goes back to its event loop. Each order to receive has one message. The first
 * message is what the thread starts with.
 */
export const threadPrelude = `
const begin = () => {
  self.onmessage = ({ data }) => {
    self.onmessage = ({ data }) => {
      take(data);
      if (!obey()) self.close();
    };
    start(data);
    self.postMessage("ready");
    if (!obey()) self.close();
  };
};
`;

export async function startThread(
  source: string,
  data: unknown,
  name: string,
  onFailure: (reason: string) => void,
): Promise<Thread> {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(`a worker thread did not start: ${event.message}`));
      worker.postMessage(data);
    });
  } finally {
    URL.revokeObjectURL(url);
  }
  worker.onmessage = null;
  worker.onerror = (event) => onFailure(event.message);
  return {
    post: (message) => worker.postMessage(message),
    terminate: async () => worker.terminate(),
  };
}
