/**
 * @file How much one render may do, counted and not timed: the same template meets the same limit on every machine.
 *
 * The limits are far above what any config needs (a large one takes some ten thousand steps), and low enough that a loop without
 * end is told within a second and in bounded memory.
 */
import type { Span } from "../../source/span.ts";
import { TemplateFault, templateDiagnostics } from "../diagnostics.ts";
import type { Piece } from "../output.ts";
import type { For } from "../syntax/ast.ts";
import { PyDict, PyList, type PyObject, PyRange, PyTuple, type Value } from "../values/index.ts";
import type { Frame } from "./scope.ts";

/** Statements run and passes of loops, beside one for each character of the templates: those are the user's own. */
const maximumSteps = 1_000_000;
/** Characters printed. */
const maximumOutput = 1 << 26;
/** Characters and elements of all values that were computed, though most of them are gone again. */
const maximumValues = 1 << 28;

export class Budget {
  #steps = maximumSteps;
  #output = maximumOutput;
  #values = maximumValues;
  /** The loops that are running, outermost first. */
  readonly #loops: Span[] = [];

  /** A template was read. */
  addTemplate(length: number): void {
    this.#steps += length;
    this.#output += length;
  }
  step(count: number): void {
    this.#steps -= count;
    if (this.#steps < 0) this.#exhausted("takes more than a million steps");
  }
  enterLoop(node: For): void {
    this.#loops.push(node.items.span);
  }
  leaveLoop(): void {
    this.#loops.pop();
  }
  write(length: number): void {
    this.#output -= length;
    if (this.#output < 0) this.#exhausted(`prints more than ${maximumOutput >> 20} million characters`);
  }
  append(pieces: readonly Piece[]): void {
    this.step(pieces.length >> 3);
    let length = 0;
    for (const { text } of pieces) length += text.length;
    this.write(length);
  }
  /** A value was computed, or handed to what reads all of it: small ones are free. */
  value(value: Value): Value {
    if (typeof value === "string") {
      if (value.length > 1000) this.#spend(value.length);
    } else if (typeof value === "object" && value !== null) this.#sequence(value);
    return value;
  }
  #sequence(value: PyObject): void {
    if (value instanceof PyList || value instanceof PyTuple) {
      if (value.items.length > 100) this.#spend(8 * value.items.length);
    } else if (value instanceof PyRange || value instanceof PyDict) {
      const length = value.length();
      if (length > 100) this.#spend(8 * length);
    }
  }
  #spend(size: number): void {
    this.#values -= size;
    if (this.#values < 0) this.#exhausted(`computes values of more than ${maximumValues >> 20} million characters`);
  }

  #exhausted(what: string): never {
    // Whoever goes on until this is noticed shall not be stopped again.
    this.#steps = this.#output = this.#values = Infinity;
    throw new Exhausted(what, [...this.#loops]);
  }
}

/** The budget is spent: this ends the render. */
export class Exhausted extends Error {
  override readonly name = "Exhausted";
  readonly #what: string;
  readonly #loops: readonly Span[];
  constructor(what: string, loops: readonly Span[]) {
    super(what);
    this.#what = what;
    this.#loops = loops;
  }
  /** Told at the innermost loop, or at the statement where there is none. */
  faultAt(span: Span, { stack }: Frame): TemplateFault {
    const loop = this.#loops.at(-1);
    const labels = this.#loops.slice(0, -1).map((outer) => ({ span: outer, text: "inside of this loop" }));
    const place = { span: loop ?? span, chain: stack.slice(0, 6), labels };
    return new TemplateFault(
      "overflow",
      templateDiagnostics.tooMuch(place, { what: this.#what, inLoop: loop !== undefined }),
    );
  }
}
