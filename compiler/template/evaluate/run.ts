/** @file What one render shares: templates, filters, modules that were imported, warnings, and the guard against endless recursion. */
import type { Diagnostic, Place } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Frame as SourceFrame, Span } from "../../source/span.ts";
import { templateDiagnostics as faults, TemplateFault } from "../diagnostics.ts";
import type { Loader, Request } from "../loader.ts";
import { type Expression, type TemplateTree, unreadable } from "../syntax/ast.ts";
import { visitExpressionParts } from "../syntax/walk.ts";
import {
  createFilterContext,
  type FilterContext,
  Namespace,
  type NearNames,
  PoisonedUse,
  poisoned,
  TemplateError,
  type TemplateHost,
  type Value,
} from "../values/index.ts";
import { visible } from "../visible.ts";
import { Budget, Exhausted } from "./budget.ts";
import { Faults } from "./faults.ts";
import type { Frame, PrintedText } from "./scope.ts";
import type { Omissions, RenderTrace } from "./trace.ts";

/** One template reaching another. */
export interface TemplateEdge {
  readonly kind: "extends" | "include" | "import";
  /** The template that was running. A block runs where it is placed, so the tag may stand in another: see `span`. */
  readonly from: string;
  readonly to: string;
  /** The tag. */
  readonly span: Span;
  /** The expression in it that names the other template. */
  readonly target: Span;
}

/** Python gives up at a thousand frames, which are some two hundred calls of macros: nothing that is meant nests more deeply. */
const maximumDepth = 260;

export interface RunOptions {
  /** Is told what happens. */
  readonly trace?: RenderTrace | undefined;
  /** Parts of templates to leave out, as if nobody had written them. */
  readonly without?: Omissions | undefined;
}

export class Run {
  readonly loader: Loader;
  readonly globals: ReadonlyMap<string, Value>;
  readonly edges: TemplateEdge[] = [];
  readonly warnings: Diagnostic[] = [];
  readonly trace: RenderTrace | undefined;
  readonly without: Omissions | undefined;
  /** Modules that were imported without context: one for all importers. */
  readonly modules = new Map<TemplateTree, Value>();
  readonly #filters: FilterContext;
  readonly #escapingFilters: FilterContext;
  readonly budget = new Budget();
  readonly faults = new Faults();
  /** What was entered and not left yet. */
  readonly #entered: string[] = [];
  /** Names that templates with syntax faults may give a value. */
  readonly #inDoubt = new Set<string>([unreadable]);
  /** Nodes of syntax trees that were told. */
  readonly #failed = new WeakSet<object>();
  /** Texts in namespaces that the body of a `set` printed. */
  readonly #printed = new WeakMap<Namespace, Map<string, PrintedText>>();
  readonly #opened = new Set<TemplateTree>();
  /** What the templates compute means nothing any more: only faults of reading them are told. */
  #isMuted = false;

  constructor(
    loader: Loader,
    globals: ReadonlyMap<string, Value>,
    host: TemplateHost,
    { trace, without }: RunOptions = {},
  ) {
    this.loader = loader;
    this.trace = trace;
    this.without = without;
    this.globals = globals;
    const count = (): void => this.budget.step(1);
    this.#filters = createFilterContext(host, false, count);
    this.#escapingFilters = createFilterContext(host, true, count);
  }

  filters(frame: Frame): FilterContext {
    return frame.autoescape ? this.#escapingFilters : this.#filters;
  }

  /** Run `body` one level deeper. */
  deeper<T>(what: string, body: () => T): T {
    const level = this.#entered.length;
    if (level >= maximumDepth) throw new TemplateError("recursion", `${what} is entered again and again without end`);
    this.#entered.push(what);
    this.budget.step(1);
    try {
      return body();
    } catch (error) {
      if (error instanceof Unwinding && error.level === level) throw new PoisonedUse();
      throw error;
    } finally {
      this.#entered.pop();
    }
  }

