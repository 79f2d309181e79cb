/**
 * @file `fgc docs TEMPLATE`: what a template is for, what can be overridden in it, which variables it reads. All of it is read from the template; nothing runs.
 *
 * The form `yaml` is a config to start from: it extends the template and has every block as a stub that is commented out.
 */
import { type BlockDefinition, blocksOf, type OverridableBlock } from "../driver/block-hierarchy.ts";
import type { Project } from "../driver/compile.ts";
import type { Host } from "../driver/host.ts";
import { ancestorsOf, readTemplateIndex, type TemplateEntry } from "../driver/template-index.ts";
import { variablesOf } from "../driver/template-variables.ts";
import { nearest } from "../source/nearest.ts";
import { statementsOf } from "../template/syntax/walk.ts";
import { blockJson } from "./block-list.ts";
import { columns } from "./columns.ts";
import { kindOfEntry, type TemplateList, templateList } from "./template-list.ts";
import { skeletonConfig } from "./template-skeleton.ts";

export interface TemplateVariable {
  readonly name: string;
  /** Source texts of the values that stand in; empty where it must have one. */
  readonly defaults: readonly string[];
  readonly block: string | undefined;
}

export interface TemplateDocs {
  readonly name: string;
  readonly path: string;
  /** The template whose file holds it. */
  readonly container: string | undefined;
  readonly kind: string | undefined;
  readonly purpose: string | undefined;
  /** All that it extends, nearest first; the last one may be an expression in braces. */
  readonly extends: readonly string[];
  readonly extendedBy: readonly string[];
  readonly uses: readonly { readonly kind: "include" | "import"; readonly name: string }[];
  /** Templates that its file holds beside it. */
  readonly parts: readonly string[];
  readonly macros: readonly string[];
  readonly blocks: readonly OverridableBlock[];
  readonly reads: readonly TemplateVariable[];
  readonly sets: readonly { readonly name: string; readonly value: string }[];
}

export interface FoundDocs {
  readonly docs: TemplateDocs | undefined;
  /** Where there is no such template: the name that may have been meant. */
  readonly nearest: string | undefined;
}

/** @param name as configs write it, or a path to a template of the project */
export function templateDocs(host: Host, project: Project, name: string, path?: string): FoundDocs {
  const list = templateList(readTemplateIndex(host, project).entries);
  const entry =
    list.byName.get(name) ??
    list.byName.get(`${project.configPrefix}/${name}`) ??
    list.entries.find((candidate) => candidate.path === path && candidate.container === undefined);
  if (entry !== undefined) return { docs: describe(entry, list), nearest: undefined };
  return { docs: undefined, nearest: nearest(name, list.byName.keys()) };
}

function describe(entry: TemplateEntry, list: TemplateList): TemplateDocs {
  const above = ancestorsOf(entry, list.byName);
  const last = above.at(-1) ?? entry;
  const { tree, facts } = entry;
  const { reads, writes } = tree === undefined ? { reads: [], writes: [] } : variablesOf(tree);
  const own = new Set(writes.filter(({ name }) => !name.includes(".")).map(({ name }) => name));
  const imported = new Set<string>();
  const macros: string[] = [];
  for (const statement of tree === undefined ? [] : statementsOf(tree.body)) {
    if (statement.kind === "from-import") for (const { alias } of statement.names) imported.add(alias);
    if (statement.kind === "import") imported.add(statement.target.name);
    if (statement.kind !== "macro") continue;
    imported.add(statement.name);
    const text = (span: { readonly start: number; readonly end: number }) =>
      statement.span.file.text.slice(span.start, span.end);
    const parameters = statement.parameters.map(({ name, fallback }) =>
      fallback === undefined ? name : `${name}=${text(fallback.span)}`,
    );
    macros.push(`${statement.name}(${parameters.join(", ")})`);
  }
  const names = [...new Set(reads.map(({ name }) => name))].filter((name) => {
    const [base = name] = name.split(".");
    return name !== "ns" && !own.has(name) && !imported.has(base) && (base === "ns" || !own.has(base));
  });
  return {
    name: entry.name,
    path: entry.path,
    container: entry.container,
    kind: kindOfEntry(entry, list),
    purpose: facts?.purpose,
    extends: [
      ...above.map(({ name }) => name),
      ...(last.parent === undefined || list.byName.has(last.parent) ? [] : [last.parent]),
    ],
    extendedBy: list.entries.filter(({ parent }) => parent === entry.name).map(({ name }) => name),
    uses: (facts?.references ?? []).flatMap(({ kind, target, isDynamic }) =>
      kind === "extends" ? [] : [{ kind, name: isDynamic ? `{{ ${target} }}` : target }],
    ),
    parts: list.entries.filter(({ container }) => container === entry.name).map(({ name }) => name),
    macros,
    blocks: blocksOf([entry, ...above]),
    reads: names.map((name) => {
      const uses = reads.filter((read) => read.name === name);
      return { name, defaults: [...new Set(uses.flatMap(({ fallback }) => fallback ?? []))], block: uses[0]?.block };
    }),
    sets: [
      ...new Map(
        writes
          .filter(({ name, value }) => name.includes(".") && value !== undefined)
          .map(({ name, value }) => [name, value as string]),
      ),
    ].map(([name, value]) => ({ name, value: value.replace(/\s+/g, " ") })),
  };
}

