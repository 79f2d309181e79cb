/** @file What an editor shows beside a name: what it is, where its value comes from, who overrides it. */
import type { Hover } from "vscode-languageserver";
import type { Explanation } from "../driver/provenance/source.ts";
import type { TemplateEntry } from "../driver/template-index.ts";
import { variablesOf } from "../driver/template-variables.ts";
import { type Span, startOf } from "../source/span.ts";
import { argumentText, type Components, symbolText } from "./components.ts";
import { type Cursor, type Subject, subjectAt } from "./cursor.ts";
import { anchorPlaces } from "./definition.ts";
import { lineAt, rangeOf } from "./documents.ts";
import { pathAt } from "./graph-places.ts";
import type { ProjectView } from "./project-view.ts";

/** @param explain where a value of a config comes from, by its path; absent where that costs too much */
export function hoverAt(cursor: Cursor, components: Components, explain?: Explain): Hover | undefined {
  const subject = subjectAt(cursor);
  const key = subject ?? keyAt(cursor);
  if (key === undefined) return undefined;
  const texts = [
    subject === undefined ? undefined : textOf(cursor, subject, components),
    key.kind === "argument" || key.kind === "key" ? valueText(cursor, key.span, explain) : undefined,
  ].filter((text) => text !== undefined);
  if (texts.length === 0) return undefined;
  return { contents: { kind: "markdown", value: texts.join("\n\n---\n\n") }, range: rangeOf(key.span) };
}

export type Explain = (config: string, path: string) => Explanation | undefined;

/** A key of a mapping, a target for instance. */
function keyAt({ file, offset }: Cursor): { readonly kind: "key"; readonly span: Span } | undefined {
  const { start, text } = lineAt(file, offset);
  const [whole = "", indent = ""] = /^(\s*)[\w.-]+(?=:(\s|$))/.exec(text) ?? [];
  const span = { file, start: start + indent.length, end: start + whole.length };
  return whole === "" || offset < span.start || offset > span.end ? undefined : { kind: "key", span };
}

/** The value in the nearest config, and all that set it. */
function valueText({ view, file }: Cursor, span: Span, explain: Explain | undefined): string | undefined {
  const config = view.nearestConfig(file.path);
  const graph = config === undefined || explain === undefined ? undefined : view.graphOf(config);
  const path = graph === undefined ? undefined : pathAt(graph, span);
  if (config === undefined || path === undefined) return undefined;
  const explanation = explain?.(config, path);
  if (explanation === undefined) return undefined;
  const head = `\`${path}\`${explanation.value === undefined ? "" : ` is \`${explanation.value}\``} in ${config}`;
  const lines = explanation.sources.map(({ value, note, origin }, index) => {
    const wins = index === 0 && explanation.sources.length > 1 ? "(wins)" : "";
    const place = origin === undefined ? "" : shownPath(view, origin.span);
    const words = [value === undefined ? "" : `\`${value}\``, note, place, wins];
    return `- ${words.filter((word) => word !== "").join(" ")}`;
  });
  return [head, lines.join("\n")].join("\n\n");
}

function textOf(cursor: Cursor, subject: Subject, components: Components): string | undefined {
  const { view, entry } = cursor;
  switch (subject.kind) {
    case "template":
      return templateText(view, subject.name);
    case "block":
      return entry === undefined ? undefined : blockText(view, entry, subject.name);
    case "variable":
      return variableText(view, subject.name);
    case "anchor":
    case "alias": {
      const [place] = anchorPlaces(cursor, subject.name);
      return place === undefined ? undefined : `anchor \`&${subject.name}\`\n\n${placeText(view, place)}`;
    }
    case "spec": {
      const docs = components.find(subject.name);
      if (docs !== undefined) return symbolText(docs);
      const reason = components.reasonOfAbsence(subject.name);
      return reason === undefined ? undefined : `\`${subject.name}\` has no counterpart here: ${reason}`;
    }
    case "argument": {
      const argument = components.argument(subject.spec, subject.name);
      return argument === undefined ? undefined : argumentText(argument);
    }
    case "filter":
    case "test":
      return `${subject.kind} \`${subject.name}\``;
  }
}

function templateText(view: ProjectView, name: string): string | undefined {
  const entry = view.byName.get(name);
  if (entry === undefined) return undefined;
  const line = view.ancestors(entry).map((ancestor) => `\`${ancestor.name}\``);
  const parts = [
    `template \`${name}\`${entry.container === undefined ? "" : `, in \`${entry.container}\``}`,
    entry.facts?.purpose,
    line.length === 0 ? undefined : `extends ${line.join(" → ")}`,
  ];
  return parts.filter((part) => part !== undefined).join("\n\n");
}

/** The definitions of a block above a template, from the base down, its own, and those of the templates that extend it. */
function blockText(view: ProjectView, entry: TemplateEntry, name: string): string {
  const factsIn = ({ facts }: TemplateEntry) => facts?.blocks.find((block) => block.name === name);
  const own = [entry, ...view.ancestors(entry)];
  const below = [...view.descendants(entry)].sort((a, b) => view.ancestors(a).length - view.ancestors(b).length);
  const owners = [...own.toReversed(), ...below].flatMap((owner) => {
    const block = factsIn(owner);
    return block === undefined ? [] : [{ owner, block }];
  });
  const doc = own.flatMap((owner) => factsIn(owner)?.doc ?? [])[0];
  const lines = owners.map(({ owner, block }, index) => {
    const role = index === 0 ? "defined" : block.callsSuper ? "adds to it" : "overrides it";
    return `- \`${owner.name}\`:${startOf(block.span).line} ${role}${owner === entry ? " (here)" : ""}`;
  });
  return [`block \`${name}\``, doc, lines.join("\n")].filter((part) => part !== undefined).join("\n\n");
}

function variableText(view: ProjectView, name: string): string | undefined {
  const uses = view.entries.flatMap(({ tree }) => (tree === undefined ? [] : [variablesOf(tree)]));
  const writes = uses.flatMap((found) => found.writes.filter((write) => write.name === name));
  const fallbacks = uses.flatMap((found) =>
    found.reads.filter((read) => read.name === name && read.fallback !== undefined),
  );
  if (writes.length === 0 && fallbacks.length === 0) return undefined;
  const line = (span: Span, text: string | undefined, word: string): string =>
    `- \`${text ?? "…"}\` ${word} ${shownPath(view, span)}`;
  const lines = [
    ...writes.map(({ span, value }) => line(span, value, "set in")),
    ...fallbacks.map(({ span, fallback }) => line(span, fallback, "by default in")),
  ];
  const shown = lines.slice(0, 12);
  const more = lines.length > shown.length ? [`- and ${lines.length - shown.length} more`] : [];
  return [`variable \`${name}\``, [...shown, ...more].join("\n")].join("\n\n");
}

function placeText(view: ProjectView, span: Span): string {
  return `\`\`\`yaml\n${lineAt(span.file, span.start).text.trim()}\n\`\`\`\n${shownPath(view, span)}`;
}

/** The template's name where the file is one, and the line. */
function shownPath(view: ProjectView, span: Span): string {
  const [entry] = view.entriesOf(span.file.path);
  return `${entry?.name ?? span.file.path}:${startOf(span).line}`;
}
