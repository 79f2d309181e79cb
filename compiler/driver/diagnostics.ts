/** @file The catalogue of the driver: settings and command-line values that are no valid input. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

export const driverDiagnostics = defineDiagnostics("driver", {
  badSetting: {
    severity: "error",
    message: (p: { name: string; value: string; expected: string }) =>
      `${p.name} is '${p.value}', and should be ${p.expected}`,
  },
  badOverride: {
    severity: "error",
    message: (p: { text: string; problem: string }) => `'${p.text}': ${p.problem}`,
    hint: () => "write PATH=VALUE, PATH+=VALUE or ~PATH, for example optimizer.lr=3e-4",
  },
  overridePath: {
    severity: "error",
    message: (p: { text: string; step: string; nearest?: string | undefined }) =>
      `'${p.text}': there is no '${p.step}'`,
    hint: (p) =>
      p.nearest === undefined ? "`fgc graph --format outline` shows the paths" : `did you mean '${p.nearest}'?`,
  },
  notAList: {
    severity: "error",
    message: (p: { text: string; found: string }) => `'${p.text}' adds to a list, and the value there is ${p.found}`,
  },
});
