/** @file `fgc meta`: what the project's meta file says, and the templates that it pulls in. */
import type { ImportMapEntry } from "../../config/project.ts";
import { defineCommand } from "../command.ts";
import type { CliHost } from "../host.ts";
import { linkTo } from "../links.ts";
import { showPath } from "../output.ts";
import type { Session } from "../session.ts";

export const metaCommand = defineCommand({
  name: "meta",
  group: "Seeing what is there",
  summary: "show the project's meta file and search path",
  example: "fgc meta --json",
  positionals: "none",
  options: {},
  run: (host, { session }) => ({ text: metaMarkdown(host, session), json: metaJson(session), extension: "md" }),
});

export function metaJson({ project }: Session) {
  const { dir, workspaceRoot, name, description, searchPath, configPrefix, defaultConfig, importMap, systemPath } =
    project;
  return {
    projectDir: dir,
    workspaceRoot,
    name,
    description,
    searchPath,
    configPrefix,
    defaultConfig: defaultConfig ?? null,
    importMap,
    systemPath,
  };
}

export function metaMarkdown(host: CliHost, session: Session, title = session.project.name || "Project"): string {
  const { project } = session;
  const link = linkTo(host, session);
  const folder = (path: string) => `[${showPath(host, path)}](${encodeURI(link(path))})`;
  const renames = Object.entries(project.importMap);
  const lines = [
    `## ${title}`,
    "",
    ...(project.description === "" ? [] : [project.description, ""]),
    `- Project folder: ${folder(project.dir)}`,
    `- Workspace: ${folder(project.workspaceRoot)}`,
    `- Config prefix: \`${project.configPrefix}\``,
    `- Default config: ${project.defaultConfig === undefined ? "none" : `\`${project.defaultConfig}\``}`,
    "",
    "### Meta file",
    "",
    ...project.meta.templates.map(
      (template) =>
        `- ${template.path === undefined ? template.name : `[${template.name}](${encodeURI(link(template.path))})`}`,
    ),
    "",
    "### Search path",
    "",
    ...project.searchPath.map((path) => `- ${folder(path)}`),
    ...(renames.length === 0
      ? []
      : ["", "### Import map", "", ...renames.map(([from, entry]) => `- \`${from}\` ${shownEntry(entry)}`)]),
  ];
  return `${lines.join("\n")}\n`;
}

function shownEntry(entry: ImportMapEntry): string {
  if (typeof entry === "string") return `→ \`${entry}\``;
  return "missing" in entry ? `has no counterpart: ${entry.missing}` : `→ \`${entry.to}\``;
}
