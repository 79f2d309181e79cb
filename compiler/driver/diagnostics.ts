/** @file The catalogue of the driver: settings and command-line values that are no valid input. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

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
    message: (p: { text: string; step: string; nearest?: string | undefined }) =>
      `'${p.text}': there is no '${p.step}'`,
    hint: (p) =>
      p.nearest === undefined ? "`fgc graph --format outline` shows the paths" : `did you mean '${p.nearest}'?`,
    doc: "A path begins at a target or at a named node (`@optimizer`) and goes through keys, arguments and `[index]`. It leads nowhere, so the override would have no effect. A new argument is set by its full path, and is then checked as if it stood in the config.",
  },
  notAList: {
    severity: "error",
    message: (p: { text: string; found: string }) => `'${p.text}' adds to a list, and the value there is ${p.found}`,
    doc: "`PATH+=VALUE` adds an item to the list at PATH, and there is no list.",
  },
});