  /** The template called `name`, of which what is wrong is told; undefined where there is none. */
  find(name: string, stack: readonly SourceFrame[]): TemplateTree | undefined {
    // Looking for a file takes longer than running a statement.
    this.budget.step(50);
    const template = this.loader.find(name);
    if (template === undefined || this.#opened.has(template)) return template;
    this.#opened.add(template);
    this.budget.addTemplate(template.end - template.start);
    const { damage } = template;
    if (damage === undefined) return template;
    const [first, ...more] = damage.diagnostics.map((d) => ({ ...d, chain: d.chain ?? stack }));
    this.faults.add(new TemplateFault("syntax", first as Diagnostic, ...more));
    this.#isMuted ||= damage.nesting;
    for (const lost of damage.names) this.#inDoubt.add(lost);
    return template;
  }

  /** @throws TemplateFault of kind `not_found` */
  load(name: string, request: Request): TemplateTree {
    return this.find(name, request.chain) ?? this.loader.load(name, request);
  }

  /** May `name` have been given a value in what could not be read? */
  isInDoubt(name: string): boolean {
    return this.#inDoubt.has(name);
  }

  /** What an attribute of a namespace was printed from. */
  piecesOf(object: Value | undefined, name: string): PrintedText | undefined {
    return object instanceof Namespace ? this.#printed.get(object)?.get(name) : undefined;
  }
  keepPieces(object: Namespace, name: string, pieces: PrintedText | undefined): void {
    const known = this.#printed.get(object);
    if (pieces === undefined) known?.delete(name);
    else if (known !== undefined) known.set(name, pieces);
    else this.#printed.set(object, new Map([[name, pieces]]));
  }

  /** Counts a value against the budget. */
  made(value: Value): Value {
    return this.budget.value(value);
  }

  /** Tell what failed. What stands for its value is silent from here on. */
  recover(error: unknown, place: Expression | Span, frame: Frame, key: object = place): Value {
    if (error instanceof PoisonedUse) return poisoned;
    if (error instanceof Unwinding) throw error;
    // A loop may fail at one place in each of its passes, and finding what was meant takes time.
    if (this.#failed.has(key) && error instanceof TemplateError && error.kind !== "recursion") {
      this.budget.step(10);
      return poisoned;
    }
    this.#failed.add(key);
    if (error instanceof Exhausted) {
      this.faults.add(error.faultAt("kind" in place ? place.span : place, frame));
      throw new Unwinding(-1);
    }
    const fault = locate(error, place, frame);
    if (!(fault instanceof TemplateFault)) throw fault;
    const name = error instanceof TemplateError && error.kind === "undefined" ? error.near?.wanted : undefined;
    const isDoubtful = this.#isMuted && fault.kind !== "not_found" && fault.kind !== "syntax";
    if (!isDoubtful && (name === undefined || !this.#inDoubt.has(name))) this.faults.add(fault);
    // An endless recursion is left where it began: deeper inside, every level would only fail again.
    if (fault.kind === "recursion") throw new Unwinding(this.#firstEntry());
    return poisoned;
  }

  /** The level at which what is being entered now was entered first. */
  #firstEntry(): number {
    const last = this.#entered.at(-1);
    return last === undefined ? -1 : this.#entered.indexOf(last);
  }

  recordEdge(edge: TemplateEdge): void {
    const same = (e: TemplateEdge): boolean =>
      e.kind === edge.kind && e.to === edge.to && e.span.file === edge.span.file && e.span.start === edge.span.start;
    if (!this.edges.some(same)) this.edges.push(edge);
  }

  warn(diagnostic: Diagnostic): void {
    if (this.#isMuted) return;
    const same = (d: Diagnostic): boolean =>
      d.code === diagnostic.code && d.span?.file === diagnostic.span?.file && d.span?.start === diagnostic.span?.start;
    if (!this.warnings.some(same)) this.warnings.push(diagnostic);
  }
}

/** Leaves everything down to a level of the render; -1 ends it. */
export class Unwinding extends Error {
  override readonly name = "Unwinding";
  readonly level: number;
  constructor(level: number) {
    super();
    this.level = level;
  }
}

/** `error` as a fault at `place`. Faults that have a place already pass unchanged. */
export function locate(error: unknown, place: Expression | Span, frame: Frame): unknown {
  if (error instanceof PoisonedUse) return error;
  if (error instanceof TemplateFault) return withChain(error, frame);
  const expression = "kind" in place ? place : undefined;
  const span = expression?.span ?? (place as Span);
  const at = { span, chain: frame.stack };
  if (error instanceof RangeError) {
    // The engine's own limits: its stack, or the size of a text or an int. (No regular expression: there may be no stack for one.)
    if (!error.message.startsWith("Maximum call stack")) {
      return new TemplateFault("overflow", faults.evaluation(at, { message: "the result is too large" }));
    }
    return new TemplateFault("recursion", faults.recursion(beginning(at), { message: "this nests too deeply" }));
  }
  if (!(error instanceof TemplateError)) return error;
  const { kind, near } = error;
  const message = visible(error.message);
  const close =
    near &&
    (nearest(near.wanted, near.known, near.wanted.length <= 3 ? 1 : undefined) ??
      nearest(near.wanted, near.unlikely ?? [], 1));
  const hint = close === undefined ? listed(near) : `did you mean '${close}'?`;
  switch (kind) {
    case "undefined": {
      const name = near?.wanted ?? "";
      const culprit = expression === undefined ? span : (findOperand(expression, name) ?? span);
      return new TemplateFault(kind, faults.undefinedVariable({ ...at, span: culprit }, { message, hint, name }));
    }
    case "security":
      return new TemplateFault(kind, faults.security(at, { message, hint }));
    case "recursion":
      return new TemplateFault(kind, faults.recursion(beginning(at), { message, hint }));
    case "syntax":
      return new TemplateFault(kind, faults.syntax(at, { message, hint }));
    default:
      return new TemplateFault(kind, faults.evaluation(at, { message, hint }));
  }
}

/** All names, where they are few enough to be read. */
function listed(near: NearNames | undefined): string | undefined {
  if (near?.listed === undefined || near.known.length === 0 || near.known.length > 8) return undefined;
  return `${near.listed} ${near.known.map((name) => `'${name}'`).join(", ")}`;
}

/** The first steps of an endless way say all of it. */
function beginning({ span, chain }: { span: Span; chain: readonly SourceFrame[] }): Place {
  return { span, chain: chain.slice(0, 6) };
}

/** A syntax fault knows no chain: it was found while loading. */
function withChain(fault: TemplateFault, frame: Frame): TemplateFault {
  const [first, ...more] = fault.diagnostics;
  if (first === undefined || first.chain !== undefined || frame.stack.length === 0) return fault;
  return new TemplateFault(fault.kind, { ...first, chain: frame.stack }, ...more);
}

/** The part of an expression that names `name`: what an undefined value in it came from. */
function findOperand(expression: Expression, name: string): Span | undefined {
  if (expression.kind === "name" && expression.name === name) return expression.span;
  if (expression.kind === "attribute" && expression.name === name) return expression.span;
  let found: Span | undefined;
  visitExpressionParts(expression, {
    expression: (part) => {
      found ??= findOperand(part, name);
    },
    statement: () => {},
    target: () => {},
  });
  return found;
}
