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
    doc: "YAML indents and separates with spaces; the reference refuses a tab there, and so does fgc. Tabs are fine in comments, quoted text and block text.",
  },
  controlCharacter: {
    severity: "error",
    message: (p: { code: number }) =>
      `the control character U+${p.code.toString(16).toUpperCase().padStart(4, "0")} may not stand in a config`,
    hint: () => 'inside a double-quoted string write it as an escape, "\\x01"',
    doc: "Control characters other than tab and line ends are not text that YAML may hold. They mostly come from copying out of a terminal or a binary file; in a double-quoted string they can be written as escapes.",
  },
  badTag: {
    severity: "error",
    message: (p: { tag: string; character?: string | undefined; why?: string | undefined }) =>
      p.why ?? `the tag '${p.tag}' contains '${p.character ?? ""}', which a tag may not contain`,
    hint: (p) =>
      p.character === "}" || p.character === "{"
        ? "a tag runs to the next space: put a space before the brace"
        : "a tag runs to the next space; write other characters as %20 and so on",
    doc: "A tag runs from its `!` to the next space or line end, and may contain letters, digits and `- ; / ? : @ & = + $ , _ . ! ~ * ' ( ) [ ] %` only. A brace or `#` in it is mostly a missing space.",
  },
  flowTag: {
    severity: "warning",
    message: (p: { tag: string; character: string }) =>
      `the tag '${p.tag}' ends with '${p.character}', which was probably not meant to be part of it`,
    hint: (p) => `a tag runs to the next space: put a space before '${p.character}'`,
    doc: "In `[!call:f, 1]` the comma belongs to the tag, because a tag runs to the next space: the constructor is called `f,`. The language has it so, and it is hardly ever what was meant; put a space before the mark.",
  },
  badAnchor: {
    severity: "error",
    message: (p: { name: string }) => `'${p.name}' is not a name for an anchor: letters, digits, '-' and '_' only`,
    doc: "The name of an anchor or alias has letters, digits, `-` and `_` only, as in the reference's YAML; other YAML parsers allow more.",
  },
  duplicateAnchor: {
    severity: "error",
    message: (p: { name: string }) => `the anchor '&${p.name}' is defined twice`,
    hint: () => "an anchor can be defined once in a document; give the second one another name",
    doc: "An anchor names one node of the whole config, so it can be defined once. It is often defined twice when a child template repeats a definition that its parent prints outside of the block that the child overrides.",
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
    doc: "`*name` uses the node that `&name` marked earlier in the text. The definition must stand above the use, in the order in which the templates print: `fgc pp` shows that order.",
  },
  recursiveAlias: {
    severity: "error",
    message: (p: { name: string }) => `'*${p.name}' stands inside its own definition`,
    doc: "A node cannot be a part of itself: the config would be endless. Move the part that both need into a definition of its own.",
  },
  severalDocuments: {
    severity: "error",
    message: () => "a config is one YAML document, and here a second one begins",
    hint: () => "remove the '---' line",
    doc: "A line `---` begins a second YAML document, and a config is one. Remove the line, or quote it where it is text.",
  },
  yamlVersion: {
    severity: "error",
    message: (p: { version: string }) => `YAML ${p.version} is not supported`,
    hint: () => "remove the %YAML line; it changes nothing",
    doc: "A `%YAML` line promises a version of YAML; configs are read by the rules of 1.1 whatever it says, so a line that promises 2.0 could only mislead.",
  },
  exponentFloat: {
    severity: "info",
    message: (p: { text: string }) => `'${p.text}' is read as a number; Forgather reads it as text`,
    hint: () =>
      "'yaml_floats: reference' in meta.yaml gives Forgather's reading; '1.0e-4' (point and signed exponent) is a number in both",
    doc: "The reference reads `1e-4` as text, because YAML 1.1 wants a point and a signed exponent, and a learning rate silently becomes a string. fgc reads it as a number and says so; `yaml_floats: reference` in the meta file gives the other reading.",
  },
});
