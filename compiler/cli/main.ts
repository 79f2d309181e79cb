/** @file Entry of the bundle: the real world, this process's arguments, its exit code. */

import { nodeHost } from "./node-host.ts";
import { runCommandLine } from "./run.ts";

// `fgc pp | head` closes the pipe early: that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
// The bundle is a classic script, which cannot await.
void runCommandLine(process.argv.slice(2), nodeHost()).then((code) => {
  process.exitCode = code;
});
