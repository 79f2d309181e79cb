/** @file All templates on a project's search path: what each extends, which blocks it has. Parsed, not rendered. */
import { join } from "node:path";
import { type FoundTemplate, listTemplates } from "../config/project.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../source/span.ts";
import { type Expression, TreeCache } from "../template/index.ts";
import { statementsOf } from "../template/syntax/walk.ts";
import type { Project } from "./compile.ts";
import type { Host } from "./host.ts";

export interface TemplateEntry {
  readonly name: string;
  readonly path: string;
  /** For a sub-template: the template whose file holds it. */
  readonly container: string | undefined;
  /** The template that it extends, where that is written as a text; otherwise the expression's own text. */
  readonly parent: string | undefined;
  readonly blocks: readonly string[];
}

export interface TemplateIndex {
  readonly entries: readonly TemplateEntry[];
  /** Of templates that do not parse. They are listed without parent and blocks. */
  readonly diagnostics: readonly Diagnostic[];
}

export function readTemplateIndex(host: Host, project: Project): TemplateIndex {
  const found = listTemplates(host.files, project.searchPath, "").filter(
    ({ name }) => !/(?:^|\/)output_models\//.test(name),
  );
  const diagnostics: Diagnostic[] = [];
  const entries = found.flatMap((template) => readFile(host, template, diagnostics));
  return { entries, diagnostics };
}

function readFile(host: Host, { name, path }: FoundTemplate, diagnostics: Diagnostic[]): TemplateEntry[] {
  const file: SourceFile = { path: join(path), text: host.files.readText(path) ?? "" };
  return new TreeCache().parts(name, file, { preserveLineNumbers: true }).map((part, i): TemplateEntry => {
    const own = { name: part.name, path, container: i === 0 ? undefined : name };
    try {
      const { tree } = part;
      let parent: string | undefined;
      for (const statement of statementsOf(tree.body))
        if (statement.kind === "extends") parent ??= textOf(statement.template);
      return { ...own, parent, blocks: [...tree.blocks.keys()] };
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      diagnostics.push(...error.diagnostics);
      return { ...own, parent: undefined, blocks: [] };
    }
  });
}

function textOf(expression: Expression): string {
  if (expression.kind === "literal" && typeof expression.value === "string") return expression.value;
  const { file, start, end } = expression.span;
  return `{{ ${file.text.slice(start, end)} }}`;
}
