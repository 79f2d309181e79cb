/** @file All templates of a search path as text, Markdown and a diagram: children under the template that they extend. */
import { ancestorsOf, type TemplateEntry } from "../driver/template-index.ts";
import { templateKind } from "../driver/template-kind.ts";
import type { Diagram } from "./diagram/graph.ts";

export interface TemplateList {
  readonly entries: readonly TemplateEntry[];
  readonly byName: ReadonlyMap<string, TemplateEntry>;
}

export function templateList(entries: readonly TemplateEntry[]): TemplateList {
  return { entries, byName: new Map(entries.map((entry) => [entry.name, entry])) };
}

export function kindOfEntry(entry: TemplateEntry, { byName }: TemplateList): string | undefined {
  return templateKind([entry.name, ...ancestorsOf(entry, byName).map(({ name }) => name)]);
}

/** Children under the template that they extend; a parent that is nowhere to be found makes a root of its child. */
export function outline(
  { entries, byName }: TemplateList,
  print: (entry: TemplateEntry, depth: number) => readonly string[],
): readonly string[] {
  const children = new Map<string, TemplateEntry[]>();
  for (const entry of entries) {
    if (entry.parent === undefined) continue;
    const known = children.get(entry.parent);
    if (known === undefined) children.set(entry.parent, [entry]);
    else known.push(entry);
  }
  const shown = new Set<TemplateEntry>();
  const lines: string[] = [];
  const open = (entry: TemplateEntry, depth: number): void => {
    if (shown.has(entry)) return;
    shown.add(entry);
    lines.push(...print(entry, depth));
    if (byName.get(entry.name) !== entry) return;
    for (const child of children.get(entry.name) ?? []) open(child, depth + 1);
  };
  const roots = entries.filter(({ parent }) => parent === undefined || !byName.has(parent));
  // What extends itself in a circle hangs on no root.
  for (const entry of [...roots, ...entries]) open(entry, 0);
  return lines;
}

/** Templates with a line to the one that they extend; what extends nothing and is extended by nothing stands alone. */
export function listDiagram(list: TemplateList, title: string): Diagram {
  const { entries, byName } = list;
  const unique = entries.filter((entry) => byName.get(entry.name) === entry);
  return {
    title,
    nodes: unique.map((entry) => {
      const kind = kindOfEntry(entry, list);
      const note = [
        ...(kind === undefined ? [] : [kind]),
        ...(entry.container === undefined ? [] : [`in ${entry.container}`]),
      ];
      const computed = entry.parent?.startsWith("{{") === true ? [`extends ${entry.parent}`] : [];
      const text = [...note, ...computed].join(", ");
      return {
        id: entry.name,
        label: entry.name,
        note: text === "" ? undefined : text,
        kind,
        isPart: entry.container !== undefined,
      };
    }),
    edges: unique.flatMap(({ name, parent }) =>
      parent !== undefined && byName.has(parent) && parent !== name
        ? [{ from: name, to: parent, style: "extends" as const }]
        : [],
    ),
    pointsBack: true,
  };
}
