/**
 * @file `process` in a page, as far as the library looks at it: a working folder, an environment, and the two streams, whose text goes to
 * whoever listens.
 */
import { SystemError } from "./system-error.ts";

/** The folder that a bundle lies in; paths without one start here. */
export const bundleFolder = "/run";

export type StreamName = "stdout" | "stderr";

/** Where the text of the streams goes: the browser's console until a host says otherwise. */
let sink = (_stream: StreamName, text: string): void => console.info(text.replace(/\n$/, ""));

/** From now on `listener` receives what is written to the streams. */
export function onOutput(listener: (stream: StreamName, text: string) => void): void {
  sink = listener;
}

const streamOf = (name: StreamName) => ({
  write: (text: string): boolean => {
    sink(name, text);
    return true;
  },
  on: (): void => {},
  isTTY: false,
  columns: 120,
});

export const cwd = (): string => bundleFolder;
export const stdout = streamOf("stdout");
export const stderr = streamOf("stderr");
export const env: Readonly<Record<string, string | undefined>> = {};
export const argv: readonly string[] = [];
export const pid = 1;
/** No version of Node's: code that looks for one must not find it. */
export const version = "browser";
export const versions: Readonly<Record<string, string>> = {};
export const platform = "browser";
export const on = (): void => {};
export const once = on;
export const off = on;

/** Asks whether a process runs: there is only this one. */
export function kill(target: number): boolean {
  if (target !== pid) throw new SystemError("ESRCH", "kill");
  return true;
}

export function exit(code: number): never {
  throw new Error(`the program ended with code ${code}`);
}

const process = { cwd, stdout, stderr, env, argv, pid, version, versions, platform, on, once, off, kill, exit };
export default process;
