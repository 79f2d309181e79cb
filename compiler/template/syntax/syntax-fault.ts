/** @file What the parser's own actions throw: a fault of the user's with its place. `parse.ts` makes a diagnostic of it. */
import type { Span } from "../../source/span.ts";

export class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";
  readonly span: Span;
  readonly hint: string | undefined;
  readonly labels: readonly { readonly span: Span; readonly text: string }[];
  constructor(span: Span, message: string, hint?: string, labels: readonly { span: Span; text: string }[] = []) {
    super(message);
    this.span = span;
    this.hint = hint;
    this.labels = labels;
  }
}
