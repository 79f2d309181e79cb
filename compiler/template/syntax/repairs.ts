/** @file What is found wrong while a template is read, and what had to be guessed to read on. */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { templateDiagnostics } from "../diagnostics.ts";
import type { Damage } from "./ast.ts";
import type { SyntaxFault } from "./syntax-fault.ts";

/** Nobody reads more at once; and each fault costs one more reading of the file. */
const maximumFaults = 50;

export class Repairs {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #names = new Set<string>();
  #nesting = false;

  report(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic);
  }
  refuse({ span, labels, message, hint }: SyntaxFault): void {
    this.report(templateDiagnostics.syntax({ span, labels }, { message, hint }));
  }
  /** `text` is not part of the tree. The names in it may have been given a value there. */
  lose(text: string): void {
    for (const [name] of text.slice(0, 10_000).matchAll(/[\p{XIDS}_][\p{XIDC}]*/gu)) this.#names.add(name);
  }
  /** The nesting of tags is a guess from here on. */
  guessNesting(): void {
    this.#nesting = true;
  }
  /** Reading ends before the text does. */
  giveUp(): void {
    this.#nesting = true;
  }
  get isFull(): boolean {
    return this.#diagnostics.length >= maximumFaults;
  }
  get damage(): Damage | undefined {
    if (this.#diagnostics.length === 0) return undefined;
    const diagnostics = this.#diagnostics.sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
    return { diagnostics, nesting: this.#nesting, names: this.#names };
  }
}
