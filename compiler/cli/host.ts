/** @file What a command may touch of the world. Commands get it as an argument, so that tests run them in memory. */
import type { Host } from "../driver/host.ts";

export interface OutputStream {
  write(text: string): void;
  readonly isTerminal: boolean;
}

export interface CliHost extends Host {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Runs a program on the user's terminal; its exit code, or 128 plus the number of the signal that ended it. */
  run(command: string, args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<number>;
  /** Resolves when one of the files has changed. */
  waitForChange(paths: readonly string[]): Promise<void>;
}