export const docsFormats = ["text", "md", "yaml", "json"] as const;
export type DocsFormat = (typeof docsFormats)[number];

export function printTemplateDocs(docs: TemplateDocs, format: DocsFormat, showPath: (path: string) => string): string {
  switch (format) {
    case "text":
      return docsText(docs, showPath);
    case "md":
      return docsMarkdown(docs, showPath);
    case "yaml":
      return skeletonConfig(docs);
    case "json":
      return `${JSON.stringify(docsJson(docs), null, 2)}\n`;
  }
}

export function docsJson({ blocks, ...docs }: TemplateDocs) {
  return {
    ...docs,
    container: docs.container ?? null,
    kind: docs.kind ?? null,
    purpose: docs.purpose ?? null,
    reads: docs.reads.map((variable) => ({ ...variable, block: variable.block ?? null })),
    blocks: blocks.map(blockJson),
  };
}

interface BlockGroups {
  readonly own: readonly OverridableBlock[];
  readonly overridden: readonly OverridableBlock[];
  readonly inherited: readonly OverridableBlock[];
}

export function groupBlocks({ name, blocks }: TemplateDocs): BlockGroups {
  const isHere = (definition: BlockDefinition | undefined) => definition?.template === name;
  return {
    own: blocks.filter(({ definition }) => isHere(definition)),
    overridden: blocks.filter(({ definition, overrides }) => !isHere(definition) && overrides.some(isHere)),
    inherited: blocks.filter(({ definition, overrides }) => !isHere(definition) && !overrides.some(isHere)),
  };
}

function docsText(docs: TemplateDocs, showPath: (path: string) => string): string {
  const { own, overridden, inherited } = groupBlocks(docs);
  const kind = docs.kind === undefined ? "" : ` [${docs.kind}]`;
  const out = [`${docs.name}${kind}\n  ${showPath(docs.path)}\n`];
  const section = (title: string, text: string): void => {
    if (text !== "") out.push(`\n${title}\n${text}`);
  };
  const indent = (text: string, by = "  ") =>
    text
      .split("\n")
      .map((line) => `${by}${line}`.trimEnd())
      .join("\n");
  if (docs.purpose !== undefined) out.push(`\n${indent(docs.purpose)}\n`);
  section("Extends", docs.extends.length === 0 ? "" : `  ${docs.extends.join(" → ")}\n`);
  section(
    "Extended by",
    columns(
      docs.extendedBy.map((name) => [name]),
      "  ",
    ),
  );
  section(
    "Uses",
    columns(
      docs.uses.map(({ kind: how, name }) => [how, name]),
      "  ",
    ),
  );
  section(
    "Parts in its file",
    columns(
      docs.parts.map((name) => [name]),
      "  ",
    ),
  );
  section(
    "Macros",
    columns(
      docs.macros.map((macro) => [macro]),
      "  ",
    ),
  );
  const blockText = (blocks: readonly OverridableBlock[]) =>
    blocks
      .map((block) => {
        const inner = block.nestedIn === undefined ? "" : ` in ${block.nestedIn}`;
        const body = block.ownBody.replace(/^\s*\n/, "");
        return [
          `  [${block.name}]${block.required ? " required" : ""}${inner}\n`,
          ...(block.doc === undefined ? [] : [`${indent(block.doc, "      ")}\n`]),
          ...(body.trim() === "" ? [] : [`${indent(body, "      | ")}\n`]),
        ].join("");
      })
      .join("");
  const brief = (blocks: readonly OverridableBlock[]) =>
    columns(
      blocks.map(({ name, doc, definition, required }) => [
        `[${name}]`,
        `${definition.template}:${definition.line}`,
        `${required ? "required" : ""}`,
        doc?.split("\n")[0] ?? "",
      ]),
      "  ",
    );
  section("Blocks of its own", blockText(own));
  section("Blocks that it overrides", brief(overridden));
  section("Blocks that it inherits", brief(inherited));
  section(
    "Variables that it reads",
    columns(
      docs.reads.map(({ name, defaults }) => [name, defaultText(defaults)]),
      "  ",
    ),
  );
  section(
    "Variables that it sets",
    columns(
      docs.sets.map(({ name, value }) => [name, `= ${value}`]),
      "  ",
    ),
  );
  return out.join("");
}

