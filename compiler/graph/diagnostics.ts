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
  },
  tagWithoutConstructor: {
    severity: "error",
    message: (p: { tag: string }) => `'${p.tag}' names nothing to construct`,
    hint: (p) => `write ${p.tag}:MODULE:NAME`,
  },
  tagSuffix: {
    severity: "warning",
    message: (p: { tag: string; reading: string }) => `'${p.tag}' is read as ${p.reading}`,
    hint: () => "a ':' after the tag's word separates it from what it names",
  },
  wrongShape: {
    severity: "error",
    message: (p: { tag: string; expected: string; found: string }) => `'${p.tag}' takes ${p.expected}, not ${p.found}`,
  },
  badScalar: {
    severity: "error",
    message: (p: { text: string; type: string }) => `'${p.text}' is not ${p.type}`,
  },
  strayIndicator: {
    severity: "error",
    message: (p: { text: string }) => `'${p.text}' may stand as a key only`,
    hint: (p) => `quote it: '${p.text}'`,
  },
  mergeSource: {
    severity: "error",
    message: (p: { found: string }) => `'<<' takes a mapping or a list of mappings, not ${p.found}`,
  },
  unhashableKey: {
    severity: "error",
    message: (p: { found: string }) => `${p.found} cannot be a key`,
  },
  duplicateKey: {
    severity: "warning",
    message: (p: { key: string }) => `the key '${p.key}' is repeated; the last value wins`,
    hint: () => "remove one of them, or set the value in a block that a child overrides",
  },
  spreadText: {
    severity: "warning",
    message: (p: { tag: string; count: number }) =>
      `the text after '${p.tag}' becomes ${p.count === 1 ? "an argument" : `${p.count} arguments`}, one for each character`,
    hint: () => "to pass it as one argument, write it as a list: [ … ]",
  },
  badArguments: {
    severity: "error",
    message: (p: { what: "args" | "kwargs"; found: string }) =>
      p.what === "args" ? `'args' takes a list, not ${p.found}` : `'kwargs' takes a plain mapping, not ${p.found}`,
  },
  keywordName: {
    severity: "error",
    message: (p: { found: string }) => `a keyword's name must be text, and this is ${p.found}`,
    hint: () => "quote it",
  },
  reservedKeyword: {
    severity: "error",
    message: (p: { name: string }) => `'${p.name}' cannot be a keyword argument`,
  },
  sameArgumentNumber: {
    severity: "error",
    message: (p: { number: string }) => `several keys stand for argument ${p.number}, and their values have no order`,
  },
  variableShape: {
    severity: "error",
    message: (p: { problem: string }) => p.problem,
    hint: () => "write !var NAME or !var { name: NAME, default: VALUE }",
  },
  rootKey: {
    severity: "error",
    message: (p: { found: string }) => `the name of a target must be text, and this is ${p.found}`,
    hint: () => "quote it ('on' and 'yes' are booleans)",
  },
  valueType: {
    severity: "error",
    message: (p: { type: string; text: string }) =>
      `a config cannot hold ${p.type}${p.text === "" ? "" : ` (${p.text})`}`,
    hint: () => "quote it to make it text",
  },
  duplicateName: {
    severity: "error",
    message: (p: { name: string }) => `two different nodes are named '@${p.name}'`,
    hint: () => "names are unique in a config, dotted entries included; to use one node twice, give it an anchor",
  },
  unboundVariable: {
    severity: "error",
    message: (p: { name: string } & Nearest) => `variable '${p.name}' is used but nothing binds it`,
    hint: didYouMean,
  },
  unknownTarget: {
    severity: "error",
    message: (p: { name: string } & Nearest) => `the config has no target '${p.name}'`,
    hint: (p) => didYouMean(p) ?? "`fgc targets` lists them",
  },
  noTargets: {
    severity: "error",
    message: () => "the config is not a mapping, so it has no targets",
  },
  unknownConstructor: {
    severity: "error",
    message: (p: { spec: string } & Nearest) => `'${p.spec}' is not known here`,
    hint: didYouMean,
  },
  constructorSpec: {
    severity: "error",
    message: (p: { spec: string }) => `'${p.spec}' has more than one colon`,
    hint: () => "write MODULE:NAME or MODULE:NAME.MEMBER",
  },
  notCallable: {
    severity: "error",
    message: (p: { spec: string }) => `'${p.spec}' cannot be called`,
  },
  callFailed: {
    severity: "error",
    message: (p: { spec: string; reason: string }) => `'${p.spec}' failed: ${p.reason}`,
  },
  latentArgs: {
    severity: "error",
    message: () => "'latent_args' must give a mapping with text as keys",
  },
});
