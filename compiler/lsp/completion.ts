/** @file What may stand at a place: template names, blocks of the parents, constructors, arguments and their words, aliases, variables, filters, tests. */
import type { CompletionItem, CompletionItemKind } from "vscode-languageserver";
import { globalNames, variablesOf } from "../driver/template-variables.ts";
import { filters, tests } from "../template/values/index.ts";
import { argumentText, type Components, literalsOf } from "./components.ts";
import { argumentOf, type Cursor, importOf } from "./cursor.ts";
import { lineAt, rangeOf } from "./documents.ts";
import { marksIn } from "./yaml-lines.ts";

/** The protocol's numbers: its module is loaded by the server alone. */
const kinds = {
  file: 17,
  block: 22,
  constructor: 4,
  function: 3,
  property: 10,
  word: 12,
  reference: 18,
  variable: 6,
  keyword: 14,
} as const satisfies Record<string, CompletionItemKind>;

interface Word {
  readonly name: string;
  readonly kind: CompletionItemKind;
  readonly detail?: string | undefined;
  readonly docs?: string | undefined;
  /** What is typed, where it is more than the name. */
  readonly insert?: string;
  /** Before others. */
  readonly first?: boolean;
}

type Offer = (cursor: Cursor, components: Components) => readonly Word[];

