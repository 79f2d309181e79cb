/** @file Formatting as builds use it: in a thread that starts with the build, and once for the same text while the process lives. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Formatter } from "../codegen/format.ts";
import type { FormatAnswer, FormatTask } from "../codegen/format-worker.ts";
import { InternalError } from "../diagnostics/diagnostic.ts";

/** Texts that are kept: several configs' worth of modules. */
const capacity = 64;

interface Waiting {
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

export class Formatting {
  readonly #path: string;
  readonly #done = new Map<string, Promise<string>>();
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #local: Formatter | undefined;
  #count = 0;

  constructor(packageRoot: string) {
    this.#path = join(packageRoot, "dist/format-worker.mjs");
  }

  /** Begins to load what formatting needs. */
  start(): void {
    if (this.#worker !== undefined || !existsSync(this.#path)) return;
    const worker = new Worker(this.#path);
    worker.unref();
    worker.on("message", (answer: FormatAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (this.#waiting.size === 0) worker.unref();
      if ("text" in answer) waiting?.resolve(answer.text);
      else waiting?.reject(new InternalError(`emitted code cannot be formatted: ${answer.problem}`));
    });
    worker.on("error", (error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
    this.#worker = worker;
  }

  format(text: string): Promise<string> {
    const known = this.#done.get(text);
    if (known !== undefined) return known;
    const made = this.#run(text);
    if (this.#done.size >= capacity) this.#done.delete(this.#done.keys().next().value as string);
    this.#done.set(text, made);
    return made;
  }

  #run(text: string): Promise<string> {
    this.start();
    const worker = this.#worker;
    if (worker === undefined) {
      this.#local ??= new Formatter();
      return this.#local.format(text);
    }
    this.#count += 1;
    const task: FormatTask = { id: this.#count, text };
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(task.id, { resolve, reject });
      worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#done.clear();
    await worker?.terminate();
  }
}
