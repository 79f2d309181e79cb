/** @file Overridable blocks as text, Markdown and JSON: where defined, by whom overridden, what for. */
import type { BlockChain, BlockDefinition, OverridableBlock } from "../driver/block-hierarchy.ts";

export interface BlockPrinting {
  readonly showPath: (path: string) => string;
}

/** The first of the lines that a block prints, and how many more there are. */
export function shortBody(body: string): string {
  const lines = body
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("##") && !/^== h\d\(/.test(line) && line !== "== super()");
  const [first = ""] = lines;
  const cut = first.length > 72 ? `${first.slice(0, 71)}…` : first;
  return lines.length > 1 ? `${cut} (+${lines.length - 1})` : cut;
}

/** Near files as paths, those of the library by the name that configs use. */
function place({ template, file, path, line }: BlockDefinition, { showPath }: BlockPrinting): string {
  const near = showPath(path);
  const part = template === file ? "" : ` (${template})`;
  return `${near.startsWith("/") ? file : near}:${line}${part}`;
}

/** Blocks in the order in which they are placed, each under the one that holds it. */
function byNesting(blocks: readonly OverridableBlock[]): readonly (readonly [OverridableBlock, number])[] {
  const ordered: [OverridableBlock, number][] = [];
  const known = new Set(blocks.map(({ name }) => name));
  const seen = new Set<OverridableBlock>();
  const open = (block: OverridableBlock, depth: number): void => {
    if (seen.has(block)) return;
    seen.add(block);
    ordered.push([block, depth]);
    for (const inner of blocks) if (inner.nestedIn === block.name) open(inner, depth + 1);
  };
  for (const block of blocks) if (block.nestedIn === undefined || !known.has(block.nestedIn)) open(block, 0);
  for (const block of blocks) open(block, 0);
  return ordered;
}

export function blocksText(chains: readonly BlockChain[], printing: BlockPrinting): string {
  const sections = chains.map(({ levels, blocks }) => {
    const [entered, ...above] = levels;
    const head = above.length === 0 ? `${entered}` : `${entered}\n  extends ${above.join(" → ")}`;
    const lines = byNesting(blocks).flatMap(([block, depth]) => {
      const indent = "    ".repeat(depth + 1);
      const body = shortBody(block.ownBody);
      return [
        `${indent}[${block.name}]${block.required ? " required" : ""}  ${place(block.definition, printing)}`,
        ...(block.doc === undefined ? [] : block.doc.split("\n").map((line) => `${indent}  ${line}`)),
        ...(body === "" ? [] : [`${indent}  prints ${body}`]),
        ...block.overrides.map(
          (override) =>
            `${indent}  ${override.wins ? "overridden" : "also"} at ${place(override, printing)}${override.callsSuper ? ", adds to it (super)" : ""}`,
        ),
      ];
    });
    return [head, ...(lines.length === 0 ? ["    no blocks"] : lines)].map((line) => `${line}\n`).join("");
  });
  return sections.join("\n");
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (text: string) => (text === "" ? "" : `\`${text.replaceAll("`", "'")}\``);

export function blocksMarkdown(chains: readonly BlockChain[], printing: BlockPrinting): string {
  const link = (definition: BlockDefinition) => {
    const path = printing.showPath(definition.path);
    return `[${definition.template}:${definition.line}](${encodeURI(path)}#L${definition.line})`;
  };
  const sections = chains.map(({ levels, blocks }) => {
    const [entered, ...above] = levels;
    const rows = byNesting(blocks).map(([block, depth]) => {
      const overrides = block.overrides.map(
        (override) =>
          `${override.wins ? "**" : ""}${link(override)}${override.wins ? "**" : ""}${override.callsSuper ? " + super" : ""}`,
      );
      const about = [block.required ? "*Required.*" : "", block.doc ?? ""].filter((text) => text !== "").join(" ");
      const name = `${"&nbsp;&nbsp;&nbsp;".repeat(depth)}\`${block.name}\``;
      return `| ${name} | ${cell(about)} | ${cell(code(shortBody(block.ownBody)))} | ${link(block.definition)} | ${overrides.join("<br>")} |`;
    });
    const table = ["| Block | Purpose | Default | Defined | Overridden |", "| --- | --- | --- | --- | --- |", ...rows];
    const about = above.length === 0 ? [] : [`Extends ${above.map((name) => `\`${name}\``).join(" → ")}.`, ""];
    return [`## \`${entered}\``, "", ...about, ...(rows.length === 0 ? ["No blocks."] : table)]
      .map((line) => `${line}\n`)
      .join("");
  });
  return sections.join("\n");
}

export function blocksJson(chains: readonly BlockChain[]) {
  return chains.map(({ levels, blocks }) => ({
    template: levels[0],
    extends: levels.slice(1),
    blocks: blocks.map(blockJson),
  }));
}

/** One block, with stable keys, wherever it is listed. */
export function blockJson(block: OverridableBlock) {
  const definition = ({ template, path, line }: BlockDefinition) => ({ template, path, line });
  return {
    name: block.name,
    nestedIn: block.nestedIn ?? null,
    doc: block.doc ?? null,
    required: block.required,
    default: block.body,
    defined: definition(block.definition),
    overridden: block.overrides.map((override) => ({
      ...definition(override),
      callsSuper: override.callsSuper,
      wins: override.wins,
    })),
  };
}
