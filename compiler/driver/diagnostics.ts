/** @file The catalogue of the driver: settings and command-line values that are no valid input. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

/** What a path that leads nowhere may have meant. */
interface Guesses {
  /** Where the config has this very name. */
  readonly elsewhere?: string | undefined;
  readonly nearest?: string | undefined;
}
const guess = ({ elsewhere, nearest }: Guesses): string | undefined =>
  elsewhere === undefined && nearest === undefined ? undefined : `did you mean '${elsewhere ?? nearest}'?`;

export const driverDiagnostics = defineDiagnostics("driver", {
  badSetting: {
    severity: "error",
    message: (p: { name: string; value: string; expected: string }) =>
      `${p.name} is '${p.value}', and should be ${p.expected}`,
    doc: "An environment variable or flag that fixes what templates see of the machine has a value that cannot be read.",
  },
  badOverride: {
    severity: "error",
    message: (p: { text: string; problem: string }) => `'${p.text}': ${p.problem}`,
    hint: () => "write PATH=VALUE, PATH+=VALUE or ~PATH, for example optimizer.lr=3e-4",
    doc: "A value given by path on the command line cannot be read: the path or the YAML behind the `=`.",
  },
  overridePath: {
    severity: "error",
    message: (p: { text: string; step: string } & Guesses) => `'${p.text}': there is no '${p.step}'`,
    hint: (p) => guess(p) ?? "`fgc graph --format outline` shows the paths",
    doc: "A path begins at a target or at a named node (`@optimizer`) and goes through keys, arguments and `[index]`. It leads nowhere, so the override would have no effect. A new argument is set by its full path, and is then checked as if it stood in the config.",
  },
  unknownPath: {
    severity: "error",
    message: (p: { path: string; step: string } & Guesses) =>
      p.step === p.path ? `the config has no '${p.path}'` : `'${p.path}': there is no '${p.step}'`,
    hint: (p) => guess(p) ?? "`fgc explain` without a path lists the targets",
    doc: "A path begins at a target or at a named node (`@optimizer`) and goes through keys, arguments and `[index]`, into other projects too. This one leads nowhere: neither does the config set it, nor has the constructor such an argument.",
  },
  checkFailed: {
    severity: "error",
    message: (p: { config: string; problem: string }) => `fgc itself failed at '${p.config}': ${p.problem}`,
    hint: () => "this is not your config's doing: please report it, with the config (`fgc pp`) and `node --version`",
    doc: "Checking a config ended with a fault of fgc's own, or with the end of the thread that did it. The other configs were checked, and their results stand.",
  },
  notAList: {
    severity: "error",
    message: (p: { text: string; found: string }) => `'${p.text}' adds to a list, and the value there is ${p.found}`,
    doc: "`PATH+=VALUE` adds an item to the list at PATH, and there is no list.",
  },
});
