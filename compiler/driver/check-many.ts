/**
 * @file Many configs checked in one go: what is to be done as plain data, so that it can be done here or in a thread (`check-threads.ts`), and the doing of it.
 */
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import { type CheckedConfig, checkConfig } from "./check.ts";
import { listConfigs, loadProject, type Project } from "./compile.ts";
import { driverDiagnostics as faults } from "./diagnostics.ts";
import type { FileCache, Notes } from "./file-cache.ts";
import type { FixedClock, Host } from "./host.ts";
import { NotedResults, type ResultKey } from "./noted-results.ts";
import { type CheckerKind, TypeCheck } from "./type-check.ts";

/** One run of TypeScript answers for so many; their graphs are kept until it has. */
const configsAtOnce = 32;

/** Configs of one project. */
export interface CheckJob {
  readonly projectDir: string;
  readonly configs: readonly string[];
  readonly clock: FixedClock | undefined;
}

export interface CheckItem {
  /** The project's folder. */
  readonly project: string;
  /** Absent where the project itself is meant. */
  readonly config: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** What was looked at; absent where nobody asked. */
  readonly notes?: Notes | undefined;
}

/** A project with the configs that it has; or why it cannot be read. */
export interface FoundProject {
  readonly dir: string;
  readonly project: Project | undefined;
  readonly configs: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export type CachedHost = Host & { readonly files: FileCache };

/** Does jobs one after the other. What they share is read once, and kept until it changes. */
export class Checker {
  readonly #host: CachedHost;
  readonly #results: NotedResults;
  #types: TypeCheck | undefined;
  /** One round is answered by a process; whoever comes again is worth a compiler that stays. */
  #checkerKind: CheckerKind | undefined;

  constructor(host: CachedHost) {
    this.#host = host;
    this.#results = new NotedResults(host.files);
  }

  async find(folder: string, clock: FixedClock | undefined): Promise<FoundProject> {
    return this.#results.make(projectKey(folder), () => {
      try {
        const project = loadProject(this.#host, folder, { clock });
        const { dir, diagnostics } = project;
        return { dir, project, configs: listConfigs(this.#host, project), diagnostics };
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        return { dir: folder, project: undefined, configs: [], diagnostics: error.diagnostics };
      }
    });
  }

  notesOf(folder: string): Notes {
    return this.#results.notesOf(projectKey(folder));
  }

  /** @param progress called with the number of configs that are done */
  async check(jobs: readonly CheckJob[], progress: (done: number) => void = () => {}): Promise<readonly CheckItem[]> {
    const waiting: { readonly project: Project; readonly config: string; readonly clock: FixedClock | undefined }[] =
      [];
    for (const { projectDir, configs, clock } of jobs) {
      const { project } = await this.find(projectDir, clock);
      if (project !== undefined) waiting.push(...configs.map((config) => ({ project, config, clock })));
    }
    const items: CheckItem[] = [];
    while (waiting.length > 0) {
      // Each is compiled before the next one starts, so that its notes are its own; TypeScript then answers for all of them.
      const begun = waiting.splice(0, configsAtOnce).map(({ project, config, clock }) => {
        const taking = this.#host.files.takeNotes();
        const checked = this.#checkOne(project, config, clock);
        return { project: project.dir, config, checked, notes: taking.stop() };
      });
      for (const { project, config, checked, notes } of begun) {
        const { diagnostics, inputs } = await checked;
        const all = new Set([...this.notesOf(project), ...notes, ...inputs]);
        items.push({ project, config, diagnostics, notes: all });
      }
      progress(items.length);
    }
    return items;
  }

  /** A fault of ours in one config leaves the others' results. */
  async #checkOne(project: Project, config: string, clock: FixedClock | undefined): Promise<CheckedConfig> {
    try {
      this.#types ??= new TypeCheck(this.#host, this.#checkerKind);
      return await checkConfig(this.#host, { project, config, clock }, { checker: this.#types });
    } catch (error) {
      const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { config, diagnostics: [faults.checkFailed({}, { config, problem })], inputs: [] };
    }
  }

  /** @param changed what is not as it was, as the host's files have it by now */
  forget(changed: Notes): void {
    this.#results.forget(changed);
    if (this.#checkerKind === undefined) this.close();
    this.#checkerKind = "resident";
  }

  close(): void {
    this.#types?.close();
    this.#types = undefined;
  }
}

const projectKey = (folder: string): ResultKey<FoundProject> => ({ name: folder });
