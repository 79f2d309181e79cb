/** @file The threads of `fgc check --all`: this same program, started again in a worker of Node's. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Thread, ThreadAnswer, ThreadRequest } from "../driver/check-threads.ts";
import { cachedHost } from "./cached-host.ts";
import type { CliHost } from "./host.ts";

/** What a thread's command line says instead of a command. */
export const threadWord = "__check-thread";

export function checkThreads(packageRoot: string): { readonly count: number; start(): Thread } {
  return { count: availableParallelism(), start: () => startThread(packageRoot) };
}

function startThread(packageRoot: string): Thread {
  // Loaded when the first thread is: most commands have none.
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const worker = new Worker(join(packageRoot, "bin/fgc.mjs"), { argv: [threadWord] });
  let reason = "it was told to";
  worker.on("error", (error) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  return {
    send: (message: ThreadRequest) => worker.postMessage(message),
    onAnswer: (listener) => void worker.on("message", (answer: ThreadAnswer) => listener(answer)),
    onEnd: (listener) => void worker.on("exit", (code) => listener(code === 0 ? reason : `${reason} (code ${code})`)),
    stop: () => void worker.terminate(),
  };
}

/** In the thread: answers until it is stopped. False in the main thread, where the word means nothing. */
export function serveThread(host: CliHost): boolean {
  const { parentPort: port } = process.getBuiltinModule("node:worker_threads");
  if (port === null) return false;
  // Requests wait at the port until someone listens.
  void import("../driver/check-threads.ts").then(({ serveChecks }) => {
    port.on(
      "message",
      serveChecks(cachedHost(host), (answer) => port.postMessage(answer)),
    );
  });
  return true;
}
