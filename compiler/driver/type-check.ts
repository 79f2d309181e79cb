/** @file The check of emitted modules as builds and `fgc check` use it: beside the other work, one process for many configs, and once for the same text. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { packageFolder, packagesOf } from "../codegen/check/folder.ts";
import { checkNatively, nativeCompiler } from "../codegen/check/native.ts";
import type { CheckRequest, CheckUnit, TypeFault } from "../codegen/check/request.ts";
import { ResidentCompiler } from "../codegen/check/resident.ts";
import { checkByScript } from "../codegen/check/script.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { Host } from "./host.ts";
import { packageBuildId } from "./manifest.ts";
import { sha256 } from "./output.ts";

export interface UnitToCheck extends CheckUnit {
  /** The project's own sources that the modules import. */
  readonly sources: readonly { readonly path: string; readonly hash: string }[];
}

/** Which compiler checks: the native one where there is one, unless told; `resident` keeps it running, for whoever checks again and again. */
export type CheckerKind = "native" | "resident" | "script";

/** The faults of each unit, those in the project's sources with every unit that imports them. */
export type CheckedUnits = readonly (readonly TypeFault[])[];

interface Asked {
  readonly units: readonly UnitToCheck[];
  readonly resolve: (results: CheckedUnits) => void;
  readonly reject: (error: unknown) => void;
}

export class TypeCheck {
  readonly #host: Host;
  readonly #native: string | undefined;
  readonly #resident: ResidentCompiler | undefined;
  readonly #asked: Asked[] = [];
  #worker: Worker | undefined;

  constructor(host: Host, kind?: CheckerKind) {
    this.#host = host;
    this.#native = kind === "script" ? undefined : nativeCompiler(host.packageRoot);
    this.#resident = kind === "resident" && this.#native !== undefined ? new ResidentCompiler(this.#native) : undefined;
    // Loading TypeScript takes longer than what comes before the check.
    if (this.#native === undefined) this.#startWorker();
  }

  get kind(): CheckerKind {
    return this.#native === undefined ? "script" : this.#resident === undefined ? "native" : "resident";
  }

  /** Calls that come together are answered by one run of the compiler: to start it takes longer than a config. */
  check(units: readonly UnitToCheck[]): Promise<CheckedUnits> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ units, resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => void this.#answerAll());
    });
  }

  async #answerAll(): Promise<void> {
    const asked = this.#asked.splice(0);
    try {
      const results = await this.#checkAll(asked.flatMap(({ units }) => units));
      for (const { units, resolve } of asked) resolve(results.splice(0, units.length));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  async #checkAll(units: readonly UnitToCheck[]): Promise<(readonly TypeFault[])[]> {
    const marks = units.map((unit) => this.#markOf(unit));
    const open = units.flatMap((unit, index) => (existsSync(marks[index] as string) ? [] : [{ unit, index }]));
    const results: (readonly TypeFault[])[] = units.map(() => []);
    if (open.length === 0) return results;
    const request: CheckRequest = {
      units: open.map(({ unit: { modules, projectDir } }) => ({
        modules: modules.map(({ name, text }) => ({ name, text })),
        projectDir,
      })),
      packageRoot: this.#host.packageRoot,
    };
    const faults = await this.#run(request);
    const isSourceOf = ({ unit }: { readonly unit: UnitToCheck }, file: string): boolean =>
      unit.sources.some(({ path }) => path === file);
    for (const [at, { unit, index }] of open.entries()) {
      const found = faults.filter(({ unit: owner, file }) => {
        if (owner !== undefined) return owner === at;
        if (isSourceOf({ unit }, file)) return true;
        // What sources import in ways that signatures do not follow: told with every config that has sources.
        return unit.sources.length > 0 && !open.some((other) => isSourceOf(other, file));
      });
      results[index] = found;
      if (found.length === 0) remember(marks[index] as string);
    }
    return results;
  }

  #markOf({ modules, sources, projectDir }: UnitToCheck): string {
    const packages = packagesOf({ modules, projectDir }).map((name) => {
      const folder = packageFolder(name, projectDir);
      return [name, folder === undefined ? "" : readFileSync(join(folder, "package.json"), "utf8")];
    });
    const texts = modules.map(({ name, text }) => [name, text]);
    const build = packageBuildId(this.#host.packageRoot);
    const key = sha256(JSON.stringify([build, texts, sources, packages]));
    return join(cacheFolder(this.#host), "checked", key);
  }

  async #run(request: CheckRequest): Promise<readonly TypeFault[]> {
    if (this.#resident !== undefined && ResidentCompiler.canCheck(request)) {
      const faults = await this.#resident.check(request);
      if (faults !== undefined) return faults;
    }
    if (this.#native !== undefined) {
      const faults = await checkNatively(this.#native, request);
      if (faults !== undefined) return faults;
    }
    return this.#runWorker(request);
  }

  #startWorker(): Worker | undefined {
    const path = join(this.#host.packageRoot, "dist/check-worker.mjs");
    this.#worker ??= existsSync(path) ? new Worker(path) : undefined;
    this.#worker?.unref();
    return this.#worker;
  }

  #runWorker(request: CheckRequest): Promise<readonly TypeFault[]> {
    const worker = this.#startWorker();
    if (worker === undefined) return Promise.resolve(checkByScript(request));
    return new Promise((resolve, reject) => {
      worker.ref();
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.postMessage(request);
    }).finally(() => worker.unref()) as Promise<readonly TypeFault[]>;
  }

  close(): void {
    this.#resident?.close();
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** A cache that cannot be written costs time and nothing else. */
function remember(mark: string): void {
  try {
    mkdirSync(join(mark, ".."), { recursive: true });
    writeFileSync(mark, "");
  } catch {}
}
