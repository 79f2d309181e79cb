/** @file `fgc tlist`: every template on the project's search path. */
import { readTemplateIndex, type TemplateEntry } from "../../driver/template-index.ts";
import { choice, defineCommand, toggle } from "../command.ts";
import { showPath } from "../output.ts";

const formats = ["files", "md", "tree", "json"] as const;

export const tlistCommand = defineCommand({
  name: "tlist",
  group: "Seeing what is there",
  summary: "list all templates on the search path",
  example: "fgc tlist --format tree --blocks",
  positionals: "none",
  options: {
    format: choice("--format <form>", "files, or an outline of what extends what", formats, "files"),
    blocks: toggle("--blocks", "each template's blocks, and which templates override them"),
  },
  run(host, { options, session }) {
    const { entries, diagnostics } = readTemplateIndex(host, session.project);
    const show = (path: string) => showPath(host, path);
    const overriders = (entry: TemplateEntry, block: string) =>
      entries
        .filter(
          (other) =>
            other.name !== entry.name && other.blocks.includes(block) && ancestors(other, entries).includes(entry.name),
        )
        .map(({ name }) => name);
    const json = entries.map((entry) => ({
      name: entry.name,
      path: entry.path,
      container: entry.container ?? null,
      extends: entry.parent ?? null,
      blocks: entry.blocks.map((name) => ({ name, overriddenBy: overriders(entry, name) })),
    }));
    const blockLines = (entry: TemplateEntry, indent: string): string[] => {
      if (!options.blocks) return [];
      return entry.blocks.map((name) => {
        const by = overriders(entry, name);
        return `${indent}[${name}]${by.length === 0 ? "" : ` overridden by ${by.join(", ")}`}`;
      });
    };
    const files = () =>
      entries
        .filter(({ container }) => container === undefined)
        .flatMap((entry) => [show(entry.path), ...blockLines(entry, "    ")]);
    const print: Record<(typeof formats)[number], () => readonly string[]> = {
      files,
      md: () =>
        outline(entries, (entry, depth) => [
          `${"    ".repeat(depth)}- [${entry.name}](${show(entry.path)})${inFile(entry)}`,
          ...blockLines(entry, `${"    ".repeat(depth + 1)}- `),
        ]),
      tree: () =>
        outline(entries, (entry, depth) => [
          `${"    ".repeat(depth)}${entry.name}${inFile(entry)}`,
          ...blockLines(entry, "    ".repeat(depth + 1)),
        ]),
      json: () => [JSON.stringify(json, null, 2)],
    };
    return {
      text: print[options.format]()
        .map((line) => `${line}\n`)
        .join(""),
      json,
      diagnostics,
      extension: options.format === "md" ? "md" : "txt",
    };
  },
});

function inFile({ container }: TemplateEntry): string {
  return container === undefined ? "" : ` (in ${container})`;
}

function ancestors(entry: TemplateEntry, entries: readonly TemplateEntry[]): readonly string[] {
  const found: string[] = [];
  let parent = entry.parent;
  while (parent !== undefined && !found.includes(parent)) {
    found.push(parent);
    parent = entries.find(({ name }) => name === parent)?.parent;
  }
  return found;
}

/** Children under the template that they extend; a parent that is nowhere to be found makes a root of its child. */
function outline(
  entries: readonly TemplateEntry[],
  print: (entry: TemplateEntry, depth: number) => readonly string[],
): readonly string[] {
  const names = new Set(entries.map(({ name }) => name));
  const shown = new Set<string>();
  const open = (entry: TemplateEntry, depth: number): readonly string[] => {
    if (shown.has(entry.name)) return [];
    shown.add(entry.name);
    return [
      ...print(entry, depth),
      ...entries.filter(({ parent }) => parent === entry.name).flatMap((child) => open(child, depth + 1)),
    ];
  };
  const roots = entries.filter(({ parent }) => parent === undefined || !names.has(parent));
  return [...roots, ...entries].flatMap((entry) => open(entry, 0));
}
