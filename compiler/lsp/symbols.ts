/** @file The outline of a document: its templates, in each the blocks as they nest, and the targets and parts that the YAML defines. */
import type { DocumentSymbol, SymbolKind } from "vscode-languageserver";
import type { TemplateEntry } from "../driver/template-index.ts";
import { lineStartsOf, type SourceFile, type Span } from "../source/span.ts";
import { rangeOf } from "./documents.ts";
import type { ProjectView } from "./project-view.ts";

const kinds = { template: 1, block: 3, target: 13, part: 14 } as const satisfies Record<string, SymbolKind>;

interface Item {
  readonly name: string;
  readonly detail: string;
  readonly kind: SymbolKind;
  /** All of it, and its name. */
  readonly span: Span;
  readonly nameSpan: Span;
}

export function symbolsOf(view: ProjectView, file: SourceFile): readonly DocumentSymbol[] {
  const entries = view.entriesOf(file.path);
  if (entries.length === 0) return nested(targetsIn(file, 0, file.text.length));
  return entries.flatMap((entry) => {
    const { tree, container } = entry;
    if (tree === undefined) return [];
    const inside = nested([...blocksOf(entry), ...targetsIn(tree.file, tree.start, tree.end)]);
    if (container === undefined) return inside;
    // Sub-templates stand in the outline by their own names.
    const span = { file: tree.file, start: tree.start, end: Math.max(tree.start, tree.end) };
    const head = { ...span, end: tree.start };
    const range = rangeOf(span);
    return [
      {
        name: entry.name,
        detail: entry.parent === undefined ? "template" : `extends ${entry.parent}`,
        kind: kinds.template,
        range,
        selectionRange: rangeOf(head),
        children: inside,
      },
    ];
  });
}

function blocksOf({ tree, facts }: TemplateEntry): readonly Item[] {
  return [...(tree?.blocks.values() ?? [])].map(({ name, span, nameSpan, section, required }) => {
    const callsSuper = facts?.blocks.find((block) => block.name === name)?.callsSuper === true;
    const detail = [required ? "required" : "", callsSuper ? "super" : ""].filter((word) => word !== "").join(", ");
    return { name, detail, kind: kinds.block, span, nameSpan: section?.header ?? nameSpan };
  });
}

const targetLine = /^(\.?[A-Za-z_][\w-]*):(?=\s|$)\s*(?:&([\w.-]+))?\s*(!\S+)?/;

/** Keys that begin a line: the targets of the config, and the parts that only carry an anchor. */
function targetsIn(file: SourceFile, from: number, to: number): readonly Item[] {
  const items: Item[] = [];
  for (const start of lineStartsOf(file)) {
    if (start < from || start >= to) continue;
    const [line = ""] = file.text.slice(start).split(/[\r\n]/, 1);
    const match = targetLine.exec(line);
    if (match === null) continue;
    const [, key = "", anchor, tag] = match;
    const isPart = key.startsWith(".");
    const name = isPart ? (anchor ?? key) : key;
    const at = start + Math.max(0, line.indexOf(name));
    items.push({
      name,
      detail: tag ?? "",
      kind: isPart ? kinds.part : kinds.target,
      span: { file, start, end: start + line.length },
      nameSpan: { file, start: at, end: at + name.length },
    });
  }
  return items;
}

/** Items as a tree, by which lies in which. */
function nested(items: readonly Item[]): DocumentSymbol[] {
  const roots: DocumentSymbol[] = [];
  const open: { readonly symbol: DocumentSymbol; readonly end: number }[] = [];
  for (const { name, detail, kind, span, nameSpan } of [...items].sort(
    (a, b) => a.span.start - b.span.start || b.span.end - a.span.end,
  )) {
    while ((open.at(-1)?.end ?? Number.POSITIVE_INFINITY) < span.end) open.pop();
    const whole = { ...span, start: Math.min(span.start, nameSpan.start), end: Math.max(span.end, nameSpan.end) };
    const symbol: DocumentSymbol = {
      name,
      detail,
      kind,
      range: rangeOf(whole),
      selectionRange: rangeOf(nameSpan),
      children: [],
    };
    (open.at(-1)?.symbol.children ?? roots).push(symbol);
    if (kind === kinds.block) open.push({ symbol, end: span.end });
  }
  return roots;
}
