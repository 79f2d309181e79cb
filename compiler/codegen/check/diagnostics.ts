/** @file The catalogue of what only TypeScript sees. Everything that the types pass can say too is said in its words (`graph/passes/diagnostics.ts`). */
import { defineDiagnostics } from "../../diagnostics/diagnostic.ts";

export const checkDiagnostics = defineDiagnostics("types", {
  wrongResult: {
    severity: "error",
    message: (p: { callee: string; name: string; expected: string; found: string }) =>
      `'${p.name}' of ${p.callee} is called to make ${p.expected}, and this makes ${p.found}`,
    doc: "A factory (`!partial`) is given, as it should be, but what it makes is not what the callee needs of it.",
  },
  promise: {
    severity: "error",
    message: (p: { callee: string; name: string; found: string }) =>
      `'${p.name}' of ${p.callee} would get a promise of ${p.found}`,
    hint: () =>
      "an async function is awaited where it is called directly: write !singleton or !call, outside of any !partial",
    doc: "An async function gives its result later. Directly in a config it is awaited; inside of a `!partial`, which runs while something else is being made, it cannot be.",
  },
  missingKey: {
    severity: "error",
    message: (p: { callee: string; name: string; keys: readonly string[] }) =>
      `'${p.name}' of ${p.callee} needs ${p.keys.map((key) => `'${key}'`).join(", ")}`,
    doc: "The parameter takes a mapping, and a key that it requires is not there.",
  },
  notCallable: {
    severity: "error",
    message: (p: { name: string; type: string }) =>
      `'${p.name}' is neither a class nor a function: its type is ${p.type}`,
    doc: "A config constructs things by calling classes and functions; this export is something else.",
  },
  mismatch: {
    severity: "error",
    message: (p: { what: string; problem: string; nearest?: string | undefined }) => `${p.what}: ${p.problem}`,
    hint: (p) => (p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`),
    doc: "TypeScript finds the emitted code faulty at what this place of the config became, in a way that fgc has no words of its own for. The message is TypeScript's.",
  },
  moduleError: {
    severity: "error",
    message: (p: { problem: string }) => p.problem,
    doc: "A TypeScript module of the project's own is faulty by itself. It is told where a config uses the module.",
  },
  emittedFault: {
    severity: "error",
    message: (p: { file: string; problem: string }) => `${p.problem} (in the emitted ${p.file})`,
    hint: () => "this is likely a fault of fgc: please report it with the config (`fgc pp`)",
    doc: "The emitted code has a type error that leads back to nothing in the config.",
  },
});
