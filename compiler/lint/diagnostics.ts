/** @file The catalogue of `fgc lint`: what is allowed, does nothing, and is mostly not what was meant. All are warnings. */
import { defineDiagnostics } from "../diagnostics/diagnostic.ts";

interface Named {
  readonly name: string;
  readonly nearest?: string | undefined;
}
const didYouMean = ({ nearest }: Named): string | undefined =>
  nearest === undefined ? undefined : `did you mean '${nearest}'?`;

export const lintDiagnostics = defineDiagnostics("lint", {
  unusedVariable: {
    severity: "warning",
    message: (p: Named) => `'${p.name}' is set, and no template reads it`,
    hint: (p: Named) => didYouMean(p) ?? "remove it, or read it where it was meant for",
    doc: "A variable is set that no template on the search path reads: mostly a misspelt name, or what is left of a template that has changed. Names that begin with an underscore are meant to be ignored.",
  },
  lostSet: {
    severity: "warning",
    message: (p: { name: string; block: string }) =>
      `'${p.name}' is forgotten at the end of block '${p.block}', where nothing reads it`,
    hint: (p: { name: string }) => `to hand it out of the block, set ns.${p.name} and read that`,
    doc: "What a block sets is gone at its end, so another block or template that reads the name gets something else, or nothing. A namespace such as `ns` keeps what is set on it.",
  },
  overridesNothing: {
    severity: "warning",
    message: (p: Named) => `block '${p.name}' overrides nothing: no template that this one extends has it`,
    hint: didYouMean,
    doc: "A block at the top of a template that extends another prints only where a parent places it. One that no parent has is never printed.",
  },
  unusedAnchor: {
    severity: "warning",
    message: (p: Named) => `the anchor '&${p.name}' is used nowhere`,
    hint: (p: Named) => didYouMean(p) ?? "remove it, or what it stands on",
    doc: "Nothing on the search path has the alias of an anchor that stands on a `.define` key, which has no other purpose than to carry it.",
  },
  shadowedTemplate: {
    severity: "warning",
    message: (p: { name: string; other: string }) => `'${p.name}' hides the template of the same name in ${p.other}`,
    hint: () => "give one of them another name; a template cannot extend the one that it hides",
    doc: "Two folders of the search path have a template of one name, or a sub-template has the name of a file. The first is found everywhere, the other nowhere, also where it was meant.",
  },
  unusedMacro: {
    severity: "warning",
    message: (p: Named) => `the macro '${p.name}' is called nowhere`,
    hint: (p: Named) => didYouMean(p) ?? "remove it",
    doc: "No template on the search path calls or imports this macro.",
  },
  droppedText: {
    severity: "warning",
    message: () => "this is never printed: it stands outside of every block in a template that extends another",
    hint: () => "put it into a block that the parent has, or into a section above it",
    doc: "After its `extends`, a template prints through its blocks only; text and expressions beside them are dropped and not even computed. Often a header is missing, or a block was closed too early.",
  },
  unreadFlag: {
    severity: "warning",
    message: (p: { flag: string; variable: string }) =>
      `the flag ${p.flag} does nothing: no template reads '${p.variable}'`,
    hint: (p: { variable: string }) =>
      `read it with a default, as in {{ ${p.variable} | default(1) }}, or remove the flag`,
    doc: "`dynamic_args` declares a flag, and no template on the search path reads the variable that it binds.",
  },
  repeatedKey: {
    severity: "warning",
    message: (p: { message: string }) => p.message,
    hint: () => "remove one of them",
    doc: "One mapping gives a key twice in one template. Across templates that is how a value is overridden; within one it is a slip.",
  },
  unreachedTemplate: {
    severity: "warning",
    message: (p: Named) => `nothing uses the template '${p.name}'`,
    hint: (p: Named) =>
      p.nearest === undefined
        ? "extend or include it, or remove it"
        : `'${p.nearest}' is named, and there is no such template`,
    doc: "The template is no config, and no template of the project names it in an `extends`, an `include`, an `import` or any other text.",
  },
  unknownRule: {
    severity: "warning",
    message: (p: Named) => `there is no rule '${p.name}' to ignore`,
    hint: (p: Named) => didYouMean(p) ?? "`fgc lint --rules` lists them",
    doc: "A comment `# fgc: ignore RULE` names a rule that fgc lint does not have, so it has no effect.",
  },
});
