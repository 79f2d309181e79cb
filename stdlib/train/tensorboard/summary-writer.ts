/** @file SummaryWriter: one event file in a run folder, made at the first write. */
import { appendFileSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { type SummaryValue, summaryEvent, versionEvent } from "./event-file.ts";

/** Writes event files that TensorBoard reads: scalars and texts. */
export class SummaryWriter {
  /** Run folder. May be changed until something is flushed. */
  logDir: string;
  #file: string | undefined;
  #pending: Uint8Array[] = [];

  constructor(logDir: string) {
    this.logDir = logDir;
  }

  addScalar(tag: string, value: number, step: number): void {
    this.#add(step, { tag, scalar: value });
  }
  /** Text is shown as Markdown. */
  addText(tag: string, text: string, step = 0): void {
    this.#add(step, { tag, text });
  }

  /** Write what is pending to the file. */
  flush(): void {
    if (this.#pending.length === 0) return;
    if (this.#file === undefined) {
      mkdirSync(this.logDir, { recursive: true });
      const now = Date.now() / 1000;
      this.#file = join(this.logDir, `events.out.tfevents.${Math.floor(now)}.${hostname()}.${process.pid}.0`);
      appendFileSync(this.#file, versionEvent(now));
    }
    for (const event of this.#pending) appendFileSync(this.#file, event);
    this.#pending = [];
  }

  #add(step: number, value: SummaryValue): void {
    this.#pending.push(summaryEvent(Date.now() / 1000, step, [value]));
  }
}
