/** @file The first lines of a new config or template: what a person would type before thinking. */
import { join } from "node:path";
import type { Project } from "../../driver/compile.ts";
import type { CliHost } from "../host.ts";
import { quoted } from "./words.ts";

/** Names of files that projects keep what their configs share in. */
const sharedTemplate = "project.yaml";

/** A config that extends what its siblings do: the project's own template, else its default config. */
export function configSkeleton(host: CliHost, project: Project, name: string): string {
  const has = (template: string) =>
    project.searchPath.some(
      (folder) => folder.startsWith(project.dir) && host.files.readText(join(folder, template)) !== undefined,
    );
  const parent = has(sharedTemplate)
    ? sharedTemplate
    : project.defaultConfig === undefined
      ? undefined
      : join(project.configPrefix, project.defaultConfig);
  const title = titleOf(name);
  if (parent === undefined)
    return `## ${title}\nmeta: { config_name: "${quoted(title)}", config_description: "", config_class: "type" }\nmain: null\n`;
  const lines = [`## ${title}: what it changes, and why.`, `-- extends '${parent}'`];
  // Blocks that no parent has would be overridden in vain.
  if (hasMetadata(host, project.searchPath, parent))
    lines.push(
      "",
      "[config_metadata]",
      "    == super()",
      `    -- set ns.config_name = "${quoted(title)}"`,
      '    -- set ns.config_description = ""',
    );
  return `${lines.join("\n")}\n`;
}

export function templateSkeleton(name: string): string {
  return `## ${titleOf(name)}: what it is for, and which blocks it offers.\n`;
}

/** Whether a template or one that it extends by name has the block. */
function hasMetadata(host: CliHost, searchPath: readonly string[], template: string, depth = 0): boolean {
  const found = searchPath
    .map((folder) => host.files.readText(join(folder, template)))
    .find((text) => text !== undefined);
  if (found === undefined || depth > 100) return false;
  if (/^\s*(?:-- block config_metadata\b|\[config_metadata\])/m.test(found)) return true;
  const parent = /^-- extends ['"]([^'"]+)['"]/m.exec(found)?.[1];
  return parent !== undefined && hasMetadata(host, searchPath, parent, depth + 1);
}

/** `deep/wider_net.yaml` is `Wider Net`. */
function titleOf(name: string): string {
  const stem = name.replace(/.*\//, "").replace(/\.ya?ml$/, "");
  return stem.replaceAll(/[_-]+/g, " ").replaceAll(/\b\p{Ll}/gu, (letter) => letter.toUpperCase());
}
