/** @file What the end-to-end suites share: the built package, a private copy of the fixture workspace, and child processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
export const cli = join(root, "bin/fgc.mjs");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fresh folder with the fixture workspace; `mini` is its project. Assets are cached in it too, so that suites share nothing. */
export function makeWorkspace(): {
  readonly dir: string;
  readonly mini: string;
  readonly env: NodeJS.ProcessEnv;
  remove(): void;
} {
  const dir = mkdtempSync(join(tmpdir(), "fgc-e2e-"));
  cpSync(join(import.meta.dirname, "workspace"), dir, { recursive: true });
  const env = { ...process.env, FGC_CACHE: join(dir, "cache"), NO_COLOR: "1", FGC_THREADS: "2" };
  return { dir, mini: join(dir, "mini"), env, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Start `node FILE ARGS`; `done` settles when the process is gone. */
export function start(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env: NodeJS.ProcessEnv },
): { readonly child: ChildProcess; readonly done: Promise<Finished> } {
  const child = spawn(process.execPath, [file, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const done = new Promise<Finished>((settle, fail) => {
    child.on("error", fail);
    child.on("close", (code) => settle({ code, stdout, stderr }));
  });
  return { child, done };
}

export const run = (file: string, args: readonly string[], options: { cwd?: string; env: NodeJS.ProcessEnv }) =>
  start(file, args, options).done;

/** The records of a run's log, in order; `runs` is the folder with one folder per run. */
export interface LogRecord {
  readonly global_step: number;
  readonly loss?: number;
  readonly eval_loss?: number;
}

/** `make`'s result, made when it is first wanted: tests share costly preparation without depending on each other's order. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
