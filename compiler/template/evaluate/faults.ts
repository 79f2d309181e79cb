/** @file All that is found wrong in one render, in the order of finding. One fault of the user's is told once, however often it is met. */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../source/span.ts";
import { TemplateFault } from "../diagnostics.ts";
import type { ErrorKind } from "../values/index.ts";

/** Nobody reads more at once. */
const maximumFaults = 50;
/** Further uses of one undefined name that are pointed at. */
const maximumLabels = 3;

interface Found {
  readonly kind: ErrorKind;
  diagnostic: Diagnostic;
  /** Places beside the first. */
  readonly others: Span[];
}

export class Faults {
  readonly #found: Found[] = [];
  readonly #byPlace = new Map<string, Found>();
  readonly #byName = new Map<string, Found>();
  readonly #files = new Map<unknown, number>();

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  add({ kind, diagnostics }: TemplateFault): void {
    for (const diagnostic of diagnostics) this.#addOne(kind, diagnostic);
  }

  #addOne(kind: ErrorKind, diagnostic: Diagnostic): void {
    const { span, code, message } = diagnostic;
    const place = span === undefined ? `${code} ${message}` : `${code} ${this.#numberOf(span.file)} ${span.start}`;
    // In loops, and in macros that are called again, a place fails every time.
    if (this.#byPlace.has(place)) return;
    // One name that nobody defined is one fault, wherever it is used.
    const name = kind === "undefined" ? message : undefined;
    const same = name === undefined ? undefined : this.#byName.get(name);
    if (same !== undefined) {
      this.#byPlace.set(place, same);
      if (span !== undefined) same.others.push(span);
      return;
    }
    if (this.#found.length >= maximumFaults) return;
    const found: Found = { kind, diagnostic, others: [] };
    this.#found.push(found);
    this.#byPlace.set(place, found);
    if (name !== undefined) this.#byName.set(name, found);
  }

  #numberOf(file: unknown): number {
    const number = this.#files.get(file) ?? this.#files.size;
    this.#files.set(file, number);
    return number;
  }

  /** Everything as one fault. `remarks` come after the errors. */
  fault(remarks: readonly Diagnostic[]): TemplateFault {
    const [first, ...more] = this.#found.map(withOtherUses) as [Diagnostic, ...Diagnostic[]];
    return new TemplateFault((this.#found[0] as Found).kind, first, ...more, ...remarks);
  }
}

function withOtherUses({ diagnostic, others }: Found): Diagnostic {
  if (others.length === 0) return diagnostic;
  const shown = others.slice(0, maximumLabels).map((span, i) => {
    const rest = others.length - maximumLabels;
    const more = i === maximumLabels - 1 && rest > 0 ? `, and in ${rest} other place${rest === 1 ? "" : "s"}` : "";
    return { span, text: `used here too${more}` };
  });
  return { ...diagnostic, labels: [...(diagnostic.labels ?? []), ...shown] };
}
