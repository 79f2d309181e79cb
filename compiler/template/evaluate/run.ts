/** @file What one render shares: templates, filters, modules that were imported, warnings, and the guard against endless recursion. */
import type { Diagnostic, Place } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../source/nearest.ts";
import type { Frame as SourceFrame, Span } from "../../source/span.ts";
import { templateDiagnostics as faults, TemplateFault } from "../diagnostics.ts";
import type { Loader } from "../loader.ts";
import type { Expression, TemplateTree } from "../syntax/ast.ts";
import { visitExpressionParts } from "../syntax/walk.ts";
import {
  createFilterContext,
  type FilterContext,
  TemplateError,
  type TemplateHost,
  type Value,
} from "../values/index.ts";
import type { Frame } from "./scope.ts";
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

/** Python gives up at a thousand frames, which are some two hundred calls of macros: nothing that is meant nests as deeply. */
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
  readonly warnings: Diagnostic[] = [];
  readonly trace: RenderTrace | undefined;
  readonly without: Omissions | undefined;
  /** Modules that were imported without context: one for all importers. */
  readonly modules = new Map<TemplateTree, Value>();
  readonly #filters: FilterContext;
  readonly #escapingFilters: FilterContext;
  #depth = 0;

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
    this.#filters = createFilterContext(host, false);
    this.#escapingFilters = createFilterContext(host, true);
  }

  filters(frame: Frame): FilterContext {
    return frame.autoescape ? this.#escapingFilters : this.#filters;
  }

  /** Run `body` one level deeper. */
  deeper<T>(what: string, body: () => T): T {
    if (this.#depth >= maximumDepth)
      throw new TemplateError("recursion", `${what} is entered again and again without end`);
    this.#depth += 1;
    try {
      return body();
    } finally {
      this.#depth -= 1;
    }
  }

  recordEdge(edge: TemplateEdge): void {
    const same = (e: TemplateEdge): boolean =>
      e.kind === edge.kind && e.to === edge.to && e.span.file === edge.span.file && e.span.start === edge.span.start;
    if (!this.edges.some(same)) this.edges.push(edge);
  }

  warn(diagnostic: Diagnostic): void {
    const same = (d: Diagnostic): boolean =>
      d.code === diagnostic.code && d.span?.file === diagnostic.span?.file && d.span?.start === diagnostic.span?.start;
    if (!this.warnings.some(same)) this.warnings.push(diagnostic);
  }
}

/** `error` as a fault at `place`. Faults that have a place already pass unchanged. */
export function locate(error: unknown, place: Expression | Span, frame: Frame): unknown {
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
  const { message } = error;
  const close = near === undefined ? undefined : nearest(near.wanted, near.known);
  const hint = close === undefined ? undefined : `did you mean '${close}'?`;
  switch (kind) {
    case "undefined": {
      const name = near?.wanted ?? "";
      const culprit = expression === undefined ? span : (findOperand(expression, name) ?? span);
      return new TemplateFault(
        kind,
        faults.undefinedVariable({ ...at, span: culprit }, { message, name, nearest: close }),
      );
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
