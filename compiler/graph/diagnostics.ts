/** @file The catalogue of the graph stage: tags, arguments, names, and what happens when a graph is materialized. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

interface Nearest {
  readonly nearest?: string | undefined;
}
const didYouMean = (p: Nearest) => (p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`);

export const graphDiagnostics = defineDiagnostics("graph", {
  unknownTag: {
    severity: "error",
    message: (p: { tag: string } & Nearest) => `'${p.tag}' is not a tag of the language`,
    hint: (p) => didYouMean(p) ?? "the tags are !call, !factory, !partial, !meta, !var, !list, !tuple, !dict, !dlist",
    doc: "A tag says what becomes of the YAML value behind it. Only the language's own tags and YAML's standard ones (`!!int`, `!!str`, …) mean something.",
  },
  tagWithoutConstructor: {
    severity: "error",
    message: (p: { tag: string }) => `'${p.tag}' names nothing to construct`,
    hint: (p) => `write ${p.tag}:MODULE:NAME`,
    doc: "A call tag names what is called: `!call:fgc/optim:AdamW`. Without a name there is nothing to construct.",
  },
  tagSuffix: {
    severity: "warning",
    message: (p: { tag: string; reading: string }) => `'${p.tag}' is read as ${p.reading}`,
    hint: () => "a ':' after the tag's word separates it from what it names",
    doc: "What follows a tag's word is split at fixed places: the first character is dropped, the rest up to `@` is the constructor, what follows is the node's name. Without the colon the first letter of the name is lost, so this says how the tag was read.",
  },
  wrongShape: {
    severity: "error",
    message: (p: { tag: string; expected: string; found: string }) => `'${p.tag}' takes ${p.expected}, not ${p.found}`,
    doc: "The tag makes something of one kind of YAML value only: `!list` of a sequence, `!dict` of a mapping. Compare the indentation and the dashes below it.",
  },
  badScalar: {
    severity: "error",
    message: (p: { text: string; type: string }) => `'${p.text}' is not ${p.type}`,
    doc: "A standard tag asks for a kind of value, and the text behind it is none: `!!int x`.",
  },
  strayIndicator: {
    severity: "error",
    message: (p: { text: string }) => `'${p.text}' may stand as a key only`,
    hint: (p) => `quote it: '${p.text}'`,
    doc: "A bare `<<` or `=` has a meaning in YAML 1.1 as a key, and none as a value. In quotes it is text.",
  },
  mergeSource: {
    severity: "error",
    message: (p: { found: string; inList: boolean }) =>
      `'<<' takes a mapping or a list of mappings, not ${p.inList ? `a list with ${p.found}` : p.found}`,
    doc: "`<<` copies the entries of a mapping into the one where it stands, so its value must be a mapping or a list of mappings, mostly an alias of one.",
  },
  unhashableKey: {
    severity: "error",
    message: (p: { found: string }) => `${p.found} cannot be a key`,
    hint: () => "a key is a text or a number; in quotes it is a text",
    doc: "Keys of a mapping are texts, numbers and the like. A list or mapping as a key is mostly a brace or bracket too many, as in `{{ name }}` without its template meaning.",
  },
  duplicateKey: {
    severity: "warning",
    message: (p: { key: string }) => `the key '${p.key}' is repeated; the last value wins`,
    hint: () => "remove one of them, or set the value in a block that a child overrides",
    doc: "The last value wins and the first is lost. Redeclaring a key from another template or block is how a child overrides its parent and is not remarked; twice in one place is mostly a slip.",
  },
  spreadText: {
    severity: "warning",
    message: (p: { tag: string; count: number }) =>
      `the text after '${p.tag}' becomes ${p.count === 1 ? "an argument" : `${p.count} arguments`}, one for each character`,
    hint: () => "to pass it as one argument, write it as a list: [ … ]",
    doc: "The arguments of a call are a list or a mapping. A bare text is taken as the list of its characters, as the reference does, which is hardly ever meant: write `[ text ]`.",
  },
  badArguments: {
    severity: "error",
    message: (p: { what: "args" | "kwargs"; found: string }) =>
      p.what === "args" ? `'args' takes a list, not ${p.found}` : `'kwargs' takes a plain mapping, not ${p.found}`,
    doc: "In the explicit form `{ args: [...], kwargs: {...} }` `args` is a list and `kwargs` a plain mapping.",
  },
  keywordName: {
    severity: "error",
    message: (p: { found: string }) => `a keyword's name must be text, and this is ${p.found}`,
    hint: () => "quote it",
    doc: "Arguments are given by name, and a name is text. YAML reads a bare `on`, `yes`, `1` as something else; in quotes it is text.",
  },
  reservedKeyword: {
    severity: "error",
    message: (p: { name: string }) => `'${p.name}' cannot be a keyword argument`,
    doc: "These names belong to the reference's own node class and cannot be passed on to what is constructed.",
  },
  sameArgumentNumber: {
    severity: "error",
    message: (p: { number: string }) => `several keys stand for argument ${p.number}, and their values have no order`,
    doc: "`arg0`, `arg1`, … are positional arguments in the order of their numbers; two keys with the same number (`arg1`, `arg01`) have no order.",
  },
  variableShape: {
    severity: "error",
    message: (p: { problem: string }) => p.problem,
    hint: () => "write !var NAME or !var { name: NAME, default: VALUE }",
    doc: "`!var` names a value that comes from elsewhere: a model's config, a project that includes this one, or a default. It takes a name, or a mapping with `name` and `default`.",
  },
  rootKey: {
    severity: "error",
    message: (p: { found: string }) => `the name of a target must be text, and this is ${p.found}`,
    hint: () => "quote it ('on' and 'yes' are booleans)",
    doc: "The keys at the root of a config are its targets, and are asked for by name on the command line, so they are texts. YAML reads a bare `on` or `yes` as a boolean.",
  },
  aliasBomb: {
    severity: "error",
    message: () => "written out, this has more than a million values: aliases of aliases multiply",
    hint: () => "make the repeated part a node (!list:@NAME, !dict:@NAME): nodes are shared, not copied",
    doc: "An alias of a plain list or mapping stands for a copy, so a few lines of aliases of aliases stand for more values than a machine can hold. Nodes (calls, `!list`, `!dict`) are shared and can be used any number of times.",
  },
  valueType: {
    severity: "error",
    message: (p: { type: string; text: string }) =>
      `a config cannot hold ${p.type}${p.text === "" ? "" : ` (${p.text})`}`,
    hint: () => "quote it to make it text",
    doc: "An unquoted date, binary data or a set has no counterpart in a config's values. In quotes a date is text.",
  },
  duplicateName: {
    severity: "error",
    message: (p: { name: string }) => `two different nodes are named '@${p.name}'`,
    hint: () => "names are unique in a config, dotted entries included; to use one node twice, give it an anchor",
    doc: "The name behind `@` identifies one node in listings, overrides and emitted code. To use a node at a second place, give it an anchor and use its alias.",
  },
  unboundVariable: {
    severity: "error",
    message: (p: { name: string; isInModel?: boolean } & Nearest) =>
      `variable '${p.name}' is used but nothing binds it`,
    hint: (p) =>
      didYouMean(p) ??
      (p.isInModel === true
        ? "give it a default, or a key in the model's config"
        : "give it a default: !var { name: NAME, default: VALUE }"),
    doc: "A `!var` has neither a default nor a value: inside of a model its value comes from the model's config, in a project that others use from the keywords of `from_project`.",
  },
  unusedConfigKey: {
    severity: "warning",
    message: (p: { name: string } & Nearest) => `no part of the model uses '${p.name}', so it has no effect`,
    hint: didYouMean,
    doc: "A model's config gives values to the variables of its parts. No part has a variable of this name, and one has a variable of a name much like it: probably a slip, and the part goes on with another value.",
  },
  unknownTarget: {
    severity: "error",
    message: (p: { name: string } & Nearest) => `the config has no target '${p.name}'`,
    hint: (p) => didYouMean(p) ?? "`fgc targets` lists them",
    doc: "Targets are the keys at the root of a config, those that begin with a dot left out.",
  },
  noTargets: {
    severity: "error",
    message: () => "the config is not a mapping, so it has no targets",
    doc: "A config that prints a list or a single value has no targets to choose from.",
  },
  unknownConstructor: {
    severity: "error",
    message: (p: { spec: string } & Nearest) => `'${p.spec}' is not known here`,
    hint: didYouMean,
    doc: "Materializing in the compiler knows the language's own constructors only; everything else is constructed by the emitted program.",
  },
  constructorSpec: {
    severity: "error",
    message: (p: { spec: string }) => `'${p.spec}' has more than one colon`,
    hint: () => "write MODULE:NAME or MODULE:NAME.MEMBER",
    doc: "A constructor is named by its module and its name, separated by one colon.",
  },
  notCallable: {
    severity: "error",
    message: (p: { spec: string }) => `'${p.spec}' cannot be called`,
    doc: "What the constructor names is a value, not a class or function.",
  },
  callFailed: {
    severity: "error",
    message: (p: { spec: string; reason: string }) => `'${p.spec}' failed: ${p.reason}`,
    doc: "The constructor was called with the arguments of the config and failed.",
  },
  latentArgs: {
    severity: "error",
    message: () => "'latent_args' must give a mapping with text as keys",
    doc: "`latent_args` are keywords laid over the node's own when it is called, so they must be a mapping with text as keys.",
  },
});
