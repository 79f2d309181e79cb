/** @file What can be wrong with a template: the catalogue of the stage, and the error that carries one with the text so far. */
import { type Diagnostic, DiagnosticError, defineDiagnostics, type Place } from "../diagnostics/diagnostic.ts";
import type { UsedTemplate } from "./loader.ts";
import type { Piece } from "./output.ts";
import type { ErrorKind } from "./values/errors.ts";

interface Named {
  readonly name: string;
  readonly nearest?: string | undefined;
}
interface Message {
  readonly message: string;
  readonly hint?: string | undefined;
}
const didYouMean = (p: Named): string | undefined =>
  p.nearest === undefined ? undefined : `did you mean '${p.nearest}'?`;

export const templateDiagnostics = defineDiagnostics("template", {
  syntax: {
    severity: "error",
    message: (p: Message) => p.message,
    hint: (p: Message) => p.hint,
    doc: "The template is not well formed. Line statements (`-- if x`) and sections (`[name]`) become tags before they are read, so a fault in one is reported at the line that wrote it.",
  },
  unknownTag: {
    severity: "error",
    message: (p: Named) => `there is no tag '${p.name}'`,
    hint: didYouMean,
    doc: "A tag begins with one of the language's words. There are no loop controls, no `do`, no `trans` and no `debug`.",
  },
  unclosed: {
    severity: "error",
    message: (p: { what: string; end: string }) => `${p.what} is never closed`,
    hint: (p: { what: string; end: string }) => `close it with ${p.end}`,
    doc: "A tag with a body, a comment, a string or a delimiter has no end.",
  },
  unknownFilter: {
    severity: "error",
    message: (p: Named) => `there is no filter '${p.name}'`,
    hint: didYouMean,
    doc: "Found when the template is loaded, unless the filter stands in a condition; then when it is used.",
  },
  unknownTest: {
    severity: "error",
    message: (p: Named) => `there is no test '${p.name}'`,
    hint: didYouMean,
    doc: "Found when the template is loaded, unless the test stands in a condition; then when it is used.",
  },
  undefinedVariable: {
    severity: "error",
    message: (p: Message & Named) => p.message,
    hint: (p: Message & Named) => p.hint ?? didYouMean(p),
    doc: "A name, attribute or item that does not exist was used. It may be tested with `is defined`, or given a value with `default`.",
  },
  notFound: {
    severity: "error",
    message: (p: Named & { hint?: string | undefined }) => `template '${p.name}' was not found`,
    hint: (p: Named & { hint?: string | undefined }) =>
      p.hint ??
      didYouMean(p) ??
      "template names are relative to the search path; sub-templates are known once their file was read",
    doc: "No directory of the search path has the file, and no file read so far has a sub-template of that name.",
  },
  notText: {
    severity: "error",
    message: (p: { offset: number }) => `this file is not UTF-8: its byte ${p.offset} belongs to no character`,
    hint: () => "save it as UTF-8",
    doc: "Templates are UTF-8, with or without a byte order mark. A file in another encoding would print other characters than it shows, so it is refused at its first byte that is no part of a character.",
  },
  security: {
    severity: "error",
    message: (p: Message) => p.message,
    hint: (p: Message) => p.hint,
    doc: "Templates may not reach attributes that begin with an underscore, nor the machinery of the values.",
  },
  recursion: {
    severity: "error",
    message: (p: Message) => p.message,
    hint: (p: Message) => p.hint,
    doc: "Templates, blocks or macros enter each other without end. A template cannot extend a shadowed file of its own name: it finds itself.",
  },
  tooMuch: {
    severity: "error",
    message: (p: { what: string; inLoop: boolean }) => `this ${p.inLoop ? "loop" : "template"} ${p.what}`,
    hint: (p: { what: string; inLoop: boolean }) =>
      p.inLoop ? "loop over fewer items: a config is computed, not a data set" : undefined,
    doc: "A render may take some million steps and print some ten million characters, which no config needs. The count does not depend on the machine. It is told at the innermost loop that was running.",
  },
  evaluation: {
    severity: "error",
    message: (p: Message) => p.message,
    hint: (p: Message) => p.hint,
    doc: "An expression could not be computed: wrong types, a division by zero, a missing key.",
  },
  unknownBlock: {
    severity: "warning",
    message: (p: Named) => `block '${p.name}' overrides nothing: no template that this one extends has it`,
    hint: didYouMean,
    doc: "A block at the top of a template that extends another prints only where a parent places it. One that no parent has is never printed.",
  },
});

/** What is wrong with a template: all independent faults of one render or parse. `kind` is the language's own classification of the first. */
export class TemplateFault extends DiagnosticError {
  readonly kind: ErrorKind;
  /** The text that was rendered all the same. What a faulty part should have printed is missing from it. */
  partialText: string | undefined;
  /** The same with its origins; an empty piece with `isGap` stands where something is missing. */
  partialPieces: readonly Piece[] | undefined;
  /** Every file that was read: when one of them changes, the fault may be mended. */
  used: readonly UsedTemplate[] = [];
  constructor(kind: ErrorKind, diagnostic: Diagnostic, ...more: Diagnostic[]) {
    super(diagnostic, ...more);
    this.kind = kind;
  }
}

export function syntaxFault(place: Place, message: string, hint?: string): TemplateFault {
  return new TemplateFault("syntax", templateDiagnostics.syntax(place, { message, hint }));
}
