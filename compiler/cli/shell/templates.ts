/** @file The templates that a person may want to edit, by category: what `edit` offers. */
import { join } from "node:path";
import { findWorkspace, listTemplates, metaFileName } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { loadProject, preprocess } from "../../driver/compile.ts";
import type { CliHost } from "../host.ts";

export interface EditableFile {
  readonly category: "Project" | "Configs" | "Templates" | "Workspace" | "Library, as far as the config uses it";
  readonly name: string;
  readonly path: string;
}

export function editableFiles(host: CliHost, start: string, config: string | undefined): readonly EditableFile[] {
  const project = loadProject(host, start);
  const { dir, searchPath, configPrefix } = project;
  const workspace = findWorkspace(host.files, dir).templates;
  const own = searchPath.filter((folder) => folder.startsWith(`${dir}/`) && folder !== workspace);
  const inProject = [metaFileName, "README.md"].filter((name) => host.files.readText(join(dir, name)) !== undefined);
  const configs = listTemplates(host.files, own, configPrefix);
  const known = new Set(configs.map(({ path }) => path));
  const templates = listTemplates(host.files, own, "").filter(({ path }) => !known.has(path));
  const shared = workspace === undefined ? [] : listTemplates(host.files, [workspace], "");
  for (const { path } of [...templates, ...shared]) known.add(path);
  return [
    ...inProject.map((name): EditableFile => ({ category: "Project", name, path: join(dir, name) })),
    ...configs.map((found): EditableFile => ({ category: "Configs", ...found })),
    ...templates.map((found): EditableFile => ({ category: "Templates", ...found })),
    ...shared.map((found): EditableFile => ({ category: "Workspace", ...found })),
    ...usedTemplates(host, project, config)
      .filter(({ path }) => !known.has(path))
      .map((found): EditableFile => ({ category: "Library, as far as the config uses it", ...found })),
  ];
}

function usedTemplates(host: CliHost, project: ReturnType<typeof loadProject>, config: string | undefined) {
  try {
    return preprocess(host, { project, config }).templates.flatMap(({ name, path, container }) =>
      path === undefined || container !== undefined ? [] : [{ name, path }],
    );
  } catch (error) {
    // A broken config is what one wants to edit.
    if (error instanceof DiagnosticError) return [];
    throw error;
  }
}
