/**
 * @file From an expression that was printed back to what gave its value: through variables, namespaces, defaults and conditions.
 *
 *     lr: {{ ns.lr }}                              printed here
 *     -- set ns.lr = lr | default(1e-3)            1e-3 wins, unless --lr is given; then 1e-3 loses
 *     -- set ns.lr = 5e-4                          an earlier assignment loses
 */
import { type Frame, type Span, startOf } from "../../source/span.ts";
import type { Assignment, Binding, Evaluation, Expression, Given } from "../../template/index.ts";
import { visitExpressionParts } from "../../template/syntax/walk.ts";
import type { Input, Source } from "./source.ts";
import { templateValueText } from "./value-text.ts";

export interface Flow {
  readonly winner: Source;
  readonly losers: readonly Source[];
}

/** What is known of a name that no template gave a value. */
export type GivenSource = (given: Given) => Source;

/** Filters that say a value differently and are no reason for it. */
const conversions = new Set(["toyaml", "tojson", "string", "trim", "int", "float", "default", "d"]);

export class FlowTracer {
  readonly #given: GivenSource;

  constructor(given: GivenSource) {
    this.#given = given;
  }

  /** @param stack how the place of the expression was reached */
  trace(expression: Expression, evaluation: Evaluation, stack: readonly Frame[], seen = new Set<Assignment>()): Flow {
    const choice = evaluation.choices.get(expression);
    if (choice !== undefined) return this.#choice(expression, choice, evaluation, stack, seen);
    if (expression.kind === "filter" && expression.target !== undefined && conversions.has(expression.name))
      return this.trace(expression.target, evaluation, stack, seen);
    const read = evaluation.reads.get(expression);
    if (read?.kind === "given") return { winner: this.#given(read), losers: [] };
    if (read !== undefined) return this.assignment(read, seen);
    const inputs = this.inputs(expression, evaluation);
    const origin = { span: expression.span, stack };
    const isLiteral = expression.kind === "literal";
    const note = isLiteral || inputs.length === 0 ? "" : `computed: ${sourceText(expression.span)}`;
    const value = isLiteral ? templateValueText(expression.value) : undefined;
    const kind = inputs.length === 0 ? "text" : "computed";
    return { winner: { kind, value, origin, note, via: [], inputs }, losers: [] };
  }

  #choice(
    expression: Expression,
    chosen: Expression,
    evaluation: Evaluation,
    stack: readonly Frame[],
    seen: Set<Assignment>,
  ): Flow {
    const { winner, losers } = this.trace(chosen, evaluation, stack, seen);
    if (expression.kind === "conditional") {
      const note = `${chosen === expression.value ? "since" : "since not"} ${sourceText(expression.test.span)}`;
      return { winner: withNote(winner, note, expression.span), losers };
    }
    const other = alternatives(expression);
    if (other === undefined) return { winner, losers };
    const { first, fallback } = other;
    const note = `default of ${sourceText(first.span)}`;
    if (chosen === fallback) {
      const made: Source = isWritten(winner)
        ? { ...winner, kind: "fallback", note }
        : withNote(winner, note, expression.span);
      return { winner: made, losers };
    }
    const unused: Source = {
      kind: "fallback",
      value: fallback.kind === "literal" ? templateValueText(fallback.value) : sourceText(fallback.span),
      origin: { span: fallback.span, stack },
      note,
      via: [],
      inputs: [],
    };
    return { winner, losers: [...losers, unused] };
  }

  /** The value of a variable: what it was set from, and what it had before. */
  assignment(assignment: Assignment, seen = new Set<Assignment>()): Flow {
    if (seen.has(assignment)) return { winner: plain(assignment), losers: [] };
    seen.add(assignment);
    const { expression, evaluation, origin } = assignment;
    const inner =
      expression === undefined || assignment.how === "for"
        ? undefined
        : this.trace(expression, evaluation, origin.stack, seen);
    const winner = inner === undefined ? plain(assignment) : through(inner.winner, assignment);
    const earlier: Source[] = [];
    for (let at = assignment.previous; at !== undefined; at = at.previous) {
      if (seen.has(at)) continue;
      seen.add(at);
      earlier.push(plain(at));
    }
    return { winner, losers: [...(inner?.losers ?? []), ...earlier] };
  }