function defaultText(defaults: readonly string[]): string {
  return defaults.length === 0 ? "" : `default ${defaults.join(" or ")}`;
}

function docsMarkdown(docs: TemplateDocs, showPath: (path: string) => string): string {
  const { own, overridden, inherited } = groupBlocks(docs);
  const code = (text: string) => `\`${text.replaceAll("`", "'").replaceAll("\n", " ")}\``;
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const list = (names: readonly string[]) => names.map(code).join(", ");
  const out = [`# ${code(docs.name)}`, ""];
  if (docs.purpose !== undefined) out.push(docs.purpose, "");
  const facts: (readonly [string, string])[] = [
    ["Kind", docs.kind ?? ""],
    ["File", `[${showPath(docs.path)}](${encodeURI(showPath(docs.path))})`],
    ["Extends", docs.extends.map(code).join(" → ")],
    ["Extended by", list(docs.extendedBy)],
    ["Uses", list(docs.uses.map(({ name }) => name))],
    ["Parts in its file", list(docs.parts)],
    ["Macros", list(docs.macros)],
  ];
  for (const [name, value] of facts) if (value !== "") out.push(`- ${name}: ${value}`);
  const table = (title: string, head: readonly string[], rows: readonly (readonly string[])[]): void => {
    if (rows.length === 0) return;
    out.push("", `## ${title}`, "", `| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`);
    for (const row of rows) out.push(`| ${row.map(cell).join(" | ")} |`);
  };
  if (own.length > 0) out.push("", "## Blocks of its own");
  for (const block of own) {
    const about = [
      ...(block.required ? ["*Required.*"] : []),
      ...(block.nestedIn === undefined ? [] : [`In ${code(block.nestedIn)}.`]),
    ];
    out.push("", `### ${code(block.name)}`);
    if (about.length > 0) out.push("", about.join(" "));
    if (block.doc !== undefined) out.push("", block.doc);
    if (block.ownBody.trim() !== "") out.push("", "```yaml", block.ownBody.replace(/^\s*\n/, ""), "```");
  }
  const where = ({ definition }: OverridableBlock) => code(`${definition.template}:${definition.line}`);
  const rows = (blocks: readonly OverridableBlock[]) =>
    blocks.map((block) => [
      code(block.name),
      where(block),
      `${block.required ? "*Required.* " : ""}${block.doc ?? ""}`,
    ]);
  table("Blocks that it overrides", ["Block", "Defined", "Purpose"], rows(overridden));
  table("Blocks that it inherits", ["Block", "Defined", "Purpose"], rows(inherited));
  table(
    "Variables that it reads",
    ["Variable", "Default"],
    docs.reads.map(({ name, defaults }) => [code(name), list(defaults)]),
  );
  table(
    "Variables that it sets",
    ["Variable", "Value"],
    docs.sets.map(({ name, value }) => [code(name), code(value)]),
  );
  return `${out.join("\n")}\n`;
}
