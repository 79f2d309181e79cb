/** @file What the rules look at: every template on the search path, read once, and every config of the project as far as it renders. */

import { join } from "node:path";
import { metaFileName } from "../config/project.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { DiagnosticError } from "../diagnostics/diagnostic.ts";
import { composeGraph, listConfigs, type Preprocessed, type Project, preprocess } from "../driver/compile.ts";
import type { FixedClock, Host } from "../driver/host.ts";
import { ancestorsOf, readTemplateFile, readTemplateIndex, type TemplateEntry } from "../driver/template-index.ts";
import { type TemplateVariables, variablesOf } from "../driver/template-variables.ts";
import type { GraphValue } from "../graph/node.ts";
import type { Body, Expression, Statement, TemplateTree } from "../template/index.ts";
import { visitExpressionParts, visitStatementParts } from "../template/syntax/walk.ts";

/** A template that parses. */
export interface LintedTemplate {
  readonly entry: TemplateEntry;
  readonly tree: TemplateTree;
  readonly variables: TemplateVariables;
  /** All that it extends, nearest first, as far as the names are written. */
  readonly ancestors: readonly TemplateEntry[];
  /** The last of them extends a template whose name is computed. */
  readonly hasComputedAncestor: boolean;
}

export interface LintedConfig {
  readonly name: string;
  readonly rendered: Preprocessed;
  readonly graph: GraphValue | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Corpus {
  readonly host: Host;
  readonly project: Project;
  readonly templates: readonly LintedTemplate[];
  /** Also those that do not parse. */
  readonly byName: ReadonlyMap<string, TemplateEntry>;
  /** Configs with faults are missing: `fgc check` is there for those. */
  readonly configs: readonly LintedConfig[];
  /** Every variable that some template reads: `lr`, `ns.lr`; `ns` alone where all of it is used, as in `ns['lr']`. */
  readonly read: ReadonlySet<string>;
  /** Every name in an expression, those of attributes too. */
  readonly named: ReadonlySet<string>;
  /** Every text that stands in an expression. */
  readonly texts: ReadonlySet<string>;
}

export function readCorpus(host: Host, project: Project, clock: FixedClock | undefined): Corpus {
  // The meta file is a template too, though it lies on no search path.
  const metaPath = join(project.dir, metaFileName);
  const meta = readTemplateFile({ path: metaPath, text: host.files.readText(metaPath) ?? "" }, metaFileName, []);
  const entries = [...readTemplateIndex(host, project).entries, ...meta];
  const byName = new Map<string, TemplateEntry>();
  for (const entry of entries) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  const templates = entries.flatMap((entry): LintedTemplate[] => {
    if (entry.tree === undefined) return [];
    const ancestors = ancestorsOf(entry, byName);
    const top = ancestors.at(-1) ?? entry;
    const hasComputedAncestor = top.parent !== undefined && !byName.has(top.parent);
    return [{ entry, tree: entry.tree, variables: variablesOf(entry.tree), ancestors, hasComputedAncestor }];
  });
  const read = new Set<string>();
  const named = new Set<string>();
  const texts = new Set<string>();
  for (const { tree, variables } of templates) {
    for (const { name } of variables.reads) read.add(name);
    visitAll(tree.body, {
      statement(statement) {
        if (statement.kind === "from-import")
          for (const { name } of statement.names) for (const names of [read, named]) names.add(name);
      },
      expression(expression) {
        if (expression.kind === "literal" && typeof expression.value === "string") texts.add(expression.value);
        if (expression.kind === "attribute" || expression.kind === "name") named.add(expression.name);
      },
    });
  }
  return { host, project, templates, byName, configs: readConfigs(host, project, clock), read, named, texts };
}

function readConfigs(host: Host, project: Project, clock: FixedClock | undefined): readonly LintedConfig[] {
  return listConfigs(host, project).flatMap((name): LintedConfig[] => {
    let rendered: Preprocessed;
    try {
      rendered = preprocess(host, { project, config: name, clock });
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      return [];
    }
    try {
      const { graph, diagnostics } = composeGraph(rendered, project.yamlFloats);
      return [{ name, rendered, graph, diagnostics }];
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      return [{ name, rendered, graph: undefined, diagnostics: error.diagnostics }];
    }
  });
}

export interface DeepVisitor {
  statement?(node: Statement): void;
  expression?(node: Expression): void;
}

/** Every statement and every expression below `body`. */
export function visitAll(body: Body, visitor: DeepVisitor): void {
  const expression = (node: Expression): void => {
    visitor.expression?.(node);
    visitExpressionParts(node, { expression, statement, target: () => {} });
  };
  const statement = (node: Statement): void => {
    visitor.statement?.(node);
    visitStatementParts(node, { expression, statement, target: () => {} });
  };
  for (const node of body) statement(node);
}
