/**
 * @file Many configs checked in one go: what is to be done as plain data, so that it can be done here or in a thread (`check-threads.ts`), and the doing of it.
 */
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import { checkConfig } from "./check.ts";
import { listConfigs, loadProject, type Project } from "./compile.ts";
import type { FixedClock, Host } from "./host.ts";

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
  readonly inputs: readonly string[];
}

export interface CheckPlan {
  readonly jobs: readonly CheckJob[];
  /** Remarks on projects, and projects that cannot be read at all. */
  readonly projects: readonly CheckItem[];
}

/** All configs of the projects in `folders`. */
export function planChecks(host: Host, folders: readonly string[], clock: FixedClock | undefined): CheckPlan {
  const jobs: CheckJob[] = [];
  const projects: CheckItem[] = [];
  for (const folder of folders) {
    try {
      const project = loadProject(host, folder, { clock });
      jobs.push({ projectDir: project.dir, configs: listConfigs(host, project), clock });
      const { dir, diagnostics, meta } = project;
      if (diagnostics.length > 0) projects.push({ project: dir, config: undefined, diagnostics, inputs: meta.inputs });
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      projects.push({ project: folder, config: undefined, diagnostics: error.diagnostics, inputs: [] });
    }
  }
  return { jobs, projects };
}

/** Does jobs one after the other; what they share is read once. */
export class Checker {
  readonly #host: Host;
  readonly #projects = new Map<string, Project>();

  constructor(host: Host) {
    this.#host = host;
  }

  async check({ projectDir, configs, clock }: CheckJob): Promise<readonly CheckItem[]> {
    let project = this.#projects.get(projectDir);
    if (project === undefined) {
      project = loadProject(this.#host, projectDir, { clock });
      this.#projects.set(projectDir, project);
    }
    const items: CheckItem[] = [];
    for (const config of configs) {
      const { diagnostics, inputs } = await checkConfig(this.#host, { project, config, clock });
      items.push({ project: projectDir, config, diagnostics, inputs });
    }
    return items;
  }
}
