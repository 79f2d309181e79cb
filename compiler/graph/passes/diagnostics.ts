/** @file The catalogues of the passes: what can be wrong with a graph that was read without fault. */
import { defineDiagnostics } from "../../diagnostics/diagnostic.ts";

interface Nearest {
  readonly nearest?: string | undefined;
}
const didYouMean = (p: Nearest): string | undefined =>
  p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`;
/** Enough to choose from; a signature may have fifty options. */
const mostListed = 12;
const listed = (names: readonly string[]): string => {
  const shown = names.slice(0, mostListed).map((name) => `'${name}'`);
  return `${shown.join(", ")}${names.length > mostListed ? ` and ${names.length - mostListed} more` : ""}`;
};

const has = (names: readonly string[] | undefined): string | undefined =>
  names === undefined || names.length === 0 ? undefined : `it has ${listed(names)}`;

export const linkDiagnostics = defineDiagnostics("link", {
  notConstant: {
    severity: "error",
    message: (p: { argument: string }) => `'${p.argument}' of from_project must be known while compiling`,
    hint: () => "write it as plain data; values made by a run can be bound as variables, by any other keyword",
    doc: "`from_project` opens another project while compiling, so where it lies, which config and which targets are wanted must be known then. Other keywords bind variables and may be anything.",
  },
  missingProjectDir: {
    severity: "error",
    message: (p: { found: string | undefined }) =>
      p.found === undefined
        ? "from_project needs 'project_dir'"
        : `'project_dir' of from_project is the folder of a project, not ${p.found}`,
    hint: () => "write project_dir: PATH, relative to the project that this config belongs to",
    doc: "`from_project` names the folder of the project that it takes its targets from, relative to the project where it stands.",
  },
  noLoader: {
    severity: "error",
    message: (p: { project: string }) => `the project '${p.project}' cannot be opened from here`,
    doc: "The graph was linked by a tool that opens no other projects.",
  },
  cycle: {
    severity: "error",
    message: (p: { steps: readonly string[] }) => `projects lead back to themselves: ${p.steps.join(" → ")}`,
    doc: "Projects use each other in a circle, so none of them can be compiled first. The message lists the way round.",
  },
  unknownTarget: {
    severity: "error",
    message: (p: { target: string; project: string; known: readonly string[] } & Nearest) =>
      `the project '${p.project}' has no target '${p.target}'`,
    hint: (p) => didYouMean(p) ?? (p.known.length === 0 ? undefined : `it has ${listed(p.known)}`),
    doc: "`from_project` asks for a target that the other config does not have.",
  },
});

export const boundaryDiagnostics = defineDiagnostics("graph", {
  modelModule: {
    severity: "error",
    message: (p: { problem: string }) => `fgc/compiler:modelModule ${p.problem}`,
    hint: () => "write !meta:fgc/compiler:modelModule { obj: PARTS, config: CONFIG }",
    doc: "`fgc/compiler:modelModule` marks what becomes `model.ts`: `obj` is the graph of the model's parts, `config` the mapping whose keys become `ModelConfig`.",
  },
});

export const resolveDiagnostics = defineDiagnostics("resolve", {
  malformedSpec: {
    severity: "error",
    message: (p: { spec: string }) => `'${p.spec}' does not say what to construct`,
    hint: () => "write MODULE:NAME or MODULE:NAME.MEMBER",
    doc: "What is constructed is named as MODULE:NAME, with exactly one module and one name.",
  },
  unknownBuiltin: {
    severity: "error",
    message: (p: { name: string } & Nearest) => `there is no built-in '${p.name}'`,
    hint: (p) => didYouMean(p) ?? "to construct something of a module, write MODULE:NAME",
    doc: "A constructor without a colon is one of the language's built-ins (`named_list`, `getitem`, `len`, …). Everything else lives in a module: MODULE:NAME.",
  },
  unknownModule: {
    severity: "error",
    message: (p: { module: string } & Nearest) => `there is no module '${p.module}'`,
    hint: (p) =>
      didYouMean(p) ??
      "a module is fgc/NAME, a package in node_modules, node:NAME, or a file of the project (./my_layer.ts)",
    doc: "A module is a part of the standard library (`fgc/optim`), a package in `node_modules`, one of Node's own (`node:path`), or a source file of the project.",
  },
  unknownPythonModule: {
    severity: "error",
    message: (p: { spec: string } & Nearest) => `'${p.spec}' is Python and has no counterpart here`,
    hint: (p) => didYouMean(p) ?? "name a counterpart under `import_map` in meta.yaml",
    doc: "The spec names Python code, which fgc cannot run. The shipped import map renames what Forgather's own configs use; a project can rename more under `import_map:` in its meta file, to the standard library or to modules of its own.",
  },
  noCounterpart: {
    severity: "error",
    message: (p: { spec: string; reason: string; others: number }) =>
      `'${p.spec}' has no counterpart here: ${p.reason}`,
    hint: (p) =>
      `${p.others === 0 ? "" : `it is named ${p.others === 1 ? "once" : `${p.others} times`} more; `}leave it out, or name one of your own under \`import_map\` in meta.yaml`,
    doc: "The spec is one that Forgather's own templates use, and the standard library has nothing in its place. Each such spec is told of once, at the first place that names it. A config that does without the part compiles; a project may name a part of its own under `import_map:` in its meta file.",
  },
  ignoredArgument: {
    severity: "warning",
    message: (p: { callee: string; argument: string; others: number }) =>
      `'${p.argument}' of '${p.callee}' has no effect here`,
    doc: "The Python class that the spec names has this argument, and its counterpart in the standard library has not. The call is made without it.",
  },
  unknownFile: {
    severity: "error",
    message: (p: { module: string; tried: readonly string[] } & Nearest) => `no file for '${p.module}'`,
    hint: (p) => didYouMean(p) ?? `looked for ${listed(p.tried)}`,
    doc: "A relative spec names a source file: from `submodule_searchpath`, then `model_src/`, `src/` and the project's own folder. No file lies at any of these places.",
  },
  unknownExport: {
    severity: "error",
    message: (p: { name: string; module: string; known?: readonly string[] } & Nearest) =>
      `'${p.module}' has no '${p.name}'`,
    hint: (p) => didYouMean(p) ?? has(p.known),
    doc: "The module exists and exports nothing of that name.",
  },
  unknownMember: {
    severity: "error",
    message: (p: { member: string; name: string; known?: readonly string[] } & Nearest) =>
      `'${p.name}' has no static method '${p.member}'`,
    hint: (p) => didYouMean(p) ?? has(p.known),
    doc: "The class exists and has no static method of that name.",
  },
  notCallable: {
    severity: "error",
    message: (p: { name: string; kind: string }) => `'${p.name}' is a ${p.kind}, not a class or function`,
    doc: "What the spec names is a type or a constant: there is nothing to call.",
  },
});

