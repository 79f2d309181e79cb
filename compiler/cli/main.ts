/** @file Entry of the bundle: the real world, this process's arguments, its exit code. */

import { serveThread, threadWord } from "./check-thread.ts";
import { nodeHost } from "./node-host.ts";
import { runCommandLine } from "./run.ts";

const words = process.argv.slice(2);
if (words[0] !== threadWord || !serveThread(nodeHost())) {
  // `fgc pp | head` closes the pipe early: that is no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  // The bundle is a classic script, which cannot await.
  void runCommandLine(words, nodeHost()).then((code) => {
    process.exitCode = code;
  });
}
