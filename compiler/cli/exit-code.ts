/** @file What the process says with its exit code (cli.md, 1). */

export const ExitCode = {
  Ok: 0,
  /** The input has errors: diagnostics were printed. */
  InvalidInput: 1,
  /** The command line is wrong. */
  Usage: 2,
  /** Training, conversion or a server failed. */
  RunFailed: 3,
  /** A file, the network or a device failed. */
  Environment: 4,
  Interrupted: 130,
  Terminated: 143,
  /** A fault in fgc itself. */
  Internal: 70,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode] | number;

/** Faults that say that the command line was wrong, not the input. */
const usageCodes = [
  "project/no-such-folder",
  "project/no-project",
  "project/unknown-config",
  "driver/bad-override",
  "driver/bad-setting",
  "driver/override-path",
  "driver/unknown-path",
];

export function isUsageFault(code: string): boolean {
  return usageCodes.includes(code) || code.startsWith("cli/");
}
