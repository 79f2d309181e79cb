/** @file The one exception of the template language. It has a kind and a message, and no place: the evaluator knows where it was. */

/** What failed. The first five are the language's own, the others name the failure that Python would report. */
export type ErrorKind =
  | "syntax"
  | "undefined"
  | "not_found"
  | "security"
  | "runtime"
  | "recursion"
  | "type"
  | "value"
  | "key"
  | "index"
  | "attribute"
  | "assertion"
  | "zero_division"
  | "overflow"
  | "yaml"
  | "name"
  | "import"
  | "other";

/** What a hint "did you mean …?" can be made from. */
export interface NearNames {
  /** The name that was looked for. */
  readonly wanted: string;
  /** The names that would have been found. */
  readonly known: readonly string[];
  /** Names that would have been found too, and are rarely meant: only one slip away is near enough. */
  readonly unlikely?: readonly string[];
  /** Where none is near and there are few, they are all named behind this: "it takes". */
  readonly listed?: string;
}

export class TemplateError extends Error {
  readonly kind: ErrorKind;
  readonly near: NearNames | undefined;

  constructor(kind: ErrorKind, message: string, near?: NearNames) {
    super(message);
    this.name = "TemplateError";
    this.kind = kind;
    this.near = near;
  }
}

export const typeError = (message: string): TemplateError => new TemplateError("type", message);
export const valueError = (message: string): TemplateError => new TemplateError("value", message);
export const keyError = (message: string): TemplateError => new TemplateError("key", message);
export const indexError = (message: string): TemplateError => new TemplateError("index", message);
export const attributeError = (message: string): TemplateError => new TemplateError("attribute", message);
export const overflowError = (message: string): TemplateError => new TemplateError("overflow", message);
export const zeroDivision = (message: string): TemplateError => new TemplateError("zero_division", message);
export const runtimeError = (message: string): TemplateError => new TemplateError("runtime", message);
export const securityError = (message: string): TemplateError => new TemplateError("security", message);
