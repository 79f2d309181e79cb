/**
 * @file What a render tells of itself when it is asked to: which assignment each value came from, what was read to print it, which
 * definition of a block won. And renders in which parts of templates are left out, to see what would stand there without them.
 *
 *     const trace = new RenderTrace();
 *     const { pieces } = environment.render("tiny.yaml", [], { trace });
 *     trace.printed(pieces[7].origin)      { expression: «ns.lr», reads: { «ns.lr» → set ns.lr at tiny.yaml:12 } }
 *
 * A render without a trace pays one test per hook. Records refer to nodes of the syntax tree: what they mean is for the reader of the trace.
 */
import type { Origin, Frame as SourceFrame, Span } from "../../source/span.ts";
import type { Piece } from "../output.ts";
import type { Attribute, AttributeTarget, Call, Expression, Filter, Name, Parameter, Target } from "../syntax/ast.ts";
import { visitExpressionParts } from "../syntax/walk.ts";
import { Namespace, Undefined, type Value } from "../values/index.ts";
import type { BlockDefinition, Context, Frame, Scope } from "./scope.ts";

/** One value given to one name. */
export interface Assignment {
  readonly kind: "assignment";
  readonly how: "set" | "set-block" | "for" | "with" | "argument" | "namespace" | "import";
  /** As templates name it: `lr`, or `ns.lr`. */
  readonly name: string;
  readonly value: Value;
  /** The target, and how it was reached. */
  readonly origin: Origin;
  /** What the value was computed from; absent for text that a body printed, and for what a call left to a parameter's default. */
  readonly expression: Expression | undefined;
  readonly evaluation: Evaluation;
  /** `set` with a body: the text as it was printed. */
  readonly pieces: readonly Piece[];
  /** What the name was given before, in the same scope. */
  readonly previous: Assignment | undefined;
}

/** A name that no template gave a value: an argument of the render, a global, or nothing at all. */
export interface Given {
  readonly kind: "given";
  readonly name: string;
  /** Undefined where there is none. */
  readonly value: Value | undefined;
}

export type Binding = Assignment | Given;

/** What happened in one evaluation of an expression; its parts are the keys. */
export interface Evaluation {
  readonly reads: ReadonlyMap<Expression, Binding>;
  /** The part that gave the value, where an expression chooses: `a if b else c`, `a or b`, `a | default(b)`. */
  readonly choices: ReadonlyMap<Expression, Expression>;
}

/** An expression that was printed. */
export interface Printed extends Evaluation {
  readonly expression: Expression;
}

/** The rendering of a block: which of its definitions ran. */
export interface BlockUse {
  readonly definition: BlockDefinition;
  /** All that the chain has, most derived first. */
  readonly definitions: readonly BlockDefinition[];
}

export class RenderTrace {
  readonly #printed = new WeakMap<Origin, Printed>();
  readonly #blocks = new WeakMap<SourceFrame, BlockUse>();
  readonly #reached = new WeakMap<Span, Printed>();
  /** By what holds the names: scopes, contexts, namespaces. */
  readonly #bindings = new WeakMap<object, Map<string, Assignment>>();
  /** Contexts that began with the names that another scope had in sight. */
  readonly #parents = new WeakMap<Context, Scope>();
  /** Calls of macros under way, by the place of the call. */
  readonly #calls = new WeakMap<Span, { readonly node: Call; readonly evaluation: Evaluation }>();
  // What the expression under way has read and chosen so far; whoever uses its value takes it.
  readonly #reads = new Map<Expression, Binding>();
  readonly #choices = new Map<Expression, Expression>();

  // Questions ---------------------------------------------------------------------------------------------------------

  /** The expression that printed a piece with this very origin. */
  printed(origin: Origin): Printed | undefined {
    return this.#printed.get(origin);
  }
  /** What a frame of kind `block` in a stack of this render stands for. */
  block(frame: SourceFrame): BlockUse | undefined {
    return this.#blocks.get(frame);
  }
  /** The expression that named the template which the tag at `span` reached. */
  reached(span: Span): Printed | undefined {
    return this.#reached.get(span);
  }

