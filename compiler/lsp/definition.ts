/** @file Where what stands at a place is defined: templates, blocks up the hierarchy, anchors, variables, and what is constructed. */
import type { Location } from "vscode-languageserver";
import type { TemplateEntry } from "../driver/template-index.ts";
import { variablesOf } from "../driver/template-variables.ts";
import type { SourceFile, Span } from "../source/span.ts";
import type { Components } from "./components.ts";
import { bindingsOf, type Cursor, importOf, type Subject, subjectAt } from "./cursor.ts";
import { locationOf } from "./documents.ts";
import type { ProjectView } from "./project-view.ts";
import { marksIn } from "./yaml-lines.ts";

/** Several where several templates have a say, the likeliest first. */
export function definitionsAt(cursor: Cursor, components: Components): readonly Location[] {
  const subject = subjectAt(cursor);
  return subject === undefined ? [] : placesOf(cursor, subject, components).map(locationOf);
}

function placesOf(cursor: Cursor, subject: Subject, components: Components): readonly Span[] {
  const { view, entry } = cursor;
  switch (subject.kind) {
    case "template": {
      const target = view.byName.get(subject.name);
      return target === undefined ? [] : [startOf(target)];
    }
    case "block":
      return entry === undefined ? [] : overriddenBlocks(view, entry, subject.name);
    case "variable":
      return entry === undefined ? [] : variablePlaces(view, entry, subject);
    case "alias":
    case "anchor":
      return anchorPlaces(cursor, subject.name);
    case "spec":
      return components.places(subject.name, undefined);
    case "argument":
      return components.places(subject.spec, subject.name);
    case "filter":
    case "test":
      return [];
  }
}

function startOf({ tree, path }: TemplateEntry): Span {
  const file = tree?.file ?? { path, text: "" };
  const start = tree?.start ?? 0;
  return { file, start, end: start };
}

/** What a block overrides, nearest first; a block that overrides nothing is its own definition. */
export function overriddenBlocks(view: ProjectView, entry: TemplateEntry, name: string): readonly Span[] {
  const spanIn = (owner: TemplateEntry): readonly Span[] => {
    const block = owner.tree?.blocks.get(name);
    return block === undefined ? [] : [block.section?.header ?? block.nameSpan];
  };
  const above = view.ancestors(entry).flatMap(spanIn);
  return above.length > 0 ? above : spanIn(entry);
}

/** The nearest places that give a variable its value: the template's own, then up what it extends, then those that share its namespace. */
function variablePlaces(view: ProjectView, entry: TemplateEntry, { name, span }: Subject): readonly Span[] {
  const { tree } = entry;
  if (tree === undefined) return [];
  const bound = bindingsOf(tree, name);
  const imported = importOf(tree, name);
  if (imported !== undefined) {
    const source = view.byName.get(imported.template)?.tree;
    const made = source === undefined ? [] : bindingsOf(source, imported.name);
    if (made.length > 0) return made;
  }
  if (bound.length > 0) return bound;
  const isSame = (a: Span): boolean => a.file.path === span.file.path && a.start === span.start;
  const writesIn = (owner: TemplateEntry): readonly Span[] =>
    owner.tree === undefined
      ? []
      : variablesOf(owner.tree)
          .writes.filter((write) => write.name === name && !isSame(write.span))
          .map((write) => write.span);
  const line = [entry, ...view.ancestors(entry)];
  const near = line.flatMap(writesIn);
  if (near.length > 0) return near;
  return view.entries.filter((other) => !line.includes(other)).flatMap(writesIn);
}

/**
 * The anchor of that name: in the file before the place, else where the text comes from that the file is rendered with. Of what extends it,
 * what it is rendered beside, and all other templates the first that have such an anchor.
 */
export function anchorPlaces({ view, file, offset, entry }: Cursor, name: string): readonly Span[] {
  const anchors = (owner: SourceFile): readonly Span[] =>
    [...marksIn(owner)].flatMap((mark) => (mark.kind === "anchor" && mark.name === name ? [mark.span] : []));
  const own = anchors(file);
  const before = own.findLast(({ start }) => start <= offset);
  if (before !== undefined) return [before];
  const tiers: readonly (() => readonly TemplateEntry[])[] = [
    () => (entry === undefined ? [] : view.ancestors(entry)),
    () => (entry === undefined ? [] : view.descendants(entry)),
    () => view.renderedWith(file.path),
    () => view.entries,
  ];
  for (const tier of tiers) {
    const files = new Map(tier().flatMap(({ tree }) => (tree === undefined ? [] : [[tree.file.path, tree.file]])));
    files.delete(file.path);
    const found = [...files.values()].flatMap(anchors);
    if (found.length > 0) return found;
  }
  return own;
}
