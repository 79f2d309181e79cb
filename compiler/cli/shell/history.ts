/** @file The shell's history: a line each, at the root of the workspace, shared by all shells there. */
import { join } from "node:path";
import { findWorkspace } from "../../config/project.ts";
import type { CliHost } from "../host.ts";

export const historyName = ".fgc_history";
export const historySize = 1000;

export class History {
  readonly #host: CliHost;
  /** Absent where no workspace is: then nothing is kept. */
  readonly #path: string | undefined;
  #last: string | undefined;

  constructor(host: CliHost, start: string) {
    this.#host = host;
    const { root, templates } = findWorkspace(host.files, start);
    this.#path = templates === undefined ? undefined : join(root, historyName);
  }

  /** The newest last. */
  lines(): readonly string[] {
    const text = this.#path === undefined ? undefined : this.#host.files.readText(this.#path);
    const lines = (text ?? "").split("\n").filter((line) => line !== "");
    if (lines.length > 2 * historySize) this.#shorten(lines);
    return lines.slice(-historySize);
  }

  /** A line that repeats the one before is not kept, nor one that begins with a blank. */
  add(line: string): void {
    if (line === this.#last || line.trim() === "" || line.startsWith(" ")) return;
    this.#last = line;
    // Appending keeps the lines of several shells whole. A disk that is full is no reason to stop working.
    if (this.#path !== undefined) attempt(() => this.#host.files.append(this.#path as string, `${line}\n`));
  }

  #shorten(lines: readonly string[]): void {
    const kept = `${lines.slice(-historySize).join("\n")}\n`;
    attempt(() => this.#host.files.replaceText(this.#path as string, kept));
  }
}

function attempt(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
  }
}
