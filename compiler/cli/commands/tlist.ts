/** @file `fgc tlist`: every template on the project's search path; with `--blocks`, what can be overridden. */
import { DiagnosticError } from "../../diagnostics/diagnostic.ts";
import { startOf } from "../../source/span.ts";
import { choice, defineCommand, toggle } from "../command.ts";
import { cliDiagnostics } from "../diagnostics.ts";
import type { CliHost } from "../host.ts";
import { linkTo } from "../links.ts";
import { showPath } from "../output.ts";
import type { Session } from "../session.ts";

const formats = ["files", "md", "tree", "dot", "svg", "mermaid", "json"] as const;
type Format = (typeof formats)[number];
const extensions: Partial<Record<Format, string>> = { md: "md", dot: "dot", svg: "svg", mermaid: "mmd", json: "json" };
const drawings: readonly Format[] = ["dot", "svg", "mermaid"];

export const tlistCommand = defineCommand({
  name: "tlist",
  group: "Seeing what is there",
  summary: "list all templates on the search path, or with --blocks what a config can override",
  example: "fgc -t tiny.yaml tlist --blocks",
  positionals: "config",
  options: {
    format: choice("--format <form>", "files, or an outline of what extends what", formats, "files"),
    blocks: toggle(
      "--blocks",
      "the blocks that can be overridden: of a config's templates, or without a config of all",
    ),
  },
  async run(host, { options, session }) {
    const { format } = options;
    if (options.blocks && drawings.includes(format))
      throw new DiagnosticError(
        cliDiagnostics.usage({}, { message: `--blocks is no drawing: '--format ${format}' shows templates only` }),
      );
    const asked = session.globals.configTemplate !== undefined || session.config !== undefined;
    const made =
      options.blocks && asked ? await configBlocks(host, session, format) : await allTemplates(host, session, options);
    return Object.assign(made, { extension: extensions[format] ?? "txt" });
  },
});

async function configBlocks(host: CliHost, session: Session, format: Format) {
  const { blockChains } = await import("../../driver/block-hierarchy.ts");
  const { blocksJson, blocksMarkdown, blocksText } = await import("../block-list.ts");
  const { templates, edges, diagnostics } = session.preprocess();
  const chains = blockChains(templates, edges).filter(({ blocks }) => blocks.length > 0);
  const printing = { showPath: format === "md" ? linkTo(host, session) : (path: string) => showPath(host, path) };
  const json = blocksJson(chains);
  const text =
    format === "json"
      ? `${JSON.stringify(json, null, 2)}\n`
      : format === "md"
        ? blocksMarkdown(chains, printing)
        : blocksText(chains, printing);
  return { text, json, diagnostics };
}

async function allTemplates(
  host: CliHost,
  session: Session,
  options: { readonly format: Format; readonly blocks: boolean },
) {
  const { ancestorsOf, readTemplateIndex } = await import("../../driver/template-index.ts");
  const { kindOfEntry, listDiagram, outline, templateList } = await import("../template-list.ts");
  const { entries, diagnostics } = readTemplateIndex(host, session.project);
  const list = templateList(entries);
  type Entry = (typeof entries)[number];
  const show = (path: string) => showPath(host, path);
  const link = linkTo(host, session);
  const lineOf = (entry: Entry, name: string) => {
    const block = entry.facts?.blocks.find((known) => known.name === name);
    return block === undefined ? 0 : startOf(block.span).line;
  };
  const isBelow = new Map(entries.map((entry) => [entry, new Set(ancestorsOf(entry, list.byName))]));
  const owners = new Map<string, Entry[]>();
  for (const entry of entries) for (const { name } of entry.facts?.blocks ?? []) push(owners, name, entry);
  const overriders = (entry: Entry, block: string) =>
    (owners.get(block) ?? []).filter((other) => isBelow.get(other)?.has(entry));
  const json = () =>
    entries.map((entry) => ({
      name: entry.name,
      path: entry.path,
      container: entry.container ?? null,
      extends: entry.parent ?? null,
      kind: kindOfEntry(entry, list) ?? null,
      purpose: entry.facts?.purpose ?? null,
      blocks: (entry.facts?.blocks ?? []).map((block) => ({
        name: block.name,
        line: startOf(block.span).line,
        nestedIn: block.nestedIn ?? null,
        doc: block.doc ?? null,
        required: block.required,
        callsSuper: block.callsSuper,
        overriddenBy: overriders(entry, block.name).map(({ name }) => name),
      })),
    }));
  const blockLines = (entry: Entry, indent: string): string[] =>
    !options.blocks
      ? []
      : (entry.facts?.blocks ?? []).map((block) => {
          const by = overriders(entry, block.name).map((other) => `${other.name}:${lineOf(other, block.name)}`);
          const doc = block.doc === undefined ? "" : `  ${block.doc.split("\n")[0]}`;
          return `${indent}[${block.name}]${block.required ? " required" : ""}${doc}${by.length === 0 ? "" : `  overridden by ${by.join(", ")}`}`;
        });
  const inFile = ({ container }: Entry) => (container === undefined ? "" : ` (in ${container})`);
  const kind = (entry: Entry) => {
    const name = kindOfEntry(entry, list);
    return name === undefined ? "" : ` [${name}]`;
  };
  const title = `Templates of ${session.project.name || session.project.dir}`;
  const lines = (text: readonly string[]) => text.map((line) => `${line}\n`).join("");
  const print: Record<Format, () => string | Promise<string>> = {
    files: () =>
      lines(
        entries
          .filter(({ container }) => container === undefined)
          .flatMap((entry) => [show(entry.path), ...blockLines(entry, "    ")]),
      ),
    md: () =>
      lines([
        `# ${title}`,
        "",
        ...outline(list, (entry, depth) => {
          const purpose = entry.facts?.purpose?.split("\n")[0];
          return [
            `${"    ".repeat(depth)}- [\`${entry.name}\`](${encodeURI(link(entry.path))})${inFile(entry)}${purpose === undefined ? "" : `: ${purpose}`}`,
            ...blockLines(entry, `${"    ".repeat(depth + 1)}- `),
          ];
        }),
      ]),
    tree: () =>
      lines(
        outline(list, (entry, depth) => [
          `${"    ".repeat(depth)}${entry.name}${inFile(entry)}${kind(entry)}`,
          ...blockLines(entry, "    ".repeat(depth + 1)),
        ]),
      ),
    dot: async () => (await import("../diagram/graph.ts")).diagramDot(listDiagram(list, title)),
    svg: async () => (await import("../diagram/svg.ts")).diagramSvg(listDiagram(list, title)),
    mermaid: async () => (await import("../diagram/graph.ts")).diagramMermaid(listDiagram(list, title)),
    json: () => `${JSON.stringify(json(), null, 2)}\n`,
  };
  return {
    text: session.globals.json ? "" : await print[options.format](),
    // Who overrides what is asked for by few.
    get json() {
      return json();
    },
    diagnostics,
  };
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [value]);
  else known.push(value);
}