  /** The names that an expression read, each with its value and where it got it. */
  inputs(expression: Expression, evaluation: Evaluation): readonly Input[] {
    const found = new Map<string, Input>();
    const visit = (node: Expression): void => {
      const read = evaluation.reads.get(node);
      if (read !== undefined && !isCallee(read)) {
        const input = this.#input(read);
        found.set(input.name, input);
      }
      // Of `ns.lr` the attribute is what counts, not the namespace.
      if (node.kind === "attribute" && read !== undefined) return;
      visitExpressionParts(node, {
        expression: (part) => {
          if (node.kind !== "call" || part !== node.callee || part.kind !== "name") visit(part);
        },
        statement: () => {},
        target: () => {},
      });
    };
    visit(expression);
    return [...found.values()];
  }

  #input(binding: Binding): Input {
    if (binding.kind === "given") {
      const { value, origin, note } = this.#given(binding);
      return { name: binding.name, value, origin, note };
    }
    const { winner } = this.assignment(binding);
    const value = templateValueText(binding.value);
    return { name: binding.name, value, origin: winner.origin, note: winner.note };
  }
}

/** The two sides of `a | default(b)` and of `a or b`. */
function alternatives(
  expression: Expression,
): { readonly first: Expression; readonly fallback: Expression } | undefined {
  if (expression.kind === "logic")
    return expression.operator === "or" ? { first: expression.left, fallback: expression.right } : undefined;
  if (expression.kind !== "filter" || expression.target === undefined) return undefined;
  const { positional, keywords } = expression.args;
  const fallback = positional[0] ?? keywords.find(({ name }) => name === "default_value")?.value;
  return fallback === undefined ? undefined : { first: expression.target, fallback };
}

function isWritten({ kind, via }: Source): boolean {
  return (kind === "text" || kind === "computed") && via.length === 0;
}

function isCallee(binding: Binding): boolean {
  return binding.kind === "assignment" && binding.how === "import";
}

const verbs: Record<Assignment["how"], string> = {
  set: "set",
  "set-block": "set",
  for: "for",
  with: "with",
  argument: "argument",
  namespace: "set",
  import: "import",
};

function noteOf({ how, name }: Assignment): string {
  return `${verbs[how]} ${name}`;
}

function plain(assignment: Assignment): Source {
  const { value, origin } = assignment;
  return { kind: "assignment", value: templateValueText(value), origin, note: noteOf(assignment), via: [], inputs: [] };
}

/** What gave the value, told with the variable that carried it. */
function through(source: Source, assignment: Assignment): Source {
  const note = noteOf(assignment);
  const value = templateValueText(assignment.value);
  const isHere =
    source.origin !== undefined && source.via.length === 0 && isSameLine(source.origin.span, assignment.origin.span);
  if (!isHere) return { ...source, value, via: [...source.via, { origin: assignment.origin, note }] };
  const kind = source.kind === "text" ? "assignment" : source.kind;
  const { origin } = source.kind === "text" ? assignment : source;
  return { ...source, kind, origin, value, note: source.note === "" ? note : `${note}, ${source.note}` };
}

function withNote(source: Source, note: string, span: Span): Source {
  if (source.origin === undefined || !isSameLine(source.origin.span, span)) return source;
  return { ...source, note: source.note === "" ? note : `${source.note}, ${note}` };
}

export function isSameLine(a: Span, b: Span): boolean {
  return a.file.path === b.file.path && startOf(a).line === startOf(b).line;
}

/** The template's own words, on one line. */
export function sourceText({ file, start, end }: Span): string {
  const text = file.text.slice(start, end).replace(/\s+/g, " ").trim();
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
