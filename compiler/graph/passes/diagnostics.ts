/** @file The catalogues of the passes: what can be wrong with a graph that was read without fault. */
import { defineDiagnostics } from "../../diagnostics/diagnostic.ts";

interface Nearest {
  readonly nearest?: string | undefined;
}
const didYouMean = (p: Nearest): string | undefined =>
  p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`;
const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(", ");

export const linkDiagnostics = defineDiagnostics("link", {
  notConstant: {
    severity: "error",
    message: (p: { argument: string }) => `'${p.argument}' of from_project must be known while compiling`,
    hint: () => "write it as plain data; values made by a run can be bound as variables, by any other keyword",
  },
  missingProjectDir: {
    severity: "error",
    message: () => "from_project needs 'project_dir'",
  },
  noLoader: {
    severity: "error",
    message: (p: { project: string }) => `the project '${p.project}' cannot be opened from here`,
  },
  cycle: {
    severity: "error",
    message: (p: { steps: readonly string[] }) => `projects lead back to themselves: ${p.steps.join(" → ")}`,
  },
  unknownTarget: {
    severity: "error",
    message: (p: { target: string; project: string } & Nearest) =>
      `the project '${p.project}' has no target '${p.target}'`,
    hint: didYouMean,
  },
});

export const boundaryDiagnostics = defineDiagnostics("graph", {
  modelModule: {
    severity: "error",
    message: (p: { problem: string }) => `fgc/compiler:modelModule ${p.problem}`,
    hint: () => "write !meta:fgc/compiler:modelModule { obj: PARTS, config: CONFIG }",
  },
  unboundVariable: {
    severity: "error",
    message: (p: { name: string } & Nearest) => `variable '${p.name}' is used but nothing binds it`,
    hint: (p) => didYouMean(p) ?? "give it a default, or a key in the model's config",
  },
  unknownTarget: {
    severity: "error",
    message: (p: { name: string } & Nearest) => `the config has no target '${p.name}'`,
    hint: (p) => didYouMean(p) ?? "`fgc targets` lists them",
  },
});

export const resolveDiagnostics = defineDiagnostics("resolve", {
  malformedSpec: {
    severity: "error",
    message: (p: { spec: string }) => `'${p.spec}' does not say what to construct`,
    hint: () => "write MODULE:NAME or MODULE:NAME.MEMBER",
  },
  unknownBuiltin: {
    severity: "error",
    message: (p: { name: string } & Nearest) => `there is no built-in '${p.name}'`,
    hint: (p) => didYouMean(p) ?? "to construct something of a module, write MODULE:NAME",
  },
  unknownModule: {
    severity: "error",
    message: (p: { module: string } & Nearest) => `there is no module '${p.module}'`,
    hint: (p) =>
      didYouMean(p) ??
      "a module is fgc/NAME, a package in node_modules, node:NAME, or a file of the project (./my_layer.ts)",
  },
  unknownPythonModule: {
    severity: "error",
    message: (p: { spec: string } & Nearest) => `'${p.spec}' is Python and has no counterpart here`,
    hint: (p) => didYouMean(p) ?? "name a counterpart under `import_map` in meta.yaml",
  },
  unknownFile: {
    severity: "error",
    message: (p: { module: string; tried: readonly string[] }) => `no file for '${p.module}'`,
    hint: (p) => `looked for ${listed(p.tried)}`,
  },
  unknownExport: {
    severity: "error",
    message: (p: { name: string; module: string } & Nearest) => `'${p.module}' has no '${p.name}'`,
    hint: didYouMean,
  },
  unknownMember: {
    severity: "error",
    message: (p: { member: string; name: string } & Nearest) => `'${p.name}' has no static method '${p.member}'`,
    hint: didYouMean,
  },
  notCallable: {
    severity: "error",
    message: (p: { name: string; kind: string }) => `'${p.name}' is a ${p.kind}, not a class or function`,
  },
});

export const typeDiagnostics = defineDiagnostics("types", {
  unknownArgument: {
    severity: "error",
    message: (p: { callee: string; name: string; known: readonly string[] } & Nearest) =>
      `${p.callee} has no argument '${p.name}'`,
    hint: (p) => didYouMean(p) ?? (p.known.length === 0 ? "it takes none" : `it has ${listed(p.known)}`),
  },
  tooManyArguments: {
    severity: "error",
    message: (p: { callee: string; most: number; found: number }) =>
      `${p.callee} takes ${p.most} positional argument${p.most === 1 ? "" : "s"}, not ${p.found}`,
  },
  duplicateArgument: {
    severity: "error",
    message: (p: { callee: string; name: string }) => `${p.callee} gets '${p.name}' twice`,
  },
  missingArgument: {
    severity: "error",
    message: (p: { callee: string; name: string; type: string }) => `${p.callee} needs '${p.name}' (${p.type})`,
    hint: () => "give it here, or make this a !partial if its user gives it",
  },
  wrongType: {
    severity: "error",
    message: (p: { callee: string; name: string; expected: string; found: string }) =>
      `'${p.name}' of ${p.callee} takes ${p.expected}, not ${p.found}`,
  },
  notOneOf: {
    severity: "error",
    message: (p: { callee: string; name: string; found: string; allowed: readonly string[] } & Nearest) =>
      `'${p.name}' of ${p.callee} is one of ${p.allowed.join(", ")}, not ${p.found}`,
    hint: didYouMean,
  },
  booleanWord: {
    severity: "error",
    message: (p: { callee: string; name: string; word: string; found: boolean; allowed: readonly string[] }) =>
      `'${p.name}' of ${p.callee} is one of ${p.allowed.join(", ")}, and this is ${p.found}`,
    hint: (p) => `YAML reads a bare ${p.word} as ${p.found}: write it in quotes`,
    doc: "YAML 1.1 reads yes, no, on and off as booleans, also where a word is wanted.",
  },
  factoryExpected: {
    severity: "error",
    message: (p: { callee: string; name: string; found: string }) =>
      `'${p.name}' of ${p.callee} is called to make its values, and this is ${p.found} already made`,
    hint: () => "write !partial instead",
  },
  objectExpected: {
    severity: "error",
    message: (p: { callee: string; name: string; expected: string }) =>
      `'${p.name}' of ${p.callee} takes ${p.expected}, and a !partial only makes one when called`,
    hint: () => "write !factory or !singleton instead",
  },
  unknownKey: {
    severity: "error",
    message: (p: { callee: string; name: string; key: string } & Nearest) =>
      `'${p.name}' of ${p.callee} has no key '${p.key}'`,
    hint: didYouMean,
  },
});
