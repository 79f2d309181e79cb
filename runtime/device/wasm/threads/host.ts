/** @file What the wasm device asks of Node: cores, engine flags, threads. In a page `browser-host.ts` takes its place. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import v8 from "node:v8";
import { MessageChannel, Worker } from "node:worker_threads";

/** Cores that this process may really use: the scheduler's mask, cut by a container's quota. */
export function usableCores(): number {
  const cores = availableParallelism();
  try {
    const [quota, period] = readFileSync("/sys/fs/cgroup/cpu.max", "utf8").trim().split(" ");
    const share = Number(quota) / Number(period);
    return Number.isFinite(share) ? Math.max(1, Math.min(cores, Math.floor(share))) : cores;
  } catch {
    return cores; // no such file outside Linux and containers
  }
}

/**
 * Turns on relaxed SIMD where the engine has it behind a flag (Node 20). Newer engines have it on, and would complain about the
 * flag, so ask `WebAssembly.validate` first.
 */
export function enableRelaxedSimd(): void {
  trySetFlag("--experimental-wasm-relaxed-simd");
}

/**
 * Runs `compile` with the baseline compiler off: it is the optimized code that runs from the first step on, rather than code of
 * half the speed until the engine has counted enough calls. The flags go back to their defaults; they matter only while compiling.
 */
export async function compileOptimized<T>(compile: () => Promise<T>): Promise<T> {
  const off = trySetFlag("--no-liftoff") && trySetFlag("--no-wasm-lazy-compilation");
  try {
    return await compile();
  } finally {
    if (off) {
      trySetFlag("--liftoff");
      trySetFlag("--wasm-lazy-compilation");
    }
  }
}

function trySetFlag(flag: string): boolean {
  try {
    v8.setFlagsFromString(flag);
    return true;
  } catch {
    return false;
  }
}

/** Node always lets threads share memory. */
export const canShareMemory = (): boolean => true;

/** The smallest time that the clock can tell, in milliseconds. */
export const clockStepMs = (): number => 0.001;

export interface Thread {
  post(message: unknown): void;
  terminate(): Promise<unknown>;
}

/** How a thread is told what to do, in the text that it runs; see `worker-source.ts`. */
export const threadPrelude = `
const { parentPort, workerData, receiveMessageOnPort } = require("node:worker_threads");
const begin = () => {
  start(workerData);
  parentPort.postMessage("ready");
  const { port } = workerData;
  // A message was posted before the order to receive it, so it is there.
  while (obey()) for (let entry = receiveMessageOnPort(port); entry !== undefined; entry = receiveMessageOnPort(port)) take(entry.message);
};
`;

/** Starts a thread from source text and waits for its first message. `onFailure` hears of its death after that. */
export async function startThread(
  source: string,
  data: object,
  name: string,
  onFailure: (reason: string) => void,
): Promise<Thread> {
  // A port of its own: that of a thread's parent cannot be read at will everywhere (Deno).
  const { port1, port2 } = new MessageChannel();
  const workerData = { ...data, port: port2 };
  const worker = new Worker(source, { eval: true, workerData, transferList: [port2], name });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a worker thread ended with code ${code} while starting`)));
  });
  worker.removeAllListeners();
  worker.on("error", (error) => onFailure(String(error)));
  worker.on("exit", (code) => onFailure(`a worker thread ended with code ${code}`));
  // An idle team must not keep the process alive.
  worker.unref();
  return {
    post: (message) => port1.postMessage(message),
    terminate: () => {
      port1.close();
      worker.removeAllListeners();
      return worker.terminate();
    },
  };
}
