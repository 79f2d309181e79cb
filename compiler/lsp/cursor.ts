/** @file What stands at a place of a template: a name of the template language, or of the YAML in it. */
import type { TemplateEntry } from "../driver/template-index.ts";
import { variablesOf } from "../driver/template-variables.ts";
import type { SourceFile, Span } from "../source/span.ts";
import type { Expression, Statement, TemplateTree } from "../template/index.ts";
import { statementsOf, type Visitor, visitExpressionParts, visitStatementParts } from "../template/syntax/walk.ts";
import type { ProjectView } from "./project-view.ts";
import { type ArgumentPlace, argumentAt, markAt, type Stretch } from "./yaml-lines.ts";

export type Subject =
  | { readonly kind: "template" | "block" | "variable" | "filter" | "test"; readonly name: string; readonly span: Span }
  | { readonly kind: "anchor" | "alias" | "spec"; readonly name: string; readonly span: Span }
  | { readonly kind: "argument"; readonly spec: string; readonly name: string; readonly span: Span };

/** A place in an open document. */
export interface Cursor {
  readonly view: ProjectView;
  readonly file: SourceFile;
  readonly offset: number;
  /** The template that the place belongs to; absent where the file is none of the project's. */
  readonly entry: TemplateEntry | undefined;
}

export function cursorAt(view: ProjectView, file: SourceFile, offset: number): Cursor {
  return { view, file, offset, entry: view.entryAt(file.path, offset) };
}

export function subjectAt(cursor: Cursor): Subject | undefined {
  const { entry, file, offset } = cursor;
  const isHere = ({ start, end }: Span): boolean => start <= offset && offset <= end;
  const { tree, facts } = entry ?? {};
  if (tree !== undefined) {
    const reference = facts?.references.find(({ span, isDynamic }) => !isDynamic && isHere(span));
    if (reference !== undefined) return { kind: "template", name: reference.target, span: innerOf(reference.span) };
    const block = blockNames(tree).find(({ span }) => isHere(span));
    if (block !== undefined) return { kind: "block", ...block };
    const { reads, writes } = variablesOf(tree);
    const variable = [...writes, ...reads].find(({ span }) => isHere(span));
    if (variable !== undefined) return { kind: "variable", name: variable.name, span: variable.span };
    const named = namedAt(tree, isHere);
    if (named !== undefined) return named;
  }
  const mark = markAt(file, offset);
  if (mark !== undefined) return mark;
  const argument = argumentOf(cursor);
  if (argument === undefined || argument.name === "" || !isHere(argument.span)) return undefined;
  return { kind: "argument", spec: argument.spec, name: argument.name, span: argument.span };
}

/** The argument that the cursor's line gives, with the spec as it comes out where it is computed. */
export function argumentOf(cursor: Cursor): ArgumentPlace | undefined {
  const { view, file, offset } = cursor;
  const place = argumentAt(file, offset, stretchesAbove(cursor));
  if (place === undefined || !place.spec.includes("{{")) return place;
  const spec = view.specAt(place.tag);
  return spec === undefined ? undefined : { ...place, spec };
}

/** What stands above a place in the text that is rendered: in a block that overrides another, what that one prints. */
function stretchesAbove({ view, file, offset, entry }: Cursor): readonly Stretch[] {
  const tree = entry?.tree;
  const before = { file, start: tree?.start ?? 0, end: offset };
  if (entry === undefined || tree === undefined) return [before];
  const block = [...tree.blocks.values()]
    .filter(({ span }) => span.start <= offset && offset <= span.end)
    .sort((a, b) => b.span.start - a.span.start)[0];
  if (block === undefined) return [before];
  const overridden = view.ancestors(entry).flatMap((ancestor) => {
    const above = ancestor.tree?.blocks.get(block.name);
    return ancestor.tree === undefined || above === undefined ? [] : [{ tree: ancestor.tree, block: above }];
  });
  const base = overridden.at(-1);
  if (base === undefined) return [before];
  return [
    { ...before, start: block.opening.end },
    ...overridden.map(({ block: { opening, span } }) => ({ file: span.file, start: opening.end, end: span.end })),
    // A block may lie inside of a call.
    { file: base.tree.file, start: base.tree.start, end: base.block.opening.start },
  ];
}

/** A text without its quotes. */
function innerOf(span: Span): Span {
  const isQuoted = /^(['"]).*\1$/s.test(span.file.text.slice(span.start, span.end));
  return isQuoted ? { ...span, start: span.start + 1, end: span.end - 1 } : span;
}

export interface BlockName {
  readonly name: string;
  readonly span: Span;
}

/** Every place where a block's name is written: openings, and the ends that repeat it. */
export function blockNames(tree: TemplateTree): readonly BlockName[] {
  const { text } = tree.file;
  return [...tree.blocks.values()].flatMap(({ name, nameSpan, span, section }) => {
    const opening = { name, span: section === undefined ? nameSpan : nameIn(section.header, name) };
    if (section !== undefined) return [opening];
    const end = new RegExp(`endblock\\s+${name}\\b`, "g");
    const last = [...text.slice(span.start, span.end).matchAll(end)].at(-1);
    if (last === undefined) return [opening];
    const at = span.start + last.index + last[0].length;
    return [opening, { name, span: { file: tree.file, start: at - name.length, end: at } }];
  });
}

function nameIn({ file, start, end }: Span, name: string): Span {
  const at = start + Math.max(0, file.text.slice(start, end).indexOf(name));
  return { file, start: at, end: at + name.length };
}

/** Filters, tests, and names that a template binds itself: macros, loop variables. */
function namedAt(tree: TemplateTree, isHere: (span: Span) => boolean): Subject | undefined {
  let found: Subject | undefined;
  const visitor: Visitor = {
    statement: (node) => visitStatementParts(node, visitor),
    expression: (node: Expression) => {
      if ((node.kind === "filter" || node.kind === "test") && isHere(node.nameSpan))
        found ??= { kind: node.kind, name: node.name, span: node.nameSpan };
      if (node.kind === "name" && isHere(node.span)) found ??= { kind: "variable", name: node.name, span: node.span };
      visitExpressionParts(node, visitor);
    },
    target: (node) => {
      if (node.kind === "name" && isHere(node.span)) found ??= { kind: "variable", name: node.name, span: node.span };
      if (node.kind === "tuple") node.items.forEach(visitor.target);
    },
  };
  for (const statement of tree.body) visitor.statement(statement);
  return found;
}

/** Where a template binds a name for itself: macros, imports, loops, `with`, parameters. */
export function bindingsOf(tree: TemplateTree, name: string): readonly Span[] {
  const spans: Span[] = [];
  const note = (target: Parameters<Visitor["target"]>[0]): void => {
    if (target.kind === "tuple") target.items.forEach(note);
    else if (target.kind === "name" && target.name === name) spans.push(target.span);
  };
  for (const statement of statementsOf(tree.body))
    if (statement.kind !== "assign" && statement.kind !== "assign-block")
      visitStatementParts(statement, { statement: () => {}, expression: () => {}, target: note });
  return spans;
}

/** The template and the name that `from … import name` takes a name from. */
export function importOf(
  tree: TemplateTree,
  name: string,
): { readonly template: string; readonly name: string } | undefined {
  for (const statement of statementsOf(tree.body) as Iterable<Statement>) {
    if (statement.kind !== "from-import" || statement.template.kind !== "literal") continue;
    const taken = statement.names.find(({ alias }) => alias === name);
    if (taken !== undefined && typeof statement.template.value === "string")
      return { template: statement.template.value, name: taken.name };
  }
  return undefined;
}
