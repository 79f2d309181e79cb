/** @file The catalogue for projects and their meta files. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

export const projectDiagnostics = defineDiagnostics("project", {
  noSuchFolder: {
    severity: "error",
    message: (p: { path: string }) => `there is no folder '${p.path}'`,
  },
  noProject: {
    severity: "error",
    message: (p: { path: string }) => `there is no project at '${p.path}' or above it`,
    hint: () => "a project is a folder with a meta.yaml; go to one, or name it with -p DIR",
  },
  noWorkspace: {
    severity: "info",
    message: (p: { path: string }) => `'${p.path}' is in no workspace; the defaults of the package are used`,
    hint: () => "a workspace is a folder that holds 'forgather_workspace/'",
  },
  metaShape: {
    severity: "error",
    message: () => "a meta file is a mapping",
    hint: () => "it holds name, description, searchdir, config_prefix and default_config",
  },
  metaValue: {
    severity: "error",
    message: (p: { key: string; expected: string }) => `'${p.key}' in the meta file must be ${p.expected}`,
  },
  unknownMetaKey: {
    severity: "warning",
    message: (p: { key: string; nearest?: string | undefined }) => `nothing reads '${p.key}' in a meta file`,
    hint: (p) => (p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`),
  },
  noConfigs: {
    severity: "error",
    message: (p: { name: string }) => `the project '${p.name}' has no configs`,
    hint: () => "configs are the .yaml files in templates/configs",
  },
  unknownConfig: {
    severity: "error",
    message: (p: { name: string; project: string; nearest?: string | undefined }) =>
      `the project '${p.project}' has no config '${p.name}'`,
    hint: (p) => (p.nearest === undefined ? "`fgc ls` lists the configs" : `did you mean '${p.nearest}'?`),
  },
  dynamicArgs: {
    severity: "warning",
    message: (p: { problem: string }) => `dynamic_args: ${p.problem}`,
    hint: () => "it is a list of mappings with names, type, choices, action and help",
  },
});