interface MissingArgument {
  readonly name: string;
  readonly type: string;
}

export const typeDiagnostics = defineDiagnostics("types", {
  unknownArgument: {
    severity: "error",
    message: (p: { callee: string; name: string; known: readonly string[] } & Nearest) =>
      `${p.callee} has no argument '${p.name}'`,
    hint: (p) => didYouMean(p) ?? (p.known.length === 0 ? "it takes none" : `it has ${listed(p.known)}`),
    doc: "The callee has no parameter and no option of that name, so the value would have no effect. Arguments are written in snake_case, whatever the source calls them; `fgc docs MODULE:NAME` lists them.",
  },
  tooManyArguments: {
    severity: "error",
    message: (p: { callee: string; most: number; found: number }) =>
      `${p.callee} takes ${p.most} positional argument${p.most === 1 ? "" : "s"}, not ${p.found}`,
    doc: "A list behind a call tag gives positional arguments, and the callee takes fewer.",
  },
  duplicateArgument: {
    severity: "error",
    message: (p: { callee: string; name: string }) => `${p.callee} gets '${p.name}' twice`,
    doc: "The same argument is given twice: by position and by name, or in two spellings.",
  },
  missingArgument: {
    severity: "error",
    message: (p: MissingArgument & { callee: string; others?: readonly MissingArgument[] }) => {
      const names = [p, ...(p.others ?? [])].map(({ name, type }) => `'${name}' (${type})`);
      const last = names.pop() as string;
      return `${p.callee} needs ${names.length === 0 ? last : `${names.join(", ")} and ${last}`}`;
    },
    hint: (p) =>
      (p.others ?? []).length === 0
        ? "give it here, or make this a !partial if its user gives it"
        : "give them here, or make this a !partial if its user gives them",
    doc: "The callee cannot be called without these arguments. A `!partial` may leave them to whoever calls it; a `!call`, `!singleton` or `!factory` may not.",
  },
  wrongType: {
    severity: "error",
    message: (p: { callee: string; name: string; expected: string; found: string; help?: string | undefined }) =>
      `'${p.name}' of ${p.callee} takes ${p.expected}, not ${p.found}`,
    hint: (p) => p.help,
    doc: "The value is of a kind that the parameter does not take, as far as the callee's signature tells. A number in quotes is text; a class instance of another class is told with both names.",
  },
  notOneOf: {
    severity: "error",
    message: (p: { callee: string; name: string; found: string; allowed: readonly string[] } & Nearest) =>
      `'${p.name}' of ${p.callee} is one of ${p.allowed.join(", ")}, not ${p.found}`,
    hint: didYouMean,
    doc: "The parameter takes one of a few words, and this is none of them.",
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
    doc: "The callee makes its parts itself, as many as it needs, by calling what it is given; it was given one part that is already made. A `!partial` is such a factory.",
  },
  objectExpected: {
    severity: "error",
    message: (p: { callee: string; name: string; expected: string }) =>
      `'${p.name}' of ${p.callee} takes ${p.expected}, and a !partial only makes one when called`,
    hint: () => "write !factory or !singleton instead",
    doc: "The callee uses what it is given; it was given a `!partial`, which makes such an object only when it is called. `!factory` makes one for each place, `!singleton` one for all.",
  },
  unknownKey: {
    severity: "error",
    message: (p: { callee: string; name: string; key: string } & Nearest) =>
      `'${p.name}' of ${p.callee} has no key '${p.key}'`,
    hint: didYouMean,
    doc: "The parameter takes a mapping with known keys, and this is none of them, so it would have no effect.",
  },
});
