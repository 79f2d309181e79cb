/** @file The check of emitted modules as the build uses it: beside the other work, and only once for the same text. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type CheckRequest, checkTypes, type TypeFault } from "../codegen/check.ts";
import { cacheFolder } from "./assets.ts";
import type { Host } from "./host.ts";
import { packageBuildId } from "./manifest.ts";
import { sha256 } from "./output.ts";

export class TypeCheck {
  readonly #host: Host;
  readonly #worker: Worker | undefined;

  /** Starts loading TypeScript at once. */
  constructor(host: Host) {
    this.#host = host;
    const path = join(host.packageRoot, "dist/check-worker.mjs");
    this.#worker = existsSync(path) ? new Worker(path) : undefined;
    this.#worker?.unref();
  }

  /** @param sources contents of the user's own modules that the emitted ones import */
  async check(request: CheckRequest, sources: readonly string[]): Promise<readonly TypeFault[]> {
    const key = sha256(JSON.stringify([packageBuildId(this.#host.packageRoot), request.modules, sources]));
    const mark = join(cacheFolder(this.#host), "checked", key);
    if (existsSync(mark)) return [];
    const faults = await this.#run(request);
    if (faults.length === 0) {
      mkdirSync(join(cacheFolder(this.#host), "checked"), { recursive: true });
      writeFileSync(mark, "");
    }
    return faults;
  }

  #run(request: CheckRequest): Promise<readonly TypeFault[]> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(checkTypes(request));
    return new Promise((resolve, reject) => {
      worker.ref();
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.postMessage(request);
    });
  }

  close(): void {
    void this.#worker?.terminate();
  }
}
