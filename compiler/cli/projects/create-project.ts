/** @file A new project on disk: what `fgc project create` and `fgc new` have in common. */
import { join, resolve } from "node:path";
import { findWorkspace, metaFileName } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";
import { projectFiles, type StarterKind, starters } from "./starters.ts";
import { checkWords, slugOf } from "./words.ts";
import { workspaceFiles } from "./workspace-files.ts";
import { writeNewFiles } from "./write-files.ts";

export interface NewProject {
  readonly name: string;
  readonly description: string | undefined;
  readonly kind: StarterKind;
  /** The folder that it is made in. */
  readonly parent: string;
  /** Absent: made of the name. */
  readonly folder?: string | undefined;
  readonly configPrefix?: string | undefined;
  readonly defaultConfig?: string | undefined;
  /** A config whose text becomes the default one's. */
  readonly copyFrom?: string | undefined;
  /** Where no workspace is around it: whether the project becomes one, so that it stands on its own. */
  readonly makeWorkspace: boolean;
}

export interface CreatedProject {
  readonly projectDir: string;
  readonly files: readonly string[];
}

export function createProject(host: CliHost, request: NewProject): CreatedProject {
  const name = checkWords("--name", request.name);
  const description = checkWords("--description", request.description ?? "");
  const projectDir = resolve(request.parent, request.folder ?? slugOf(name));
  const meta = join(projectDir, metaFileName);
  if (host.files.readText(meta) !== undefined)
    throw new DiagnosticError(faults.exists({}, { paths: [showPath(host, meta)] }));
  const configPrefix = checkRelative("--config-prefix", request.configPrefix ?? "configs");
  const defaultConfig = yamlName(
    checkRelative("--default-config", request.defaultConfig ?? starters[request.kind].config),
  );
  const files = new Map(
    projectFiles(host, request.kind, { name, description, slug: slugOf(name), configPrefix, defaultConfig }),
  );
  if (request.copyFrom !== undefined)
    files.set(`templates/${configPrefix}/${defaultConfig}`, readFile(host, request.parent, request.copyFrom));
  if (request.makeWorkspace && findWorkspace(host.files, projectDir).templates === undefined)
    for (const [path, text] of ownWorkspace(name, projectDir)) files.set(path, text);
  return { projectDir, files: writeNewFiles(host, projectDir, files) };
}

function ownWorkspace(name: string, root: string) {
  const description = "This project is a workspace of its own.";
  return workspaceFiles({ name, description, root, forgatherDir: undefined, libraries: [], searchPath: [] });
}

/** The text of a file that the command line names. */
export function readFile(host: CliHost, start: string, path: string): string {
  const text = host.files.readText(resolve(start, path));
  if (text !== undefined) return text;
  throw new DiagnosticError(faults.unknownFile({}, { what: "file", path }));
}

/** A path that stays below the folder that it is relative to. */
export function checkRelative(flag: string, path: string): string {
  const isInside =
    !path.startsWith("/") && !path.includes("\\") && !path.split("/").some((part) => part === ".." || part === "");
  if (isInside) return checkWords(flag, path);
  const problem = "it must be a relative path that leads nowhere up";
  throw new DiagnosticError(faults.badFlag({}, { flag, value: path, problem }));
}

export const yamlName = (name: string): string => (/\.ya?ml$/.test(name) ? name : `${name}.yaml`);
