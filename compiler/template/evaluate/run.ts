/** @file What one render shares: templates, filters, modules that were imported, warnings, and the guard against endless recursion. */
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { SourceFile, Frame as SourceFrame, Span } from "../../source/span.ts";
import { TemplateFault } from "../diagnostics.ts";
import type { Loader, Request } from "../loader.ts";
import { type Expression, type TemplateTree, unreadable } from "../syntax/ast.ts";
import {
  createFilterContext,
  type FilterContext,
  Namespace,
  PoisonedUse,
  poisoned,
  TemplateError,
  type TemplateHost,
  type Value,
} from "../values/index.ts";
import { Budget, Exhausted } from "./budget.ts";
import { Faults } from "./faults.ts";
import { locate } from "./locate.ts";
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
const maximumDepth = 220;

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
  readonly #edgesFrom = new Map<SourceFile, Set<string>>();
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
  /** Did the body of a `set` print a text? Otherwise none is looked for. */
  hasPrintedTexts = false;
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

  /** One edge for each tag and each template that it reaches. */
  recordEdge(edge: TemplateEdge): void {
    const { file, start } = edge.span;
    const known = this.#edgesFrom.get(file) ?? new Set();
    this.#edgesFrom.set(file, known);
    const key = `${start} ${edge.kind} ${edge.to}`;
    if (known.has(key)) return;
    known.add(key);
    this.edges.push(edge);
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
