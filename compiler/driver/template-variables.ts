/** @file The variables of a template: which it reads, with which default, and which it sets. Names that it binds itself (loops, macros) are none of them. */
import type { Span } from "../source/span.ts";
import type { Body, Expression, Statement, TemplateTree } from "../template/index.ts";
import { visitExpressionParts, visitStatementParts } from "../template/syntax/walk.ts";
import { createGlobals, systemHost } from "../template/values/index.ts";

export interface VariableRead {
  /** `lr`, `ns.output_dir`. */
  readonly name: string;
  readonly span: Span;
  /** Source text of the value that stands in where there is none. */
  readonly fallback: string | undefined;
  /** Only asked about: `x is defined`. */
  readonly isTested: boolean;
  /** The block that reads it. */
  readonly block: string | undefined;
}

export interface VariableWrite {
  readonly name: string;
  readonly span: Span;
  /** Source text; absent for `set x` with a body. */
  readonly value: string | undefined;
  readonly block: string | undefined;
  /** Inside a loop, a macro or the like, whose end forgets it (a namespace's attribute is kept). */
  readonly isLocal: boolean;
}

export interface TemplateVariables {
  readonly reads: readonly VariableRead[];
  readonly writes: readonly VariableWrite[];
}

/** What every template sees: the language's own names and those of a project. */
export const globalNames: ReadonlySet<string> = new Set([
  ...createGlobals(systemHost()).keys(),
  ...["project_dir", "workspace_root", "hostname", "uname", "versions"],
  ...["self", "super", "loop", "caller", "varargs", "kwargs"],
]);

const fallbackFilters = new Set(["default", "d", "toyaml"]);
const presenceTests = new Set(["defined", "undefined"]);

export function variablesOf(tree: TemplateTree): TemplateVariables {
  const walker = new Walker();
  walker.body(tree.body, { bound: new Set(), block: undefined, isLocal: false });
  return walker;
}

interface Surroundings {
  readonly bound: ReadonlySet<string>;
  readonly block: string | undefined;
  readonly isLocal: boolean;
}

class Walker implements TemplateVariables {
  readonly reads: VariableRead[] = [];
  readonly writes: VariableWrite[] = [];

  body(body: Body, around: Surroundings): void {
    for (const statement of body) this.#statement(statement, around);
  }

  #statement(statement: Statement, around: Surroundings): void {
    const inner = this.#inside(statement, around);
    if (statement.kind === "assign" || statement.kind === "assign-block") this.#write(statement, around);
    visitStatementParts(statement, {
      // The items of a loop are computed outside of it; everything else that a name is bound for stands inside.
      expression: (node) =>
        this.#expression(node, statement.kind === "for" && node === statement.items ? around : inner),
      statement: (node) => this.#statement(node, inner),
      target: () => {},
    });
  }

  #inside(statement: Statement, around: Surroundings): Surroundings {
    const names: string[] = [];
    visitStatementParts(statement, {
      expression: () => {},
      statement: () => {},
      target: (target) => {
        if (target.kind === "name") names.push(target.name);
        else if (target.kind === "tuple")
          for (const item of target.items) if (item.kind === "name") names.push(item.name);
      },
    });
    switch (statement.kind) {
      case "block":
        return { ...around, block: statement.name };
      case "for":
      case "with":
      case "macro":
      case "call-block":
        return { bound: new Set([...around.bound, ...names]), block: around.block, isLocal: true };
      case "assign-block":
      case "filter-block":
        return { ...around, isLocal: true };
      default:
        return around;
    }
  }

  #write(statement: Statement & { kind: "assign" | "assign-block" }, { block, isLocal }: Surroundings): void {
    const { target } = statement;
    const value = statement.kind === "assign" ? sourceOf(statement.value) : undefined;
    const note = (name: string, span: Span): void => void this.writes.push({ name, span, value, block, isLocal });
    if (target.kind === "attribute") note(`${target.object.name}.${target.name}`, target.span);
    else if (target.kind === "name") note(target.name, target.span);
    else for (const item of target.items) if (item.kind === "name") note(item.name, item.span);
  }

  #expression(node: Expression, around: Surroundings): void {
    const name = variableName(node);
    if (name !== undefined) {
      this.#read(node, name, around);
      return;
    }
    if (node.kind === "filter" && node.target !== undefined && fallbackFilters.has(node.name)) {
      const variable = variableName(node.target);
      const [fallback] = [...node.args.positional, ...node.args.keywords.map(({ value }) => value)];
      if (variable !== undefined) {
        const text = fallback !== undefined ? sourceOf(fallback) : node.name === "toyaml" ? undefined : "''";
        this.#read(node.target, variable, around, { fallback: text });
        for (const part of node.args.positional) this.#expression(part, around);
        return;
      }
    }
    if (node.kind === "test" && presenceTests.has(node.name)) {
      const variable = variableName(node.target);
      if (variable !== undefined) {
        this.#read(node.target, variable, around, { isTested: true });
        return;
      }
    }
    // `text.rstrip()` reads `text`.
    if (node.kind === "call" && node.callee.kind === "attribute") this.#expression(node.callee.target, around);
    visitExpressionParts(node, {
      expression: (part) => {
        if (!(node.kind === "call" && part === node.callee && part.kind === "attribute"))
          this.#expression(part, around);
      },
      statement: () => {},
      target: () => {},
    });
  }

  #read(
    node: Expression,
    name: string,
    { bound, block }: Surroundings,
    { fallback, isTested = false }: { fallback?: string | undefined; isTested?: boolean } = {},
  ): void {
    const [base = name] = name.split(".");
    if (bound.has(base) || globalNames.has(base)) return;
    this.reads.push({ name, span: node.span, fallback, isTested, block });
  }
}

/** `lr` and `ns.lr`; undefined for any other expression. */
function variableName(node: Expression): string | undefined {
  if (node.kind === "name") return node.name;
  if (node.kind === "attribute" && node.target.kind === "name") return `${node.target.name}.${node.name}`;
  return undefined;
}

function sourceOf({ span: { file, start, end } }: Expression): string {
  return file.text.slice(start, end);
}