  // Hooks -------------------------------------------------------------------------------------------------------------

  read(node: Name, frame: Frame): void {
    this.#reads.set(node, this.#bindingOf(node.name, frame.scope));
  }

  readAttribute(node: Attribute, object: Value): void {
    if (!(object instanceof Namespace)) return;
    const owner = node.target.kind === "name" ? `${node.target.name}.` : "";
    const known = this.#bindings.get(object)?.get(node.name);
    const missing: Given = { kind: "given", name: `${owner}${node.name}`, value: undefined };
    this.#reads.set(node, known ?? missing);
  }

  chose(node: Expression, part: Expression): void {
    this.#choices.set(node, part);
  }

  /** `default` took its fallback or not. */
  filtered(node: Filter, value: Value, result: Value): void {
    if (!fallbackFilters.has(node.name) || node.target === undefined) return;
    const fallback = node.args.positional[0] ?? node.args.keywords.find(({ name }) => name === "default_value")?.value;
    // Only `default` can take its fallback for a value that is there: with its second argument, for a false one.
    if (value instanceof Undefined || (node.name !== "toyaml" && result !== value)) {
      if (fallback !== undefined) this.chose(node, fallback);
    } else this.chose(node, node.target);
  }

  print(origin: Origin, expression: Expression): void {
    this.#printed.set(origin, { expression, ...this.#take(expression) });
  }

  /** The tag at `span` reached the template that `expression` names. */
  reach(span: Span, expression: Expression): void {
    this.#reached.set(span, { expression, ...this.#take(expression) });
  }

  /** `context` begins with the names in sight in `scope`. */
  enter(context: Context, scope: Scope): void {
    this.#parents.set(context, scope);
  }

  enterBlock(frame: SourceFrame, definition: BlockDefinition, definitions: readonly BlockDefinition[]): void {
    this.#blocks.set(frame, { definition, definitions });
  }

  /** A name of `scope` has its value now. */
  bind(how: Assignment["how"], target: Target, expression: Expression | undefined, scope: Scope, frame: Frame): void {
    // The items of a loop are computed once, for all its passes.
    const evaluation = how === "for" ? this.#look(expression) : this.#take(expression);
    this.#bindTarget(target, scope, { how, expression, evaluation, pieces: [] }, frame);
  }

  /** `set`, of names and of attributes of namespaces; `pieces` are what a body printed. */
  assign(
    target: Target | AttributeTarget,
    expression: Expression | undefined,
    pieces: readonly Piece[],
    frame: Frame,
  ): void {
    const source: Source = {
      how: expression === undefined ? "set-block" : "set",
      expression,
      evaluation: this.#take(expression),
      pieces,
    };
    if (target.kind !== "attribute") {
      this.#bindTarget(target, frame.scope, source, frame);
      return;
    }
    const object = frame.scope.get(target.object.name);
    if (!(object instanceof Namespace)) return;
    const value = object.attributes.get(target.name) ?? null;
    const shown = `${target.object.name}.${target.name}`;
    this.#record(object, target.name, { ...source, name: shown, value, span: target.span }, frame);
  }

  /** Before a macro or block is called: its parameters get what was read for the arguments. */
  call(node: Call): void {
    this.#calls.set(node.span, { node, evaluation: this.#take(node) });
  }

  /** A macro's parameter has its argument; `fallback` is the default that it took instead. */
  argument({ name, span }: Parameter, index: number, fallback: Expression | undefined, site: Span, frame: Frame): void {
    const call = this.#calls.get(site);
    const args = call?.node.args;
    const given = args?.positional[index] ?? args?.keywords.find((keyword) => keyword.name === name)?.value;
    const evaluation = fallback === undefined ? (call?.evaluation ?? nothing) : this.#take(fallback);
    const source: Source = { how: "argument", expression: fallback ?? given, evaluation, pieces: [] };
    this.#record(frame.scope, name, { ...source, name, value: frame.scope.get(name) ?? null, span }, frame);
  }

