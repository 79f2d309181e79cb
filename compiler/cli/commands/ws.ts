/** @file `fgc ws`: the workspace around here, and new ones. */
import { join, resolve } from "node:path";
import { findWorkspace, workspaceFolderNames } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import { defineCommand, text, texts } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import { ExitCode } from "../exit-code.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";
import { checkWords } from "../projects/words.ts";
import { workspaceFiles, workspaceFolder } from "../projects/workspace-files.ts";
import { writeNewFiles } from "../projects/write-files.ts";

const createCommand = defineCommand({
  name: "create",
  aliases: ["init"],
  group: "Projects and templates",
  summary: "make a folder a workspace",
  example: 'fgc ws create --name "My models" --description "What we train" models',
  positionals: "names",
  arguments: [{ usage: "[folder]", description: "the workspace's folder, made if need be; default: this one" }],
  options: {
    name: { ...text("--name <name>", "what it is called"), isRequired: true },
    description: text("--description <text>", "what it is for"),
    forgatherDir: text(
      "--forgather-dir <folder>",
      "a checkout whose templates and examples the projects use; default: those of the installed package",
    ),
    lib: texts("-l, --lib <name>", "a template library of that folder to search: base, examples (repeatable)"),
    searchPath: texts("--search-path <folder>", "another folder to search for templates (repeatable)"),
  },
  run(host, { options, names, session }) {
    const start = resolve(host.cwd(), session.globals.projectDir ?? ".");
    const root = resolve(start, names[0] ?? ".");
    const existing = workspaceFolderNames
      .map((name) => join(root, name))
      .filter((path) => host.files.isDirectory(path));
    if (existing.length > 0)
      throw new DiagnosticError(faults.exists({}, { paths: existing.map((path) => showPath(host, path)) }));
    const forgatherDir = options.forgatherDir === undefined ? undefined : folder(host, start, options.forgatherDir);
    const libraryRoot = join(forgatherDir ?? host.packageRoot, "templatelib");
    for (const name of options.lib) checkLibrary(host, libraryRoot, name);
    const libraries = options.lib.length > 0 ? options.lib : defaultLibraries(host, libraryRoot);
    const files = workspaceFiles({
      name: checkWords("--name", options.name ?? ""),
      description: checkWords("--description", options.description ?? ""),
      root,
      forgatherDir,
      libraries,
      searchPath: options.searchPath.map((path) => folder(host, start, path)),
    });
    const written = writeNewFiles(host, root, files);
    return {
      text: [
        `made ${showPath(host, join(root, workspaceFolder))}`,
        "next: `fgc project create --name NAME` or `fgc new` in that folder",
        "",
      ].join("\n"),
      json: { ok: true, workspaceRoot: root, files: written },
    };
  },
});

/** A folder that the command line names, and that exists. */
function folder(host: CliHost, start: string, path: string): string {
  const absolute = resolve(start, path.replace(/^~(?=\/|$)/, host.homeDirectory()));
  if (host.files.isDirectory(absolute)) return absolute;
  throw new DiagnosticError(faults.unknownFile({}, { what: "folder", path }));
}

function checkLibrary(host: CliHost, root: string, name: string): void {
  if (host.files.isDirectory(join(root, name))) return;
  const known = host.files.list(root).flatMap((entry) => (entry.isDirectory ? [entry.name] : []));
  const path = join(showPath(host, root), name);
  throw new DiagnosticError(faults.unknownFile({}, { what: "template library", path, nearest: nearest(name, known) }));
}

/** In the order of search: what extends before what is extended. */
function defaultLibraries(host: CliHost, root: string): readonly string[] {
  return ["examples", "base"].filter((name) => host.files.isDirectory(join(root, name)));
}

export const wsCommand = defineCommand({
  name: "ws",
  group: "Projects and templates",
  summary: "show the workspace's folder, or make a workspace",
  example: "fgc ws",
  positionals: "none",
  options: {},
  subcommands: [createCommand],
  run(host, { session }) {
    const start = resolve(host.cwd(), session.globals.projectDir ?? ".");
    const { root, templates } = findWorkspace(host.files, start);
    if (templates === undefined) {
      host.stderr.write(`note: ${showPath(host, start)} is in no workspace; \`fgc ws create --name NAME\` makes one\n`);
      return { text: "", json: { ok: false, workspaceRoot: null }, exitCode: ExitCode.InvalidInput };
    }
    return { text: `${root}\n`, json: { ok: true, workspaceRoot: root, templates } };
  },
});
