/**
 * @file Walking a config by path, from the text's side: every place that gives a value to the path, the one that wins apart from the others.
 *
 *     trainer_args: {save_steps: 1000}      trainer_args.save_steps   the second winner, the first loser
 *     trainer_args: {save_steps: 500}
 *
 * The same steps as an override takes, and further: through `getitem`, into other projects, back out of them through the variables that
 * the outer config binds.
 */
import type { AliasPlace } from "../../config/compose.ts";
import type { ConfigMapping, ConfigNode, ConfigPair } from "../../config/tree.ts";
import { isMergeKey } from "../../graph/mapping.ts";
import { type GraphValue, isNullValue } from "../../graph/node.ts";
import { constantOf, fromProjectSpec } from "../../graph/passes/queries.ts";
import { namedNode } from "../overrides.ts";
import type { ConfigReader, Reading } from "./reading.ts";

/** A value where it stands. */
export interface Spot {
  readonly reading: Reading;
  readonly node: ConfigNode;
  /** The path from the root of its own config. */
  readonly path: readonly string[];
  /** The same as overrides write it: items of a `!dlist` have numbers there. */
  readonly address: readonly string[];
  /** The key that it stands under. */
  readonly key?: ConfigNode | undefined;
  /** How it came to stand here, outermost first. */
  readonly detours: readonly Detour[];
}

/** A step of the path that left the place where the text stands. */
export type Detour =
  | { readonly kind: "alias"; readonly reading: Reading; readonly place: AliasPlace }
  | { readonly kind: "merge"; readonly reading: Reading; readonly key: ConfigNode }
  | { readonly kind: "project"; readonly reading: Reading; readonly tag: ConfigNode; readonly name: string }
  | { readonly kind: "variable"; readonly reading: Reading; readonly name: string; readonly node: ConfigNode };

export interface Found {
  /** What the graph has at the path. */
  readonly winner: Spot | undefined;
  /** What would stand there if those before it did not, nearest first. */
  readonly losers: readonly Spot[];
}

export class Walker {
  readonly #reader: ConfigReader;

  constructor(reader: ConfigReader) {
    this.#reader = reader;
  }

