/** @file Which template files a command means: those that are named, or all of the project's own. The library's are nobody's to change. */
import { join, relative, resolve } from "node:path";
import { maximumDepth, metaFileName } from "../config/project.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { templateFiles } from "../driver/template-index.ts";
import { cliDiagnostics as faults } from "./diagnostics.ts";
import type { CliHost } from "./host.ts";
import type { Session } from "./session.ts";

const isTemplate = (name: string) => /\.(?:ya?ml|jinja2?)$/.test(name);
const skipped = new Set(["node_modules", "output_models", "tmp", "dist"]);

/** Absolute paths, sorted; folders stand for what is in them. */
export function chosenTemplateFiles(host: CliHost, session: Session, names: readonly string[]): readonly string[] {
  if (names.length === 0) return projectTemplateFiles(host, session.project);
  const found = names.flatMap((name) => {
    const path = resolve(host.cwd(), name);
    if (host.files.isDirectory(path)) return filesBelow(host, path, 0);
    if (host.files.readText(path) !== undefined) return [path];
    throw new DiagnosticError(faults.unknownFile({}, { what: "template", path: name }));
  });
  return [...new Set(found)].sort();
}

/** The meta file, and the templates in the folders of the search path that lie in the project or its workspace. */
function projectTemplateFiles(
  host: CliHost,
  { dir, workspaceRoot, searchPath }: Session["project"],
): readonly string[] {
  const isOwn = (folder: string) => [dir, workspaceRoot].some((root) => !relative(root, folder).startsWith(".."));
  const isLibrary = (folder: string) => !relative(join(host.packageRoot, "templatelib"), folder).startsWith("..");
  const own = searchPath.filter((folder) => isOwn(folder) && !isLibrary(folder));
  const paths = templateFiles(host, own).map(({ path }) => path);
  return [...new Set([join(dir, metaFileName), ...paths])].sort();
}

function filesBelow(host: CliHost, folder: string, depth: number): string[] {
  if (depth > maximumDepth) return [];
  return host.files.list(folder).flatMap(({ name, isDirectory }) => {
    if (name.startsWith(".") || skipped.has(name)) return [];
    const path = join(folder, name);
    return isDirectory ? filesBelow(host, path, depth + 1) : isTemplate(name) ? [path] : [];
  });
}
