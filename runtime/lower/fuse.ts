/**
 * @file Fusion: groups are merged with the groups that they read, where one pass over a domain can compute both: epilogues into
 * products, element-wise chains and row statistics into reductions, updates of moments and weights into one loop. What fits is
 * found by drafting the merged kernel.
 */
import { type Node, nodeSize } from "../tensor/graph.ts";
import type { Assembly } from "./assemble.ts";
import { initialGroups, Reads } from "./assemble.ts";
import { draftGroup } from "./draft-group.ts";
import { type Group, isTiny, mergeGroups, outerSize, type Root, sizeOfSpace } from "./group.ts";
import { Unfit } from "./index-map.ts";
import type { Storage } from "./views.ts";

/** Groups and what they read of each other, kept up to date while groups merge. */
export class GroupGraph {
  readonly groups = new Set<Group>();
  readonly groupOf = new Map<Root, Group>();
  private readonly assembly: Assembly;
  private readonly readsOf = new Map<Root, ReadonlySet<Node>>();
  private readonly sources = new Map<Group, Set<Group>>();

  constructor(assembly: Assembly, storage: Storage) {
    this.assembly = assembly;
    const reads = new Reads(storage);
    for (const root of assembly.roots) this.readsOf.set(root, reads.of(root, assembly.destinations.get(root)));
    for (const group of initialGroups(assembly)) this.insert(group);
  }

  /** Stored nodes that a group reads from memory, its own excluded. */
  readsOfGroup(group: Group): ReadonlySet<Node> {
    const own = new Set(group.roots.filter((root) => !root.isCopy).map((root) => root.node));
    const reads = new Set<Node>();
    for (const root of group.roots)
      for (const read of this.readsOf.get(root) ?? []) if (!own.has(read)) reads.add(read);
    return reads;
  }

  /** The groups that must have run before. */
  sourcesOf(group: Group): ReadonlySet<Group> {
    let sources = this.sources.get(group);
    if (sources === undefined) {
      sources = new Set();
      for (const read of this.readsOfGroup(group))
        for (const root of this.assembly.providers.get(read) ?? []) sources.add(this.groupOf.get(root) as Group);
      for (const root of group.roots) {
        // The write into a copied base comes after the copy.
        const destination = this.assembly.destinations.get(root);
        if (destination?.kind !== "update") continue;
        for (const other of this.assembly.providers.get(destination.of) ?? [])
          if (other !== root) sources.add(this.groupOf.get(other) as Group);
      }
      sources.delete(group);
      this.sources.set(group, sources);
    }
    return sources;
  }

  /** Whether `from` has to run before `to`, through at least one other group unless `direct` counts too. */
  precedes(from: Group, to: Group, direct: boolean): boolean {
    const seen = new Set<Group>();
    const stack = [...this.sourcesOf(to)].filter((group) => direct || group !== from);
    while (stack.length > 0) {
      const group = stack.pop() as Group;
      if (group === from) return true;
      if (seen.has(group)) continue;
      seen.add(group);
      stack.push(...this.sourcesOf(group));
    }
    return false;
  }

  /** Whether a group reads a whole of which it writes a piece: pieces that other points write are not there yet. */
  readsOwnPieces(group: Group): boolean {
    for (const read of this.readsOfGroup(group)) {
      if (this.assembly.providers.get(read)?.some((root) => group.roots.includes(root))) return true;
    }
    return false;
  }

  /** The two writers of an updated slice keep their kernels: one comes after the other, and the first may turn out to be unnecessary. */
  updatesInPlace(group: Group): boolean {
    return group.roots.some((root) => ["base", "update"].includes(this.assembly.destinations.get(root)?.kind ?? ""));
  }

  /** Adds an order that no data demands: a state's readers before its writer. */
  addOrder(before: Group, after: Group): void {
    (this.sourcesOf(after) as Set<Group>).add(before);
  }

  drop(group: Group): void {
    this.groups.delete(group);
    this.sources.delete(group);
    for (const sources of this.sources.values()) sources.delete(group);
  }