  find(reading: Reading, [first = "", ...rest]: readonly string[]): Found {
    const root: Spot = { reading, node: reading.root, path: [], address: [], detours: [] };
    // Entries with a dot are no targets: they carry anchors.
    const targets = first.startsWith(".") ? [] : this.#children(root, first);
    const starts = targets.length > 0 ? targets : named(reading, first);
    return rest.reduce<Found>((found, step) => this.#step(found, step), split(starts));
  }

  from(spot: Spot, steps: readonly string[]): Found {
    return steps.reduce<Found>((found, step) => this.#step(found, step), { winner: spot, losers: [] });
  }

  /** One step on: what follows a loser is a loser too. */
  #step({ winner, losers }: Found, step: string): Found {
    const [next, ...others] = winner === undefined ? [] : this.#children(winner, step);
    return { winner: next, losers: [...others, ...losers.flatMap((loser) => this.#children(loser, step))] };
  }

  /** The values under one step, the one that wins first. */
  #children(spot: Spot, step: string): readonly Spot[] {
    const own = ownChildren(spot, step);
    if (own.length > 0) return own;
    const behind = this.behind(spot);
    if (behind === undefined) return [];
    return behind.kind === "spot" ? this.#children(behind.spot, step) : behind.get(step);
  }

  /** What a node stands for: the target of another project, an item of a collection, the value of a variable. */
  behind(spot: Spot): Behind | undefined {
    const { reading } = spot;
    const value = reading.valueOf(spot.node);
    if (value.kind === "var") return this.#variable(spot, value.varName);
    if (value.kind !== "call") return undefined;
    const spec = reading.specOf(value);
    if (spec === fromProjectSpec) return this.#otherProject(spot, value);
    if (spec !== "getitem" && spec !== "operator:getitem") return undefined;
    const [container] = ownChildren(spot, "0");
    const [, index] = value.args;
    if (container === undefined || index?.kind !== "scalar") return undefined;
    const [item] = this.#children(container, String(index.value));
    return item === undefined ? undefined : { kind: "spot", spot: item };
  }

  #variable(spot: Spot, name: string): Behind | undefined {
    const { reading } = spot;
    const caller = reading.caller?.spot;
    const [bound = undefined] = caller === undefined || ownKeywords.has(name) ? [] : ownChildren(caller, name);
    const [given = bound] = bound === undefined ? ownChildren(spot, "default") : [];
    if (given === undefined) return undefined;
    const detour: Detour = { kind: "variable", reading, name, node: spot.node };
    // What led to the caller is in the spot's detours already.
    const own = given.detours.slice(bound === undefined ? spot.detours.length : (caller?.detours.length ?? 0));
    return { kind: "spot", spot: { ...given, detours: [...spot.detours, detour, ...own] } };
  }

  #otherProject(spot: Spot, value: GraphValue & { kind: "call" }): Behind | undefined {
    const constant = (name: string) => {
      const given = value.kwargs.find((keyword) => keyword.name === name)?.value;
      return given === undefined ? undefined : constantOf(given);
    };
    const projectDir = constant("project_dir") ?? (value.args[0] && constantOf(value.args[0]));
    const config = constant("config_template") ?? (value.args[1] && constantOf(value.args[1]));
    const variables = constant("pp_kwargs") ?? {};
    if (typeof projectDir !== "string" || variables === null || typeof variables !== "object") return undefined;
    // A project that opens itself again is the link pass's to tell.
    for (let at = spot.reading.caller; at !== undefined; at = at.spot.reading.caller)
      if (at.spot.node === spot.node) return undefined;
    const template = typeof config === "string" && config !== "" ? config : undefined;
    const request = { projectDir, config: template, variables: variables as Record<string, never> };
    const reading = this.#reader.open(request, spot);
    const name = reading.caller?.name ?? projectDir;
    const detours: readonly Detour[] = [
      ...spot.detours,
      { kind: "project", reading: spot.reading, tag: spot.node, name },
    ];
    const target = (step: string): readonly Spot[] => {
      const root: Spot = { reading, node: reading.root, path: [], address: [], detours };
      return this.#children(root, step);
    };
    const targets = constant("targets") ?? "main";
    if (typeof targets === "string") {
      const [found] = target(targets === "" ? "main" : targets);
      return found === undefined ? undefined : { kind: "spot", spot: found };
    }
    const names = Array.isArray(targets) ? targets.map(String) : [];
    return { kind: "targets", names, get: (step) => (names.includes(step) ? target(step) : []) };
  }

  /** What may stand next in a path, for "did you mean". */
  steps(spot: Spot): readonly string[] {
    const { node, reading } = spot;
    if (node.kind === "mapping") {
      const keys = contributions(reading, node).map(({ pair }) => keyText(reading, pair));
      const behind = this.behind(spot);
      return [...new Set([...keys, ...(behind?.kind === "targets" ? behind.names : [])])];
    }
    const behind = this.behind(spot);
    if (behind === undefined) return [];
    return behind.kind === "spot" ? this.steps(behind.spot) : behind.names;
  }
}

type Behind =
  | { readonly kind: "spot"; readonly spot: Spot }
  /** Several targets of another project, by name. */
  | { readonly kind: "targets"; readonly names: readonly string[]; get(step: string): readonly Spot[] };

/** The keywords that from_project itself reads; all others bind variables. */
const ownKeywords = new Set(["project_dir", "config_template", "targets", "pp_kwargs", "pp_debug"]);

function split([winner, ...losers]: readonly Spot[]): Found {
  return { winner, losers };
}

function named(reading: Reading, name: string): readonly Spot[] {
  const value = namedNode(reading.graph, name);
  const node = value === undefined ? undefined : reading.nodeOf(value);
  return node === undefined ? [] : [{ reading, node, path: [`@${name}`], address: [name], detours: [] }];
}

/** The values that the text itself has under a step. */
export function ownChildren(spot: Spot, step: string): readonly Spot[] {
  const { reading, node } = spot;
  const value = reading.valueOf(node);
  const position = /^(?:arg)?(\d+)$/.exec(step)?.[1];
  if (node.kind === "scalar") return [];
  if (node.kind === "sequence") {
    const index = Number(position ?? -1);
    const item = node.items[index];
    return item === undefined ? [] : [itemSpot(spot, node, item, index, step)];
  }
  const pairs = contributions(reading, node);
  const under = (name: string, address = name): readonly Spot[] =>
    pairs
      .filter(({ pair }) => keyText(reading, pair) === name)
      .map((contribution) => pairSpot(spot, contribution, name, address))
      .reverse();
  if (value.kind === "call" && value.constructorSpec === "named_list") {
    const items = itemNames(reading, pairs);
    const name = position === undefined ? step : items[Number(position)];
    return name === undefined || !items.includes(name) ? [] : under(name, String(items.indexOf(name)));
  }
  const isExplicit =
    value.kind === "call" && value.constructorSpec !== "named_dict" && hasExplicitArguments(reading, node);
  if (isExplicit) {
    const [holder] = under(position === undefined ? "kwargs" : "args");
    return holder === undefined ? [] : ownChildren({ ...holder, path: spot.path, address: spot.address }, step);
  }
  const found = under(step);
  if (found.length > 0 || position === undefined || value.kind !== "call") return found;
  const argument = value.args[Number(position)];
  const given = pairs.filter(({ pair }) => argument !== undefined && reading.valueOf(pair.value) === argument);
  return given.map((contribution) => pairSpot(spot, contribution, step, step));
}

/** `{args: […], kwargs: {…}}`: the form in which a call's arguments are told apart. */
function hasExplicitArguments(reading: Reading, node: ConfigMapping): boolean {
  return (
    node.pairs.length > 0 &&
    node.pairs.every(
      ({ key, value }) =>
        key.kind === "scalar" && (key.text === "args" || key.text === "kwargs") && !isNullValue(reading.valueOf(value)),
    )
  );
}

/** The names of a `!dlist`'s items: a null erases one. */
function itemNames(reading: Reading, pairs: readonly Contribution[]): readonly string[] {
  const last = new Map(pairs.map(({ pair }) => [keyText(reading, pair), pair.value]));
  return [...last].flatMap(([name, value]) => (isNullValue(reading.valueOf(value)) ? [] : [name]));
}

interface Contribution {
  readonly pair: ConfigPair;
  /** The merge key of the mapping that was asked, through which it came. */
  readonly merged: ConfigNode | undefined;
}

/** The pairs of a mapping, merged ones among them, in rising order of precedence. */
function contributions(reading: Reading, node: ConfigMapping, through?: ConfigNode): readonly Contribution[] {
  const merged: Contribution[] = [];
  const own: Contribution[] = [];
  for (const pair of node.pairs) {
    if (!isMergeKey(pair.key)) {
      own.push({ pair, merged: through });
      continue;
    }
    const sources = pair.value.kind === "sequence" ? [...pair.value.items].reverse() : [pair.value];
    for (const source of sources)
      if (source.kind === "mapping") merged.push(...contributions(reading, source, through ?? pair.key));
  }
  return [...merged, ...own];
}

function keyText(reading: Reading, { key }: ConfigPair): string {
  const value = reading.valueOf(key);
  return value.kind === "scalar" ? String(value.value) : "";
}

function pairSpot(spot: Spot, { pair, merged }: Contribution, step: string, address: string): Spot {
  const { reading } = spot;
  const detours = [...spot.detours];
  if (merged !== undefined) detours.push({ kind: "merge", reading, key: merged });
  // An anchor stands before its aliases, so what begins before its key stands elsewhere.
  const [place] = pair.value.start < pair.key.start ? reading.aliasesOf(pair.value, pair.key.end, Infinity) : [];
  if (place !== undefined) detours.push({ kind: "alias", reading, place });
  const path = [...spot.path, step];
  return { reading, node: pair.value, path, address: [...spot.address, address], key: pair.key, detours };
}

function itemSpot(
  spot: Spot,
  sequence: ConfigNode & { kind: "sequence" },
  item: ConfigNode,
  index: number,
  step: string,
): Spot {
  const { reading } = spot;
  const before = sequence.items.slice(0, index).filter((other) => other === item).length;
  const isAlias = item.start < sequence.start || before > 0;
  const places = isAlias ? reading.aliasesOf(item, sequence.start, sequence.end) : [];
  const place = places[item.start < sequence.start ? before : before - 1];
  const detours = place === undefined ? spot.detours : [...spot.detours, { kind: "alias" as const, reading, place }];
  return { reading, node: item, path: [...spot.path, step], address: [...spot.address, step], detours };
}
