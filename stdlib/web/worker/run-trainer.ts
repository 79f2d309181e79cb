/** @file `runTrainer` in a page: the script of an emitted trainer is made and run when the page says so. */
import { files } from "../../../runtime/host/web/fs.ts";
import { bundleFolder } from "../../../runtime/host/web/process.ts";
import type { TrainingScript } from "../../train/index.ts";
import type { ToPage, ToWorker } from "../protocol.ts";
import { TabRun } from "./tab-run.ts";

/** What a worker's global object has and a window has not. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: ToPage): void;
}

export function runTrainer(url: string, make: () => TrainingScript | Promise<TrainingScript>): void {
  const scope = globalThis as unknown as WorkerScope;
  files.makeFolder(bundleFolder);
  const run = new TabRun(url, make, (message) => scope.postMessage(message));
  scope.onmessage = ({ data }) => run.receive(data);
}
