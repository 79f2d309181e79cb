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
  },
  badSet: {
    severity: "error",
    message: (p: { text: string }) => `--set takes NAME=VALUE, not '${p.text}'`,
  },
  badFlag: {
    severity: "error",
    message: (p: { flag: string; value: string; problem: string }) => `${p.flag} is '${p.value}': ${p.problem}`,
  },
  severalConfigs: {
    severity: "error",
    message: (p: { first: string; second: string }) => `one config at a time: '${p.first}' and '${p.second}' are given`,
    hint: () => "an override has the form PATH=VALUE",
  },
  unknownTarget: {
    severity: "error",
    message: (p: { name: string; nearest?: string | undefined }) => `the config has no target '${p.name}'`,
    hint: (p) => (p.nearest === undefined ? "`fgc targets` lists them" : `did you mean '${p.nearest}'?`),
  },
  flagClash: {
    severity: "warning",
    message: (p: { name: string }) => `the config's flag '${p.name}' has the name of one of fgc's own, which wins`,
    hint: () => "rename it in dynamic_args, or bind its variable with --set",
  },
  configUnread: {
    severity: "warning",
    message: (p: { config: string; reason: string }) => `the flags of '${p.config}' cannot be read: ${p.reason}`,
    hint: () => "--no-dyn leaves them out",
  },
});
