/** @file The catalogue of the command line. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

export const cliDiagnostics = defineDiagnostics("cli", {
  usage: {
    severity: "error",
    message: (p: { message: string; suggestion?: string | undefined }) => p.message,
    hint: (p) =>
      p.suggestion === undefined
        ? "`fgc --help` lists the commands, `fgc COMMAND --help` their flags"
        : `did you mean '${p.suggestion}'?`,
    doc: "The command line itself cannot be read: an unknown command or flag, a missing or unexpected value.",
  },
  badSet: {
    severity: "error",
    message: (p: { text: string }) => `--set takes NAME=VALUE, not '${p.text}'`,
    doc: "`--set` binds one template variable: a name, `=`, and a YAML value.",
  },
  badFlag: {
    severity: "error",
    message: (p: { flag: string; value: string; problem: string }) => `${p.flag} is '${p.value}': ${p.problem}`,
    doc: "A flag has a value that it cannot take.",
  },
  severalConfigs: {
    severity: "error",
    message: (p: { first: string; second: string }) => `one config at a time: '${p.first}' and '${p.second}' are given`,
    hint: () => "an override has the form PATH=VALUE",
    doc: "A command works on one config, given as `-t CONFIG` or as the one word that is no override.",
  },
  allOrSome: {
    severity: "error",
    message: (p: { name: string }) => `'${p.name}' is one config, and --all or -r means every one`,
    hint: () => "leave one of them out",
    doc: "`fgc check --all` and `-r` find the configs themselves, so none is named beside them.",
  },
  singleOnly: {
    severity: "error",
    message: (p: { what: string }) => `${p.what} is about one config, and several are to be checked`,
    hint: () => "check that config alone: fgc check CONFIG PATH=VALUE",
    doc: "Overrides, `--set` and the flags that a config declares belong to one config. Where several are checked it would not be clear which one they mean.",
  },
  exists: {
    severity: "error",
    message: (p: { paths: readonly string[] }) =>
      p.paths.length === 1 ? `'${p.paths[0]}' is there already` : `these are there already: ${p.paths.join(", ")}`,
    hint: () => "nothing is overwritten: choose another name, or move what is there",
    doc: "A command that makes new files never writes over a file that exists; it has written nothing at all.",
  },
  missingFlags: {
    severity: "error",
    message: (p: { flags: readonly string[] }) => `without a terminal to ask at, ${p.flags.join(", ")} must be given`,
    hint: () => "--yes takes what would be suggested",
    doc: "An interactive command asks for what it was not told. Where nobody can answer (a script, a pipe), everything must stand on the command line.",
  },
  unknownFile: {
    severity: "error",
    message: (p: { what: string; path: string; nearest?: string | undefined }) => `there is no ${p.what} '${p.path}'`,
    hint: (p) => (p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`),
    doc: "A file or folder that the command line names is not there.",
  },
  notText: {
    severity: "error",
    message: (p: { path: string }) => `'${p.path}' holds bytes that are no UTF-8, so it is left as it is`,
    hint: () => "save it as UTF-8",
    doc: "A file that a command would rewrite cannot be read without loss: its bytes are not valid UTF-8.",
  },
  badSweep: {
    severity: "error",
    message: (p: { path: string; problem: string }) => `${p.path} is no sweep: ${p.problem}`,
    hint: () =>
      "it holds grid (a mapping of names to lists of values) or points (a list of mappings), and perhaps config, fixed, train, scheduler",
    doc: "`fgc sweep` reads a YAML file that says which settings to try. This one says something else.",
  },
  notHere: {
    severity: "error",
    message: (p: { what: string }) => `${p.what} is of no use inside the shell`,
    hint: () => "leave the shell first",
    doc: "In `fgc shell` a command that would go on until Ctrl-C could not be ended, and a shell in the shell would be the same one.",
  },
  unknownTarget: {
    severity: "error",
    message: (p: { name: string; nearest?: string | undefined }) => `the config has no target '${p.name}'`,
    hint: (p) => (p.nearest === undefined ? "`fgc targets` lists them" : `did you mean '${p.nearest}'?`),
    doc: "Targets are the keys at the root of a config, those that begin with a dot left out.",
  },
  flagClash: {
    severity: "warning",
    message: (p: { name: string }) => `the config's flag '${p.name}' has the name of one of fgc's own, which wins`,
    hint: () => "rename it in dynamic_args, or bind its variable with --set",
    doc: "The config declares a flag under `dynamic_args` that fgc has itself, so the config's cannot be given on the command line.",
  },
  partialText: {
    severity: "info",
    message: () => "`fgc pp --partial` prints the text all the same, without what the faults spoil",
    doc: "Rendering goes on behind a fault, so most of a config's text is known even where some of it is not. `--partial` prints it; the command still ends with 1.",
  },
  oneSide: {
    severity: "error",
    message: () => "there is nothing to compare with",
    hint: () => "give a second config, the folder of a build, or what is to be different: --with optimizer.lr=1e-3",
    doc: "`fgc diff` compares two configs, one config with other arguments (`--with`), or the folder of a build or run with what its config would give now.",
  },
  tooManySides: {
    severity: "error",
    message: (p: { count: number }) => `two sides are compared, and ${p.count} are given`,
    hint: () => "an override has the form PATH=VALUE, an argument of the second side alone --with NAME=VALUE",
    doc: "`fgc diff` takes at most two configs or folders. A value by path applies to both of them.",
  },
  configUnread: {
    severity: "warning",
    message: (p: { config: string; reason: string }) => `the flags of '${p.config}' cannot be read: ${p.reason}`,
    hint: () => "--no-dyn leaves them out",
    doc: "To know the flags that a config declares, fgc must read it, and that failed; the command goes on without them. The fault itself is told where the config is used.",
  },
  unknownCode: {
    severity: "error",
    message: (p: { code: string; nearest?: string | undefined }) => `there is no diagnostic '${p.code}'`,
    hint: (p) => (p.nearest === undefined ? "`fgc explain-code` lists them" : `did you mean '${p.nearest}'?`),
    doc: "Diagnostics are named by the stage that finds them and what they found, as messages show them in brackets.",
  },
});
