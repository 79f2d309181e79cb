/** @file The catalogue of the config stage: what can be wrong with the YAML that a template printed. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

export const configDiagnostics = defineDiagnostics("config", {
  syntax: {
    severity: "error",
    message: (p: { message: string; hint?: string | undefined }) => p.message,
    hint: (p) => p.hint,
    doc: "The text is not YAML as the language reads it. `fgc pp --origin` shows the text and which template line wrote each line of it.",
  },
  tab: {
    severity: "error",
    message: () => "a tab stands where YAML allows only spaces",
    hint: () => "use spaces, or quote the text that contains the tab",
  },
  controlCharacter: {
    severity: "error",
    message: (p: { code: number }) =>
      `the control character U+${p.code.toString(16).toUpperCase().padStart(4, "0")} may not stand in a config`,
    hint: () => 'inside a double-quoted string write it as an escape, "\\x01"',
  },
  badTag: {
    severity: "error",
    message: (p: { tag: string; character?: string | undefined; why?: string | undefined }) =>
      p.why ?? `the tag '${p.tag}' contains '${p.character ?? ""}', which a tag may not contain`,
    hint: (p) =>
      p.character === "}" || p.character === "{"
        ? "a tag runs to the next space: put a space before the brace"
        : "a tag runs to the next space; write other characters as %20 and so on",
  },
  flowTag: {
    severity: "warning",
    message: (p: { tag: string; character: string }) =>
      `the tag '${p.tag}' ends with '${p.character}', which was probably not meant to be part of it`,
    hint: (p) => `a tag runs to the next space: put a space before '${p.character}'`,
  },
  badAnchor: {
    severity: "error",
    message: (p: { name: string }) => `'${p.name}' is not a name for an anchor: letters, digits, '-' and '_' only`,
  },
  duplicateAnchor: {
    severity: "error",
    message: (p: { name: string }) => `the anchor '&${p.name}' is defined twice`,
    hint: () => "an anchor can be defined once in a document; give the second one another name",
  },
  undefinedAlias: {
    severity: "error",
    message: (p: { name: string; nearest?: string | undefined; later: boolean }) =>
      p.later ? `'*${p.name}' is used before '&${p.name}' is defined` : `no anchor '&${p.name}' is defined`,
    hint: (p) =>
      p.later
        ? "move the definition above its first use"
        : p.nearest === undefined
          ? undefined
          : `did you mean '*${p.nearest}'?`,
  },
  recursiveAlias: {
    severity: "error",
    message: (p: { name: string }) => `'*${p.name}' stands inside its own definition`,
  },
  severalDocuments: {
    severity: "error",
    message: () => "a config is one YAML document, and here a second one begins",
    hint: () => "remove the '---' line",
  },
  yamlVersion: {
    severity: "error",
    message: (p: { version: string }) => `YAML ${p.version} is not supported`,
    hint: () => "remove the %YAML line; it changes nothing",
  },
  exponentFloat: {
    severity: "info",
    message: (p: { text: string }) => `'${p.text}' is read as a number; Forgather reads it as text`,
    hint: () =>
      "'yaml_floats: reference' in meta.yaml gives Forgather's reading; '1.0e-4' (point and signed exponent) is a number in both",
  },
});
