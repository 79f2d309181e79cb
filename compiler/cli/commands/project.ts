/** @file `fgc project`: the project around here, and new ones; new configs in it. */
import { join, resolve } from "node:path";
import { findProjectDir, findWorkspace, listTemplates } from "../../config/project.ts";
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { listConfigs } from "../../driver/compile.ts";
import { nearest } from "../../source/nearest.ts";
import { columns } from "../columns.ts";
import { choice, defineCommand, text } from "../command.ts";
import { cliDiagnostics as faults } from "../diagnostics.ts";
import type { CliHost } from "../host.ts";
import { showPath } from "../output.ts";
import { checkRelative, createProject, yamlName } from "../projects/create-project.ts";
import { configSkeleton, templateSkeleton } from "../projects/skeletons.ts";
import { starterKinds } from "../projects/starters.ts";
import { writeNewFiles } from "../projects/write-files.ts";
import type { Session } from "../session.ts";
import { metaJson } from "./meta.ts";

const createCommand = defineCommand({
  name: "create",
  group: "Projects and templates",
  summary: "make a project",
  example: 'fgc project create --name "First try" --from causal-lm',
  positionals: "names",
  arguments: [{ usage: "[copy-from]", description: "a config whose text becomes the default config" }],
  options: {
    name: { ...text("--name <name>", "what it is called"), isRequired: true },
    description: text("--description <text>", "what it is for"),
    from: choice("--from <kind>", "what to start with", starterKinds, "plain"),
    configPrefix: text("--config-prefix <folder>", "where its configs lie below templates; default: configs"),
    defaultConfig: text("--default-config <file>", "its default config; default: default.yaml, or what the kind has"),
    projectDirName: text("--project-dir-name <folder>", "its folder; default: made of the name"),
  },
  run(host, { options, names, session }) {
    const created = createProject(host, {
      name: options.name ?? "",
      description: options.description,
      kind: options.from,
      parent: resolve(host.cwd(), session.globals.projectDir ?? "."),
      folder: options.projectDirName,
      configPrefix: options.configPrefix,
      defaultConfig: options.defaultConfig,
      copyFrom: names[0],
      makeWorkspace: false,
    });
    return {
      text: `made ${showPath(host, created.projectDir)}, ${created.files.length} files; its README says what to do next\n`,
      json: { ok: true, ...created },
    };
  },
});

const showCommand = defineCommand({
  name: "show",
  group: "Projects and templates",
  summary: "show the project's name, folders and search path",
  example: "fgc project show --json",
  positionals: "none",
  options: {},
  run(host, { session }) {
    const { name, description, defaultConfig, dir, workspaceRoot, configPrefix, searchPath } = session.project;
    const [first, ...others] = searchPath.map((path) => showPath(host, path));
    return {
      text: columns([
        ["Name", name],
        ["Description", description],
        ["Default config", defaultConfig ?? "none"],
        ["Folder", dir],
        ["Workspace", workspaceRoot],
        ["Config prefix", configPrefix],
        ["Search path", first ?? ""],
        ...others.map((path) => ["", path]),
      ]),
      json: metaJson(session),
    };
  },
});

const kinds = ["config", "project", "ws"] as const;

const newConfigCommand = defineCommand({
  name: "new_config",
  aliases: ["new-config"],
  group: "Projects and templates",
  summary: "start a config, or a template of the project or the workspace",
  example: "fgc project new_config wider baseline.yaml",
  positionals: "names",
  arguments: [
    { usage: "<name>", description: "the file's name; folders in it are made" },
    {
      usage: "[copy-from]",
      description: "a config or template to begin with; default: one that extends the project's own",
    },
  ],
  options: {
    type: choice("--type <kind>", "a config, or a template in the project or in the workspace", kinds, "config"),
  },
  run(host, { options, names, session }) {
    const [given = "", copyFrom] = names;
    const name = yamlName(checkRelative("NAME", given));
    const { project } = session;
    const body =
      copyFrom !== undefined
        ? templateText(host, session, copyFrom)
        : options.type === "config"
          ? configSkeleton(host, project, name)
          : templateSkeleton(name);
    const folder = folderFor(host, session, options.type);
    const [path = ""] = writeNewFiles(host, folder, new Map([[name, body]]));
    const use = options.type === "config" ? `fgc -t ${name} pp` : `-- extends '${name}'`;
    return { text: `made ${showPath(host, path)}; use it: ${use}\n`, json: { ok: true, path, type: options.type } };
  },
});

function folderFor(host: CliHost, { project }: Session, type: (typeof kinds)[number]): string {
  const own =
    project.searchPath.find((folder) => folder.startsWith(`${project.dir}/`)) ?? join(project.dir, "templates");
  if (type === "project") return own;
  if (type === "config") return join(own, project.configPrefix);
  const { templates } = findWorkspace(host.files, project.dir);
  if (templates !== undefined) return templates;
  throw new DiagnosticError(
    faults.unknownFile({}, { what: "workspace at or above", path: showPath(host, project.dir) }),
  );
}

/** A config's name, a template's, or a path. */
function templateText(host: CliHost, { project }: Session, given: string): string {
  const { searchPath, configPrefix } = project;
  const places = [yamlName(given), given].flatMap((name) => [
    ...searchPath.flatMap((folder) => [join(folder, configPrefix, name), join(folder, name)]),
    resolve(host.cwd(), name),
  ]);
  for (const path of places) {
    const found = host.files.readText(path);
    if (found !== undefined) return found;
  }
  const known = [...listConfigs(host, project), ...listTemplates(host.files, searchPath, "").map(({ name }) => name)];
  const what = "config, template or file";
  throw new DiagnosticError(faults.unknownFile({}, { what, path: given, nearest: nearest(yamlName(given), known) }));
}

export const projectCommand = defineCommand({
  name: "project",
  group: "Projects and templates",
  summary: "show the project's folder, or make projects and configs",
  example: "fgc project create --name Demo --from causal-lm",
  positionals: "none",
  options: {},
  subcommands: [createCommand, showCommand, newConfigCommand],
  run(host, { session }) {
    const projectDir = findProjectDir(host.files, resolve(host.cwd(), session.globals.projectDir ?? "."));
    return { text: `${projectDir}\n`, json: { ok: true, projectDir } };
  },
});
