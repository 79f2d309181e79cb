/** @file The console of a run. With `--json` standard output carries one JSON value, and everything else goes to standard error. */

let isRedirected = false;

/** From now on what would go to standard output goes to standard error. */
export function reserveStdout(): void {
  isRedirected = true;
}

/** The stream for progress and notes that a config calls `name`. */
export function consoleStream(name: "stdout" | "stderr"): NodeJS.WriteStream {
  return isRedirected ? process.stderr : process[name];
}
