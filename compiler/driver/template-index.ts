/** @file All templates on a project's search path: what each extends, which blocks it has. Parsed, not rendered. */
import { type FoundTemplate, listTemplates } from "../config/project.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../source/span.ts";
import { type TemplateTree, TreeCache } from "../template/index.ts";
import type { Project } from "./compile.ts";
import type { Host } from "./host.ts";
import { factsOf, type TemplateFacts } from "./template-facts.ts";

export interface TemplateEntry {
  readonly name: string;
  readonly path: string;
  /** For a sub-template: the template whose file holds it. */
  readonly container: string | undefined;
  /** The template that it extends, where that is written as a text; otherwise the expression's own text, in braces. */
  readonly parent: string | undefined;
  /** Absent where the template does not parse. */
  readonly facts: TemplateFacts | undefined;
  readonly tree: TemplateTree | undefined;
}

export interface TemplateIndex {
  readonly entries: readonly TemplateEntry[];
  /** Of templates that do not parse. They are listed without parent and blocks. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What builds write is no template, though it lies below the search path. */
export function templateFiles(host: Host, searchPath: readonly string[]): readonly FoundTemplate[] {
  return listTemplates(host.files, searchPath, "").filter(({ name }) => !/(?:^|\/)output_models\//.test(name));
}

export function readTemplateIndex(host: Host, project: Project): TemplateIndex {
  const diagnostics: Diagnostic[] = [];
  const entries = templateFiles(host, project.searchPath).flatMap((template) =>
    readTemplateFile(
      { path: template.path, text: host.files.readText(template.path) ?? "" },
      template.name,
      diagnostics,
    ),
  );
  return { entries, diagnostics };
}

/** The templates of one file: its own, then its sub-templates. */
export function readTemplateFile(file: SourceFile, name: string, diagnostics: Diagnostic[]): TemplateEntry[] {
  return new TreeCache().parts(name, file, { preserveLineNumbers: true }).map((part, i): TemplateEntry => {
    const own = { name: part.name, path: file.path, container: i === 0 ? undefined : name };
    try {
      const { tree } = part;
      const facts = factsOf(tree);
      const parent = facts.references.find(({ kind }) => kind === "extends");
      return { ...own, parent: parent && (parent.isDynamic ? `{{ ${parent.target} }}` : parent.target), facts, tree };
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      diagnostics.push(...error.diagnostics);
      return { ...own, parent: undefined, facts: undefined, tree: undefined };
    }
  });
}

/** The templates above `entry`, nearest first, as far as their names are written down. */
export function ancestorsOf(
  entry: TemplateEntry,
  byName: ReadonlyMap<string, TemplateEntry>,
): readonly TemplateEntry[] {
  const found: TemplateEntry[] = [];
  let parent = entry.parent === undefined ? undefined : byName.get(entry.parent);
  while (parent !== undefined && parent !== entry && !found.includes(parent)) {
    found.push(parent);
    parent = parent.parent === undefined ? undefined : byName.get(parent.parent);
  }
  return found;
}