  /** A group that came into being after fusion. */
  append(root: Root, reads: ReadonlySet<Node>, group: Group): void {
    this.readsOf.set(root, reads);
    this.insert(group);
  }

  replace(old: readonly Group[], merged: Group): void {
    for (const group of old) {
      this.groups.delete(group);
      this.sources.delete(group);
    }
    this.insert(merged);
    for (const sources of this.sources.values()) {
      if (!old.some((group) => sources.has(group))) continue;
      for (const group of old) sources.delete(group);
      sources.add(merged);
    }
  }

  private insert(group: Group): void {
    this.groups.add(group);
    for (const root of group.roots) this.groupOf.set(root, group);
  }
}

export function fuse(assembly: Assembly, storage: Storage): GroupGraph {
  const graph = new GroupGraph(assembly, storage);
  for (const root of assembly.roots) mergeWithSources(graph.groupOf.get(root) as Group, graph, storage);
  mergeSiblings(graph, storage);
  return graph;
}

/** The latest source first: of two products that an epilogue could join, the one that is computed last has the other at hand. */
function mergeWithSources(start: Group, graph: GroupGraph, storage: Storage): void {
  let group = start;
  for (const source of [...graph.sourcesOf(start)].sort((a, b) => lastId(b) - lastId(a))) {
    if (!graph.groups.has(source) || graph.precedes(source, group, false)) continue;
    group = tryMerge(source, group, graph, storage) ?? group;
  }
}

function lastId({ roots }: Group): number {
  return (roots[roots.length - 1] as Root).node.id;
}

function tryMerge(producer: Group, consumer: Group, graph: GroupGraph, storage: Storage): Group | undefined {
  if (graph.updatesInPlace(producer) || graph.updatesInPlace(consumer)) return undefined;
  // An index joins no larger kernel: what it would join may want to pick elements by it.
  const holdsIndex = [producer, consumer].some((group) => group.roots.some(({ node }) => storage.isIndex(node)));
  const merged =
    holdsIndex && (producer.kind !== "loop" || consumer.kind !== "loop") ? undefined : mergeGroups(producer, consumer);
  if (merged === undefined || graph.readsOwnPieces(merged) || !fits(merged, storage)) return undefined;
  graph.replace([producer, consumer], merged);
  return merged;
}

function fits(group: Group, storage: Storage): boolean {
  try {
    draftGroup(group, storage);
    return true;
  } catch (error) {
    if (error instanceof Unfit) return false;
    throw error;
  }
}

/**
 * Groups that do not read each other but walk the same space over the same data: two reductions of one tensor, the two halves of
 * a rotation. Scalar bookkeeping merges whatever it reads: each kernel less is a barrier less.
 */
function mergeSiblings(graph: GroupGraph, storage: Storage): void {
  const byShape = new Map<string, Group[]>();
  for (const group of graph.groups) {
    if (group.kind !== "loop" && group.kind !== "reduce") continue;
    const key = `${group.kind} ${sizeOfSpace(group)} ${outerSize(group)}`;
    byShape.set(key, [...(byShape.get(key) ?? []), group]);
  }
  for (const groups of byShape.values()) {
    let merged: Group[] = [];
    for (const group of groups) {
      const partner = merged.find(
        (other) =>
          related(other, group, graph) && !graph.precedes(other, group, true) && !graph.precedes(group, other, true),
      );
      const joined = partner && tryMerge(partner, group, graph, storage);
      merged = joined === undefined ? [...merged, group] : [...merged.filter((other) => other !== partner), joined];
    }
  }
}

function related(a: Group, b: Group, graph: GroupGraph): boolean {
  if (isTiny(a) && isTiny(b)) return true;
  const reads = graph.readsOfGroup(a);
  const floor = sizeOfSpace(a) / 2;
  for (const read of graph.readsOfGroup(b)) if (reads.has(read) && nodeSize(read) >= floor) return true;
  return false;
}