  /** `namespace(lr=1e-3)` gives its attributes their first values. */
  called(node: Call, result: Value, frame: Frame): void {
    if (!(result instanceof Namespace)) return;
    for (const { name, value: expression, span } of node.args.keywords) {
      const source: Source = { how: "namespace", expression, evaluation: this.#take(expression), pieces: [] };
      this.#record(result, name, { ...source, name, value: result.attributes.get(name) ?? null, span }, frame);
    }
  }

  // -------------------------------------------------------------------------------------------------------------------

  #bindTarget(target: Target, scope: Scope, source: Source, frame: Frame): void {
    if (target.kind === "tuple") {
      for (const item of target.items) this.#bindTarget(item, scope, source, frame);
      return;
    }
    const { name, span } = target;
    const value = scope.get(name) ?? null;
    this.#record(scope.holderOf(name), name, { ...source, name, value, span }, frame);
    if (value instanceof Namespace) this.#nameAttributes(value, name);
  }

  /** `set ns = namespace(lr=1e-3)`: only now is it known whose attribute `lr` is. */
  #nameAttributes(namespace: Namespace, owner: string): void {
    const names = this.#bindings.get(namespace) ?? new Map<string, Assignment>();
    for (const [key, assignment] of names)
      if (assignment.how === "namespace" && assignment.name === key)
        names.set(key, { ...assignment, name: `${owner}.${key}` });
  }

  #record(
    holder: object,
    key: string,
    { span, ...fields }: Source & { readonly name: string; readonly value: Value; readonly span: Span },
    { stack }: Frame,
  ): void {
    const names = this.#bindings.get(holder) ?? new Map<string, Assignment>();
    this.#bindings.set(holder, names);
    names.set(key, { kind: "assignment", ...fields, origin: { span, stack }, previous: names.get(key) });
  }

  #bindingOf(name: string, scope: Scope): Binding {
    for (let at: Scope | undefined = scope; at !== undefined; ) {
      const holder: Scope | Context = at.holderOf(name);
      const known = this.#bindings.get(holder)?.get(name);
      if (known !== undefined) return known;
      at = "variables" in holder && !holder.variables.has(name) ? this.#parents.get(holder) : undefined;
    }
    return { kind: "given", name, value: scope.get(name) };
  }

  /** What was read and chosen in `expression`, which is over now. */
  #take(expression: Expression | undefined): Evaluation {
    const evaluation = this.#look(expression);
    for (const node of evaluation.reads.keys()) this.#reads.delete(node);
    for (const node of evaluation.choices.keys()) this.#choices.delete(node);
    return evaluation;
  }

  #look(expression: Expression | undefined): Evaluation {
    if (expression === undefined) return nothing;
    const reads = new Map<Expression, Binding>();
    const choices = new Map<Expression, Expression>();
    const visit = (node: Expression): void => {
      const read = this.#reads.get(node);
      if (read !== undefined) reads.set(node, read);
      const choice = this.#choices.get(node);
      if (choice !== undefined) choices.set(node, choice);
      visitExpressionParts(node, { expression: visit, statement: () => {}, target: () => {} });
    };
    visit(expression);
    return { reads, choices };
  }
}

/** Where a value came from that is about to be recorded. */
type Source = Pick<Assignment, "how" | "expression" | "evaluation" | "pieces">;

/** Filters that give their first argument for what is missing. */
const fallbackFilters: ReadonlySet<string> = new Set(["default", "d", "toyaml"]);

const nothing: Evaluation = { reads: new Map(), choices: new Map() };

/** Parts of templates that a render leaves out, as if nobody had written them: definitions of blocks, `set` tags. */
export class Omissions {
  readonly #spans: readonly Span[];

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }
  /** What lies in a part that is left out is left out too. */
  has({ file, start, end }: Span): boolean {
    return this.#spans.some((span) => span.file.path === file.path && span.start <= start && end <= span.end);
  }
}
