/** @file The formatter in a thread of its own: it loads and warms up while templates are read, and formats while the bundler reads the library. */
import { parentPort } from "node:worker_threads";
import { Formatter } from "./format.ts";

/** One module to format, and the answer under the same number. */
export interface FormatTask {
  readonly id: number;
  readonly text: string;
}
export type FormatAnswer =
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly problem: string };

const formatter = new Formatter();
void formatter.start();
parentPort?.on("message", async ({ id, text }: FormatTask) => {
  try {
    parentPort?.postMessage({ id, text: await formatter.format(text) } satisfies FormatAnswer);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, problem } satisfies FormatAnswer);
  }
});