/** The first whose pattern fits the line before the cursor; group 1 is what is typed already. */
const contexts: readonly (readonly [RegExp, Offer])[] = [
  [/\b(?:extends|include|import|from)\s+['"]([^'"]*)$/, templateNames],
  [/^\s*\[(\w*)$/, blockNames],
  [/(?:^\s*(?:--|<<|>>)|\{%-?)\s+(?:block|endblock)\s+(\w*)$/, blockNames],
  [/!(?:call|singleton|factory|partial|lambda|meta):([^\s@]*)$/, (_, components) => specs(components)],
  [/(?:^|[\s[{,])!(\w*)$/, tags],
  [/(?:^|[\s[{,])\*([\w.-]*)$/, aliases],
  [/\|\s*(\w*)$/, filterNames],
  [/\bis\s+(?:not\s+)?(\w*)$/, () => [...tests.keys()].map((name) => ({ name, kind: kinds.function }))],
  [/(?:^\s*(?:--|<<|>>|==|=>)\s.*?|\{[{%](?:(?!\}\}|%\}).)*?)([\w.]*)$/, variables],
  [/:\s+["']?(\w*)$/, argumentWords],
  [/^\s*(?:-\s+)?([\w-]*)$/, argumentNames],
];

export function completionsAt(cursor: Cursor, components: Components): readonly CompletionItem[] {
  const { file, offset } = cursor;
  const line = lineAt(file, offset);
  const before = line.text.slice(0, offset - line.start);
  if (/^\s*##/.test(before)) return [];
  for (const [pattern, offer] of contexts) {
    const match = pattern.exec(before);
    if (match === null) continue;
    const typed = match[1] ?? "";
    const words = offer(cursor, components);
    const range = rangeOf({ file, start: offset - typed.length, end: offset });
    return [...new Map(words.map((word) => [word.name, word])).values()].map(
      ({ name, kind, detail, docs, insert, first }): CompletionItem => ({
        label: name,
        kind,
        ...(detail === undefined ? {} : { detail }),
        ...(docs === undefined ? {} : { documentation: { kind: "markdown", value: docs } }),
        sortText: `${first === true ? 0 : 1}${name}`,
        filterText: name,
        textEdit: { range, newText: insert ?? name },
      }),
    );
  }
  return [];
}

function templateNames({ view, entry }: Cursor): readonly Word[] {
  return view.entries.map(({ name, container, facts }) => ({
    name,
    kind: kinds.file,
    detail: container === undefined ? undefined : `in ${container}`,
    docs: facts?.purpose,
    first: container !== undefined && container === (entry?.container ?? entry?.name),
  }));
}

function blockNames({ view, entry }: Cursor): readonly Word[] {
  if (entry === undefined) return [];
  return view.ancestors(entry).flatMap(({ name: owner, facts }) =>
    (facts?.blocks ?? []).map(({ name, doc }) => ({
      name,
      kind: kinds.block,
      detail: owner,
      docs: doc,
      // A block is overridden once in a template.
      first: entry.tree?.blocks.has(name) !== true,
    })),
  );
}

function specs(components: Components): readonly Word[] {
  return components.specs.map(({ spec, summary }) => ({ name: spec, kind: kinds.constructor, detail: summary }));
}

const tagWords: Readonly<Record<string, string>> = {
  call: "made once, shared by all who refer to it",
  singleton: "made once, shared by all who refer to it",
  factory: "made anew at each place",
  partial: "a function that makes it when called",
  meta: "handled by the compiler",
  var: "a value given from outside",
  list: "a list with a name",
  tuple: "a tuple",
  dict: "a mapping with a name",
  dlist: "a list written as a mapping, so that its items can be overridden",
};

function tags(): readonly Word[] {
  return Object.entries(tagWords).map(([name, detail]) => ({ name, kind: kinds.keyword, detail }));
}

/** Anchors of this file before the place, then those of the templates that it is rendered with. */
function aliases({ view, file, offset, entry }: Cursor): readonly Word[] {
  const related = [...(entry === undefined ? [] : view.ancestors(entry)), ...view.renderedWith(file.path)];
  const files = new Map(
    related.flatMap(({ tree }) => (tree === undefined ? [] : [[tree.file.path, tree.file] as const])),
  );
  files.delete(file.path);
  const anchorsIn = (text: typeof file, end: number, first: boolean): readonly Word[] =>
    [...marksIn(text, 0, end)].flatMap(({ kind, name, span }) =>
      kind === "anchor"
        ? [{ name, kind: kinds.reference, detail: lineAt(text, span.start).text.trim().slice(0, 80), first }]
        : [],
    );
  const own = anchorsIn(file, offset, true);
  const names = new Set(own.map(({ name }) => name));
  const others = [...files.values()].flatMap((other) => anchorsIn(other, other.text.length, false));
  return [...own, ...others.filter(({ name }) => !names.has(name))];
}

function filterNames(): readonly Word[] {
  return [...filters.keys()].map((name) => ({ name, kind: kinds.function }));
}

function variables({ view, entry }: Cursor): readonly Word[] {
  const near = new Set(entry === undefined ? [] : [entry, ...view.ancestors(entry)]);
  const set = view.entries.flatMap((other) =>
    (other.tree === undefined ? [] : variablesOf(other.tree).writes).map(({ name, value }) => ({
      name,
      kind: kinds.variable,
      detail: value === undefined ? other.name : `${value}  ${other.name}`,
      first: near.has(other),
    })),
  );
  const tree = entry?.tree;
  const read =
    tree === undefined ? [] : variablesOf(tree).reads.filter(({ name }) => importOf(tree, name) === undefined);
  return [
    ...[...globalNames].map((name) => ({ name, kind: kinds.function })),
    ...read.map(({ name }) => ({ name, kind: kinds.variable })),
    ...set.reverse(),
  ];
}

function argumentWords(cursor: Cursor, components: Components): readonly Word[] {
  const { file, offset } = cursor;
  const place = argumentOf(cursor);
  const argument = place === undefined ? undefined : components.argument(place.spec, place.name);
  if (argument === undefined) return [];
  const isText = /"/.test(argument.type);
  const isQuoted = /["']\w*$/.test(file.text.slice(Math.max(0, offset - 40), offset));
  return literalsOf(argument.type).map((name) => ({
    name,
    kind: kinds.word,
    detail: argument.type,
    // A bare `no` is a boolean in YAML.
    insert: isText && !isQuoted ? `"${name}"` : name,
  }));
}

function argumentNames(cursor: Cursor, components: Components): readonly Word[] {
  const place = argumentOf(cursor);
  if (place === undefined) return [];
  return components
    .arguments(place.spec)
    .filter(({ name, rest }) => !rest && !place.siblings.includes(name))
    .map((argument) => ({
      name: argument.name,
      kind: kinds.property,
      detail: argument.type,
      docs: argumentText(argument),
      insert: `${argument.name}: `,
      first: argument.required,
    }));
}
