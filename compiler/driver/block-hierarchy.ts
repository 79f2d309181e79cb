/**
 * @file The overridable blocks of what a config used: where each is defined, who overrides it, and which definition wins.
 *
 * Blocks belong to a *chain*: a template that was entered (the config, an included part, an imported one) and all that it
 * extends. Two chains do not see each other's blocks, so a name may stand in both.
 */
import { startOf } from "../source/span.ts";
import type { TemplateEdge, TemplateUse } from "./render.ts";
import type { BlockFacts } from "./template-facts.ts";
import { readTemplateFile, type TemplateEntry } from "./template-index.ts";

export interface BlockDefinition {
  readonly template: string;
  /** The template of its file: itself, or for a sub-template the one that holds it. */
  readonly file: string;
  readonly path: string;
  readonly line: number;
  readonly callsSuper: boolean;
  /** The most derived definition: the one that prints. */
  readonly wins: boolean;
}

export interface OverridableBlock {
  readonly name: string;
  /** The block that holds it where it is placed. */
  readonly nestedIn: string | undefined;
  readonly doc: string | undefined;
  /** Empty until a template overrides it, and rendering fails without one. */
  readonly required: boolean;
  /** Where it is placed first, and what it prints unless it is overridden. */
  readonly definition: BlockDefinition;
  readonly body: string;
  /** The body without the blocks in it. */
  readonly ownBody: string;
  /** The same of the definition that wins. */
  readonly winningBody: string;
  /** The winner first. */
  readonly overrides: readonly BlockDefinition[];
}

export interface BlockChain {
  /** The template that was entered, then all that it extends. */
  readonly levels: readonly string[];
  readonly blocks: readonly OverridableBlock[];
}

/** The chains of a render, in the order in which they were entered. */
export function blockChains(templates: readonly TemplateUse[], edges: readonly TemplateEdge[]): readonly BlockChain[] {
  const entries = entriesOf(templates);
  const parents = new Map(edges.filter(({ kind }) => kind === "extends").map(({ from, to }) => [from, to]));
  const entered = new Set([
    ...templates.slice(0, 1).map(({ name }) => name),
    ...edges.filter(({ kind }) => kind !== "extends").map(({ to }) => to),
  ]);
  return [...entered].map((start) => {
    const levels = [start];
    for (let at = parents.get(start); at !== undefined && !levels.includes(at); at = parents.get(at)) levels.push(at);
    return { levels, blocks: blocksOf(levels.flatMap((name) => entries.get(name) ?? [])) };
  });
}

function entriesOf(templates: readonly TemplateUse[]): ReadonlyMap<string, TemplateEntry> {
  const files = templates.filter(({ container }) => container === undefined);
  const entries = files.flatMap(({ name, path, text }) => readTemplateFile({ path: path ?? name, text }, name, []));
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** @param levels most derived first */
export function blocksOf(levels: readonly TemplateEntry[]): readonly OverridableBlock[] {
  const definitions = new Map<string, { readonly entry: TemplateEntry; readonly block: BlockFacts }[]>();
  // From the base up, so that the order is that in which the blocks are placed.
  for (const entry of [...levels].reverse())
    for (const block of entry.facts?.blocks ?? []) {
      const known = definitions.get(block.name);
      if (known === undefined) definitions.set(block.name, [{ entry, block }]);
      else known.unshift({ entry, block });
    }
  return [...definitions].map(([name, all]) => {
    const places = all.map(
      ({ entry, block }, i): BlockDefinition => ({
        template: entry.name,
        file: entry.container ?? entry.name,
        path: entry.path,
        line: startOf(block.span).line,
        callsSuper: block.callsSuper,
        wins: i === 0,
      }),
    );
    const { block } = all.at(-1) as (typeof all)[number];
    return {
      name,
      nestedIn: block.nestedIn,
      doc: all.findLast(({ block: { doc } }) => doc !== undefined)?.block.doc,
      required: block.required,
      definition: places.at(-1) as BlockDefinition,
      body: block.body,
      ownBody: block.ownBody,
      winningBody: all[0]?.block.ownBody ?? "",
      overrides: places.slice(0, -1),
    };
  });
}
