/** @file What an editor shows beside a name: what it is, where its value comes from, who overrides it. */
import type { Hover } from "vscode-languageserver";
import type { TemplateEntry } from "../driver/template-index.ts";
import { variablesOf } from "../driver/template-variables.ts";
import { type Span, startOf } from "../source/span.ts";
import { argumentText, type Components, symbolText } from "./components.ts";
import { type Cursor, type Subject, subjectAt } from "./cursor.ts";
import { anchorPlaces } from "./definition.ts";
import { lineAt, rangeOf } from "./documents.ts";
import type { ProjectView } from "./project-view.ts";

export function hoverAt(cursor: Cursor, components: Components): Hover | undefined {
  const subject = subjectAt(cursor);
  if (subject === undefined) return undefined;
  const value = textOf(cursor, subject, components);
  return value === undefined ? undefined : { contents: { kind: "markdown", value }, range: rangeOf(subject.span) };
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

/** All definitions of a block in the hierarchy, from the base down. */
function blockText(view: ProjectView, entry: TemplateEntry, name: string): string {
  const family = view.family(entry).filter(({ facts }) => facts?.blocks.some((block) => block.name === name) === true);
  const own = [entry, ...view.ancestors(entry)];
  const doc = own.flatMap(({ facts }) => facts?.blocks.find((block) => block.name === name)?.doc ?? [])[0];
  const lines = family.map((owner) => {
    const block = owner.facts?.blocks.find((candidate) => candidate.name === name);
    const at = block === undefined ? "" : `:${startOf(block.span).line}`;
    const role = owner === family[0] ? "defined" : block?.callsSuper === true ? "adds to it" : "overrides it";
    return `- \`${owner.name}\`${at} ${role}${owner === entry ? " (here)" : ""}`;
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
