/** @file The catalogue for projects and their meta files. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

export const projectDiagnostics = defineDiagnostics("project", {
  noSuchFolder: {
    severity: "error",
    message: (p: { path: string }) => `there is no folder '${p.path}'`,
    doc: "The folder that was named on the command line, or by another project's config, does not exist.",
  },
  noProject: {
    severity: "error",
    message: (p: { path: string }) => `there is no project at '${p.path}' or above it`,
    hint: () => "a project is a folder with a meta.yaml; go to one, or name it with -p DIR",
    doc: "A project is a folder with a `meta.yaml`. fgc looks in the folder where it is started, or that `-p` names, and then in those above it.",
  },
  noWorkspace: {
    severity: "info",
    message: (p: { path: string }) => `'${p.path}' is in no workspace; the defaults of the package are used`,
    hint: () => "a workspace is a folder that holds 'forgather_workspace/'",
    doc: "Projects mostly share templates through a workspace, a folder above them that holds `forgather_workspace/`. Without one the package's own defaults are used, which is fine for a project that stands alone.",
  },
  metaShape: {
    severity: "error",
    message: () => "a meta file is a mapping",
    hint: () => "it holds name, description, searchdir, config_prefix and default_config",
    doc: "The meta file must print a YAML mapping: name, description, searchdir, config_prefix, default_config. A template that prints nothing, a list or a text is none.",
  },
  metaValue: {
    severity: "error",
    message: (p: { key: string; expected: string }) => `'${p.key}' in the meta file must be ${p.expected}`,
    doc: "A key of the meta file has a value of a kind that it cannot take, for example a mapping where folders are listed.",
  },
  unknownMetaKey: {
    severity: "warning",
    message: (p: { key: string; nearest?: string | undefined }) => `nothing reads '${p.key}' in a meta file`,
    hint: (p) => (p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`),
    doc: "Nothing reads this key, so it has no effect: probably a slip. Keys that begin with a dot are for anchors and are not looked at.",
  },
  noConfigs: {
    severity: "error",
    message: (p: { name: string }) => `the project '${p.name}' has no configs`,
    hint: () => "configs are the .yaml files in templates/configs",
    doc: "The project has no template in its configs folder, and its meta file names no default: there is nothing that a command could work on.",
  },
  unknownConfig: {
    severity: "error",
    message: (p: { name: string; project: string; nearest?: string | undefined }) =>
      `the project '${p.project}' has no config '${p.name}'`,
    hint: (p) => (p.nearest === undefined ? "`fgc ls` lists the configs" : `did you mean '${p.nearest}'?`),
    doc: "Configs are the `.yaml` files below the folder that `config_prefix` names (`configs`), in any folder of the search path. Write the name relative to that folder, or as a path.",
  },
  dynamicArgs: {
    severity: "warning",
    message: (p: { problem: string }) => `dynamic_args: ${p.problem}`,
    hint: () => "it is a list of mappings with names, type, choices, action and help",
    doc: "The target `dynamic_args` of a config declares flags for the command line. An entry that cannot be read becomes no flag; the config works without it.",
  },
});
