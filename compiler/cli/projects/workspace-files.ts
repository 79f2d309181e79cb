/** @file The three files of a new workspace: what its projects share. */
import { isAbsolute, join, relative } from "node:path";
import type { NewFiles } from "./write-files.ts";

export const workspaceFolder = "forgather_workspace";

export interface WorkspaceWords {
  readonly name: string;
  readonly description: string;
  readonly root: string;
  /** A checkout of Forgather, or of fgc; absent: the workspace's own folder, and the templates of the installed package. */
  readonly forgatherDir: string | undefined;
  /** Below `templatelib` of that folder. */
  readonly libraries: readonly string[];
  /** Absolute. */
  readonly searchPath: readonly string[];
}

export function workspaceFiles(words: WorkspaceWords): NewFiles {
  return new Map([
    [join(workspaceFolder, "README.md"), readme(words)],
    [join(workspaceFolder, "base_directories.yaml"), baseDirectories(words)],
    [join(workspaceFolder, "meta_defaults.yaml"), metaDefaults(words)],
  ]);
}

/** A folder as a template expression: relative to the workspace where it lies near, so that the workspace can move. */
function folderExpression(root: string, path: string): string {
  const near = relative(root, path);
  if (near === "") return "workspace_root";
  if (isAbsolute(near) || near.startsWith("../../..")) return literal(path);
  return `normpath(joinpath(workspace_root, ${literal(near)}))`;
}

/** As an expression of the template language. */
const literal = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function readme({ name, description }: WorkspaceWords): string {
  return `# ${name}

${description === "" ? "A workspace: a folder of projects that share templates." : description}

- \`base_directories.yaml\` names root folders (\`ns.forgather_dir\`, and what else the projects are to know), for meta files and configs alike;
- \`meta_defaults.yaml\` is what each project's \`meta.yaml\` extends; it builds the search path for templates;
- every other \`.yaml\` here is a template that all projects of the workspace may extend or include.

\`fgc project create --name NAME --description TEXT\` makes a project; \`fgc ls -r\` lists them all.
`;
}

function baseDirectories({ root, forgatherDir }: WorkspaceWords): string {
  return `## Root folders of this workspace, for meta files and configs alike.
-- set ns.forgather_dir = ${forgatherDir === undefined ? "workspace_root" : folderExpression(root, forgatherDir)}
`;
}

function metaDefaults({ root, forgatherDir, libraries, searchPath }: WorkspaceWords): string {
  const named = searchPath.map((path) => `    - "{{ ${folderExpression(root, path)} }}"`);
  const library =
    forgatherDir === undefined
      ? []
      : libraries.map((name) => `    - "{{ joinpath(ns.forgather_dir, 'templatelib', '${name}') }}"`);
  return `${[
    "## What the meta files of this workspace's projects share: where templates are searched, first match wins.",
    "## The library that comes with fgc is searched after all of these.",
    "-- set ns = namespace()",
    "-- include 'base_directories.yaml'",
    "",
    "-- block configs",
    "-- endblock configs",
    "-- block searchdir",
    "searchdir:",
    "    -- block project_searchdir",
    "    - \"{{ joinpath(project_dir, 'templates') }}\"",
    "    -- endblock project_searchdir",
    "    -- block workspace_searchdir",
    `    - "{{ joinpath(workspace_root, '${workspaceFolder}') }}"`,
    ...named,
    "    -- endblock workspace_searchdir",
    "    -- block library_searchdir",
    ...library,
    "    -- endblock library_searchdir",
    "-- endblock searchdir",
  ].join("\n")}\n`;
}
