/** @file `fgc ls`: the configs of a project, or of all projects below a folder. */
import { basename, join, resolve } from "node:path";
import { maximumDepth, metaFileName } from "../../config/project.ts";
import { type Diagnostic, DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { diagnosticJson } from "../../diagnostics/render.ts";
import { listConfigs, loadProject } from "../../driver/compile.ts";
import { describeConfig } from "../../driver/describe-config.ts";
import { fixedClock } from "../../driver/environment.ts";
import { startOf } from "../../source/span.ts";
import { cachedHost } from "../cached-host.ts";
import { defineCommand, toggle } from "../command.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";

export const lsCommand = defineCommand({
  name: "ls",
  group: "Seeing what is there",
  summary: "list the configs of a project",
  example: "fgc ls -r",
  positionals: "names",
  options: {
    recursive: toggle("-r, --recursive", "every project below the folder"),
    debug: toggle("-d, --debug", "all diagnostics of broken configs"),
  },
  run(host, { options, names, session }) {
    const start = resolve(host.cwd(), session.globals.projectDir ?? ".");
    const given = names.length > 0 ? names.map((name) => resolve(host.cwd(), name)) : [start];
    const folders = options.recursive ? given.flatMap((folder) => projectsBelow(host, folder)) : given;
    const clock = fixedClock(host, session.globals.frozenTime);
    // All configs of a project reach the same templates.
    const reader = cachedHost(host);
    const projects = folders.map((folder) => listProject(reader, folder, clock));
    const broken = projects.flatMap((project) => [
      ...project.faults,
      ...project.configs.flatMap((config) => config.diagnostics),
    ]);
    const sections = projects.map((project) => printProject(host, project, options.recursive || folders.length > 1));
    if (projects.length === 0 && !session.globals.quiet)
      host.stderr.write(`no project in ${given.map((folder) => showPath(host, folder)).join(", ")} or below\n`);
    return {
      text: sections.join(folders.length > 1 ? "\n" : ""),
      json: projects.map(({ faults: problems, ...project }) => ({
        ...project,
        configs: project.configs.map((config) => ({ ...config, diagnostics: config.diagnostics.map(diagnosticJson) })),
        ok: problems.length === 0,
        diagnostics: problems.map(diagnosticJson),
      })),
      diagnostics: options.debug ? broken : [],
      exitCode: broken.length > 0 ? ExitCode.InvalidInput : ExitCode.Ok,
    };
  },
});

interface ListedConfig {
  readonly file: string;
  readonly name: string;
  readonly description: string;
  readonly class: string;
  readonly default: boolean;
  readonly ok: boolean;
  readonly diagnostics: readonly Diagnostic[];
}
interface ListedProject {
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly configs: readonly ListedConfig[];
  readonly faults: readonly Diagnostic[];
}

/** Folders with a meta file, sorted. What builds write and what packages bring is not looked into. */
function projectsBelow(host: CliHost, folder: string, depth = 0): string[] {
  if (depth > maximumDepth) return [];
  const skipped = new Set(["node_modules", "output_models", "forgather_workspace", "fgc_workspace", "tmp"]);
  const here = host.files.readText(join(folder, metaFileName)) === undefined ? [] : [folder];
  const below = host.files
    .list(folder)
    .filter(({ name, isDirectory }) => isDirectory && !name.startsWith(".") && !skipped.has(name))
    .flatMap(({ name }) => projectsBelow(host, join(folder, name), depth + 1));
  return [...here, ...below];
}

function listProject(host: CliHost, folder: string, clock: ReturnType<typeof fixedClock>): ListedProject {
  try {
    const project = loadProject(host, folder, { clock });
    const configs = listConfigs(host, project).map((file): ListedConfig => {
      const isDefault = file === project.defaultConfig;
      try {
        const { name, description, configClass } = describeConfig(host, { project, config: file, clock });
        return { file, name, description, class: configClass, default: isDefault, ok: true, diagnostics: [] };
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        const errors = error.diagnostics.filter(({ severity }) => severity === "error");
        return { file, name: "", description: "", class: "", default: isDefault, ok: false, diagnostics: errors };
      }
    });
    return { path: project.dir, name: project.name, description: project.description, configs, faults: [] };
  } catch (error) {
    // A folder that was named and holds no project is the command line's fault; a broken one stands in the list.
    if (
      !(error instanceof DiagnosticError) ||
      error.diagnostics.some(({ code }) => code === "project/no-project" || code === "project/no-such-folder")
    )
      throw error;
    return {
      path: folder,
      name: "",
      description: "",
      configs: [],
      faults: error.diagnostics.filter(({ severity }) => severity === "error"),
    };
  }
}

function printProject(host: CliHost, project: ListedProject, withPath: boolean): string {
  const lines: string[] = [];
  if (withPath) lines.push(`Project Path: ${showPath(host, project.path)}`);
  const [fault] = project.faults;
  lines.push(fault === undefined ? titleOf(project) : `PARSE ERROR : ${shortFault(host, fault)}`);
  const label = (config: ListedConfig) => (config.default ? `[${config.file}]` : config.file);
  const fileWidth = Math.max(0, ...project.configs.map((config) => label(config).length));
  const nameOf = (config: ListedConfig) => (config.ok ? config.name : "PARSE ERROR");
  const nameWidth = Math.max(0, ...project.configs.map((config) => nameOf(config).length));
  for (const config of project.configs) {
    const [first] = config.diagnostics;
    const about = first === undefined ? config.description.replace(/\s*\n\s*/g, " ") : shortFault(host, first);
    const named = `    ${label(config).padEnd(fileWidth)}  ${nameOf(config).padEnd(nameWidth)}`;
    lines.push((about === "" ? named : `${named} : ${about}`).trimEnd());
  }
  return `${lines.join("\n")}\n`;
}

function titleOf({ name, description, path }: ListedProject): string {
  const title = name === "" ? basename(path) : name;
  return description === "" ? title : `${title} : ${description.replace(/\s*\n\s*/g, " ")}`;
}

/** A fault on one line: its code, its place, what is wrong. */
export function shortFault(host: CliHost, { code, message, span }: Diagnostic): string {
  return span === undefined
    ? `${code}: ${message}`
    : `${code} at ${showPath(host, span.file.path)}:${startOf(span).line}: ${message}`;
}
